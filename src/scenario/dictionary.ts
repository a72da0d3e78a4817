/** ABI constants worth trying as values: a fuzzer finds `rcx == 0x10004` only if it knows the number. */
import { highHalf, lowHalf } from '../halves.js';
import { LINUX_EXPOSURE_MASKS } from '../../models/abi/linux-constants.js';
import { STATUS_CODES } from '../../models/abi/status-codes.js';
import { TDCALL_LEAVES } from '../../models/abi/tdcall-leaves.js';
import { TDVMCALL, TDVMCALL_STATUS } from '../../models/abi/tdvmcall.js';

const MASK64 = (1n << 64n) - 1n;

/**
 * @param harvested constants found in the code under test
 * @returns pairs of halves, without duplicates, in a fixed order
 */
export function dictionary(harvested: readonly bigint[]): Int32Array {
  const words = new Set<bigint>();
  for (const { value } of STATUS_CODES) words.add(value);
  for (const { leaf } of TDCALL_LEAVES) words.add(BigInt(leaf));
  for (const value of Object.values(TDVMCALL)) words.add(BigInt(value));
  for (const value of Object.values(TDVMCALL_STATUS)) words.add(BigInt(value));
  for (const value of Object.values(LINUX_EXPOSURE_MASKS)) words.add(BigInt(value));
  for (const value of harvested) words.add(value & MASK64);
  const sorted = [...words].sort((a, b) => (a < b ? -1 : 1));
  return Int32Array.from(sorted.flatMap((word) => [lowHalf(word), highHalf(word)]));
}
