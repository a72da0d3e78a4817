/** Which symbols from outside a function can reach that nothing models: all that a project has to say before it has a verdict. */
import type { Image } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import { externalModel } from '../world/externals.js';
import { disassemble } from '../x86/decode.js';
import { functionExtent, symbolAt } from './functions.js';

/** The longest x86 instruction has 15 bytes. */
const LONGEST = 15;
/** Functions that are looked through: a kernel's printing alone reaches thousands. */
const MOST_FUNCTIONS = 200;

/**
 * Follows direct calls and jumps, and the functions that they reach, but none that never returns or is answered for.
 *
 * @param entry of the function
 * @param answered names that the program itself answers
 * @returns names in the order in which the code has them
 */
export function missingSymbols(image: Image, entry: bigint, answered: readonly string[] = []): readonly string[] {
  let known = KNOWN.get(image);
  if (known === undefined) KNOWN.set(image, (known = new Map()));
  const key = `${entry} ${answered.join()}`;
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = findMissing(image, entry, new Set(answered))));
  return found;
}

/** Every run that has no verdict asks. */
const KNOWN = new WeakMap<Image, Map<string, readonly string[]>>();

function findMissing(image: Image, entry: bigint, answered: ReadonlySet<string>): string[] {
  const open = new Map(image.externals.map(({ name, address }) => [address, name]));
  const missing = new Set<string>();
  const seen = new Set<bigint>();
  const left = [entry];
  for (let next = left.shift(); next !== undefined && seen.size < MOST_FUNCTIONS; next = left.shift()) {
    const name = open.get(next);
    if (name !== undefined) {
      if (externalModel(name).kind === 'unmodelled' && !answered.has(name)) missing.add(name);
      continue;
    }
    const symbol = symbolAt(image, next)?.symbol;
    const isAnswered = symbol !== undefined && next !== entry && externalModel(symbol.name).kind !== 'unmodelled';
    if (symbol === undefined || isAnswered || seen.has(symbol.address)) continue;
    seen.add(symbol.address);
    left.push(...targetsIn(image, functionExtent(image, symbol)));
  }
  return [...missing];
}

function targetsIn(image: Image, { address, size }: { address: bigint; size: number }): bigint[] {
  const segment = segmentAt(image.segments, address);
  if (segment?.execute !== true) return [];
  const start = Number(address - segment.address);
  const end = Math.min(start + size, segment.bytes.length);
  const targets: bigint[] = [];
  for (let at = start; at < end;) {
    const { length, target } = disassemble(
      segment.bytes.subarray(at, Math.min(at + LONGEST, end)),
      segment.address + BigInt(at),
    );
    if (target !== undefined && (target < address || target >= address + BigInt(size))) targets.push(target);
    at += Math.max(1, length);
  }
  return targets;
}
