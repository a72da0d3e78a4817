/** Widths, and how an instruction's result of some width enters a 64-bit register (Intel SDM volume 1, 3.4.1.1). */
import type { Expectation } from '../../exchange/exchange.js';

const QUAD = 64;

/** The low `bytes` bytes of a value. */
export function truncate(bytes: number, value: bigint): bigint {
  return BigInt.asUintN(8 * bytes, value);
}

/** The low `bytes` bytes of a value, their sign in all bits above. */
export function signExtend(bytes: number, value: bigint): bigint {
  return BigInt.asUintN(QUAD, BigInt.asIntN(8 * bytes, value));
}

/** A register after its low part was written: 1 and 2 bytes merge, 4 bytes clear the upper half. */
export function writePart(bytes: number, register: bigint, value: bigint): bigint {
  const part = truncate(bytes, value);
  return bytes < 4 ? register - truncate(bytes, register) + part : part;
}

/** The upper 32 bits of a 64-bit value. */
export function upperHalf(value: bigint): bigint {
  return value >> 32n;
}

/** Behind a function that returns an int: minus this error number. Of RAX only 32 bits count. */
export function minus(errno: bigint): Expectation {
  return intResult(-errno);
}

/** Behind a function that returns an int. */
export function intResult(value: bigint): Expectation {
  return { value: BigInt.asUintN(32, value), mask: 0xffffffffn };
}

/** An int below 0 where the facts name no error number. */
export const ANY_ERROR: Expectation = { value: 0x80000000n, mask: 0x80000000n };

/** Behind a function that returns a bool: of RAX only AL counts. */
export function boolResult(value: boolean): Expectation {
  return { value: value ? 1n : 0n, mask: 0xffn };
}
