/** Which instructions of a function some way leads to. */
import { Mnemonic } from 'iced-x86';
import type { Image } from '../image/image.js';
import type { Operation } from '../code/operation.js';
import { externalModel } from '../world/externals.js';
import type { Listing } from './listing.js';
import { namesAt } from './thunks.js';

/** What stands between functions and behind ends, and is meant for nobody. */
const PADDING: ReadonlySet<Mnemonic> = new Set([Mnemonic.Nop, Mnemonic.Int3, Mnemonic.Ud2, Mnemonic.Ud1, Mnemonic.Ud0]);

/** Jumps that a kernel patches at run time: where they lead stands in a table that a linked image no longer names. */
function hasPatchedJumps({ segments, symbols }: Image): boolean {
  return (
    segments.some(({ name }) => name === '__jump_table') || symbols.some(({ name }) => name === '__start___jump_table')
  );
}

const PATCHED = new WeakMap<Image, boolean>();

/** @returns the first instruction that no way leads to; `unknown` where not every way can be seen */
export function unreached(
  image: Image,
  { address: entry, end, operations }: Listing,
): Operation | undefined | 'unknown' {
  let patched = PATCHED.get(image);
  if (patched === undefined) PATCHED.set(image, (patched = hasPatchedJumps(image)));
  if (patched || operations.length === 0 || operations[operations.length - 1].next !== end) return 'unknown';
  const at = new Map(operations.map((operation) => [operation.address, operation]));
  const seen = new Set<bigint>();
  const left = [entry, ...landings(image, entry, end)];
  for (let address = left.pop(); address !== undefined; address = left.pop()) {
    if (seen.has(address)) continue;
    const operation = at.get(address);
    // Into the middle of an instruction: two readings of the same bytes.
    if (operation === undefined) return 'unknown';
    seen.add(address);
    const { flow, target, next } = operation;
    if (flow === 'branch' && target === undefined) return 'unknown';
    if (flow !== 'call' && target !== undefined && target >= entry && target < end) left.push(target);
    if (goesOn(image, operation) && next < end) left.push(next);
  }
  return operations.find(({ address, mnemonic }) => !seen.has(address) && !PADDING.has(mnemonic));
}

/** Addresses in a function that something else than its own code leads to: labels, fixups, what is behind a WARN. */
function landings(image: Image, entry: bigint, end: bigint): bigint[] {
  const isWithin = (address: bigint): boolean => address > entry && address < end;
  const labels = image.symbols.map(({ address }) => address);
  return [...labels, ...image.fixups.map(({ to }) => to)].filter(isWithin);
}

function goesOn(image: Image, { flow, target }: Operation): boolean {
  if (flow === 'return' || flow === 'branch' || flow === 'trap') return false;
  if (flow !== 'call' || target === undefined) return true;
  return !namesAt(image, target).some((name) => externalModel(name).kind === 'noreturn');
}
