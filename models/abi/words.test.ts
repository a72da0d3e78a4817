import { describe, expect, test } from 'vitest';
import { wordOf, type Words } from './words.js';

const KNOWN: readonly [Words, bigint, string][] = [
  ['tdvmcall-status', 0x8000_0000_0000_0000n, 'INVALID_OPERAND'],
  ['tdvmcall-status', 1n, 'RETRY'],
  ['tdcall-status', 0n, 'TDX_SUCCESS'],
  ['tdcall-status', 0xc000_0100_0000_0001n, 'TDX_OPERAND_INVALID (RCX)'],
  ['seamcall-status', 0x8000_ff00_ffff_0000n, 'TDX_SEAMCALL_VMFAILINVALID'],
  ['seamcall-status', 0x8000_0000_0001_0004n, 'EUNSUPCPU'],
  ['exit-status', 77n, 'exit reason TDCALL'],
  ['exit-status', 0x0400_004dn, 'exit reason TDCALL, modifier bits 0x4000000'],
  ['sub-function', 0x10001n, 'MapGPA'],
  ['tdcall-leaf', 6n, 'TDG.MEM.PAGE.ACCEPT'],
  ['tdcall-leaf', 0x1_0007n, 'TDG.VM.RD version 1'],
  ['seamcall-leaf', 1n << 63n, 'SEAMLDR.INFO'],
  ['errno', 11n, 'EAGAIN'],
  ['negative-errno', 0xffff_ffean, '-EINVAL'],
  ['negative-errno', (1n << 64n) - 11n, '-EAGAIN'],
  ['negative-errno', (1n << 64n) - 1000n, '-KVM_ENOSYS'],
  ['boolean', 0xffff_ff01n, 'true'],
  ['kvm-hypercall', 12n, 'KVM_HC_MAP_GPA_RANGE'],
  ['registers', 0xfc00n, 'R10-R15'],
  ['registers', 0xffccn, 'RDX RBX RSI RDI R8-R15'],
  ['registers', 0x404n, 'RDX R10'],
  ['port-access', 0x3f8_0008n, 'IN of 1 byte, port 0x3f8'],
  ['port-access', 0x13n, 'string OUT of 4 bytes, port 0x0'],
  ['exception-reason', 48n, 'EPT_VIOLATION'],
  ['msr', 0x277n, 'IA32_PAT'],
  ['direction', 1n, 'write'],
  ['vector', 13n, '#GP'],
];

/** Beside a known value, and what half of its bits would be taken for. */
const UNKNOWN: readonly [Words, bigint][] = [
  ['tdvmcall-status', 2n],
  ['tdvmcall-status', 0x8000_0000n],
  ['tdvmcall-status', 0x8000_0001_0000_0000n],
  ['tdcall-status', 5n],
  ['tdcall-status', 0x1234_5678_0000_0000n],
  ['exit-status', 0xffn],
  ['sub-function', 0x1_0001_0001n],
  ['tdcall-leaf', 0x100_0006n],
  ['tdcall-leaf', 0xffffn],
  ['errno', 0n],
  ['errno', 0x1_0000_000bn],
  ['negative-errno', 0n],
  ['negative-errno', 22n],
  ['negative-errno', 0x1_ffff_ffean],
  ['boolean', 2n],
  ['kvm-hypercall', 13n],
  ['registers', 0x1_0000n],
  ['registers', 0n],
  ['msr', 0x1_0000_0277n],
  ['direction', 2n],
];

describe('words', () => {
  test.each(KNOWN)('%s %s is %s', (words, value, word) => expect(wordOf(words, value)).toBe(word));
  test.each(UNKNOWN)('%s %s has none', (words, value) => expect(wordOf(words, value)).toBeUndefined());
});
