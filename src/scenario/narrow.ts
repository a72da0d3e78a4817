/** Parameters of types narrower than a register: which bits are the value's, and what the caller leaves above them. */
import type { Contract } from '../contract/contract.js';
import type { NarrowParameter } from '../contract/compiled.js';

/** The bits of a value of so many bytes. */
export function valueBits(bytes: number): bigint {
  return (1n << BigInt(8 * bytes)) - 1n;
}

/**
 * The bits of a parameter's slot that anything looks at: its value, and what the caller leaves above it. The psABI of System V
 * says nothing of bits above a parameter of 1 or 2 bytes, but that of a _Bool the lowest 8 count (psABI, 3.2.3, Parameter
 * Passing); gcc and clang extend it to 32 bits in the caller, and clang's callees rely on that (GCC bug 92821), so that they
 * are no garbage. In Microsoft x64 the callee has to ignore what lies above (x64 calling convention, Parameter passing).
 */
export function parameterBits({ bytes }: NarrowParameter, convention: Contract['convention']): bigint {
  const all = (1n << 64n) - 1n;
  return convention === 'sysv' && bytes < 4 ? valueBits(bytes) | (all & ~0xffff_ffffn) : all;
}

/**
 * What the caller passes: the low half of the slot, or the extension of its lowest bytes to 32 bits where the convention's
 * compilers extend. The upper half is the slot's.
 *
 * @param low half of the slot
 * @returns low half of the register
 */
export function passedLow(low: number, { bytes, signed }: NarrowParameter, convention: Contract['convention']): number {
  if (convention !== 'sysv' || bytes === 4) return low;
  const shift = 32 - 8 * bytes;
  return signed ? (low << shift) >> shift : ((low << shift) >>> shift) | 0;
}
