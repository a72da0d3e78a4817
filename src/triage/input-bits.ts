/** What flipping single bits of a value said, in words: `bits 0-31 must be 0; bits 32-63 may be anything`. */

/** Bits of a value, as masks; those that the experiment could not flip are in none. */
export interface BitFlips {
  /** Flipped, the case no longer fails so. */
  readonly deciding: bigint;
  /** The same, but only while the open bits are as they are in the case. */
  readonly conditional: bigint;
  /** Flipped, it still fails. */
  readonly open: bigint;
  /** It fails with all open bits random as well. */
  readonly openIsFree: boolean;
}

/** Ranges in a note; with more of them nobody reads it. */
const MOST_RANGES = 8;

export function bitNote(value: bigint, { deciding, conditional, open, openIsFree }: BitFlips): string {
  const fixed = ranges(deciding);
  if (fixed.length > MOST_RANGES) return `${count(deciding)} bits decide, ${count(open)} do not`;
  const parts = fixed.map(([low, high]) => `${bitsText(low, high)} must be ${part(value, low, high)}`);
  parts.push(...rest(value, conditional, open, openIsFree));
  return parts.join('; ');
}

function rest(value: bigint, conditional: bigint, open: bigint, openIsFree: boolean): string[] {
  const free = ranges(open | conditional);
  if (!openIsFree) return ['the other bits matter together'];
  if (free.length > MOST_RANGES) return ['the other bits may be anything'];
  // With that one bit flipped, and the open ones as they are, the case did not fail: it is the one value known not to.
  if (count(conditional) === 1 && free.length === 1) {
    const [low, high] = free[0];
    return [`${bitsText(low, high)} may be anything but ${part(value ^ conditional, low, high)}`];
  }
  const said = [`${rangesText(open | conditional)} may be anything`];
  if (conditional !== 0n) said.push(`${rangesText(conditional)} decides only while the others are as they are`);
  return said;
}

/** Runs of bits that are set, as lowest and highest bit. */
function ranges(mask: bigint): [low: number, high: number][] {
  const found: [number, number][] = [];
  for (let bit = 0; bit < 64; bit++) {
    if (((mask >> BigInt(bit)) & 1n) === 0n) continue;
    const last = found.at(-1);
    if (last?.[1] === bit - 1) last[1] = bit;
    else found.push([bit, bit]);
  }
  return found;
}

function rangesText(mask: bigint): string {
  return ranges(mask)
    .map(([low, high]) => bitsText(low, high))
    .join(', ');
}

function bitsText(low: number, high: number): string {
  return low === high ? `bit ${low}` : `bits ${low}-${high}`;
}

/** A digit where one will do. */
function part(value: bigint, low: number, high: number): string {
  const bits = (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
  return bits < 2n ? bits.toString() : `0x${bits.toString(16)}`;
}

function count(mask: bigint): number {
  return mask.toString(2).replaceAll('0', '').length;
}
