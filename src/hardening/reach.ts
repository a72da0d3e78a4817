/** Which instructions of a function some way leads to. */
import { Mnemonic } from 'iced-x86';
import type { Image } from '../image/image.js';
import type { Operation } from '../code/operation.js';
import { reachableCode } from '../stage/reachable-code.js';
import type { Listing } from './listing.js';

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
  const labels = image.symbols.map(({ address }) => address).filter((address) => address > entry && address < end);
  let isWhole = true;
  const reached = reachableCode(image, [entry, ...labels], { from: entry, to: end }, (address) => {
    const operation = at.get(address);
    // Into the middle of an instruction: two readings of the same bytes.
    if (operation === undefined && address < end) isWhole = false;
    return operation;
  });
  const isComputed = ({ flow, target }: Operation): boolean => flow === 'branch' && target === undefined;
  if (!isWhole || [...reached.values()].some(isComputed)) return 'unknown';
  return operations.find(({ address, mnemonic }) => !reached.has(address) && !PADDING.has(mnemonic));
}
