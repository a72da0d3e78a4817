/** ABI constants worth trying as values: a fuzzer finds `rcx == 0x10004` only if it knows the number. */
import { highHalf, lowHalf } from '../halves.js';
import { LINUX_EXPOSURE_MASKS, SOFTWARE_STATUS_CODES } from '../../models/abi/linux-constants.js';
import { P_SEAMLDR_STATUS_CODES } from '../../models/abi/p-seamldr.js';
import { SEAMCALL_LEAVES } from '../../models/abi/seamcall-leaves.js';
import { STATUS_CODES } from '../../models/abi/status-codes.js';
import { TDCALL_LEAVES } from '../../models/abi/tdcall-leaves.js';
import { TDVMCALL, TDVMCALL_STATUS } from '../../models/abi/tdvmcall.js';
import type { WrappedInstruction } from '../contract/contract.js';

const MASK64 = (1n << 64n) - 1n;

/** What a stub around each instruction may meet. */
const WORDS: Readonly<Record<WrappedInstruction, readonly bigint[]>> = {
  tdcall: [
    ...STATUS_CODES.map(({ value }) => value),
    ...TDCALL_LEAVES.map(({ leaf }) => BigInt(leaf)),
    ...[...Object.values(TDVMCALL), ...Object.values(TDVMCALL_STATUS)].map(BigInt),
    ...Object.values(LINUX_EXPOSURE_MASKS).map(BigInt),
  ],
  seamcall: [
    ...[...STATUS_CODES, ...SOFTWARE_STATUS_CODES].map(({ value }) => value),
    ...SEAMCALL_LEAVES.map(({ leaf }) => BigInt(leaf)),
    ...Object.values(P_SEAMLDR_STATUS_CODES),
  ],
};

/**
 * @param harvested constants found in the code under test
 * @returns pairs of halves, without duplicates, in a fixed order
 */
export function dictionary(instruction: WrappedInstruction, harvested: readonly bigint[]): Int32Array {
  const words = new Set(WORDS[instruction]);
  for (const value of harvested) words.add(value & MASK64);
  const sorted = [...words].sort((a, b) => (a < b ? -1 : 1));
  return Int32Array.from(sorted.flatMap((word) => [lowHalf(word), highHalf(word)]));
}
