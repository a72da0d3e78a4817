/** What flipping single bits of a value said, in words: `bits 0-31 must be 0; bits 32-63 may be anything`. */

/** Bits of a value, as masks; those that the experiment could not flip are in none. */
export interface BitFlips {
  /** Flipped, the case no longer fails so. */
  readonly deciding: bigint;
  /** The same, but there is a failing value in which they are another. */
  readonly conditional: bigint;
  /** It fails with all conditional and all open bits random. */
  readonly areFree: boolean;
  /** Flipped, it still fails. */
  readonly open: bigint;
  /** It fails with all open bits random. */
  readonly openAreFree: boolean;
}

/** Ranges in a note; with more of them nobody reads it. */
const MOST_RANGES = 8;

export function bitNote(value: bigint, flips: BitFlips): string {
  const { deciding, open } = flips;
  const fixed = ranges(deciding);
  if (fixed.length > MOST_RANGES) return `${count(deciding)} bits decide, ${count(open)} do not`;
  const parts = fixed.map(([low, high]) => `${bitsText(low, high)} must be ${part(value, low, high)}`);
  return [...parts, ...rest(value, flips)].join('; ');
}

function rest(value: bigint, { conditional, areFree, open, openAreFree }: BitFlips): string[] {
  const free = areFree ? open | conditional : open;
  if (!areFree && !openAreFree) return ['the other bits matter together'];
  if (ranges(free | conditional).length > MOST_RANGES) return ['the other bits may be anything, or matter together'];
  // With that one bit flipped, and the open ones as they are, the case did not fail: it is the one value known not to.
  if (areFree && count(conditional) === 1 && ranges(free).length === 1) {
    const [[low, high]] = ranges(free);
    return [`of what was tried in ${bitsText(low, high)} only ${part(value ^ conditional, low, high)} does not fail`];
  }
  const said = [`${rangesText(free)} may be anything`];
  if (conditional !== 0n) said.push(`of ${rangesText(conditional)} it depends on others`);
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
