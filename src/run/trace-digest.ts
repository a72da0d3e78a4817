/** A digest of what a run did, so that a replay can say "exactly the same". */
import { createHash } from 'node:crypto';
import type { Step } from './trace.js';

/** 16 general registers, RIP and RFLAGS: 18 values of two halves. */
const STATE_HALVES = 36;

/** sha256 over the address of every step and the registers after it. What is hashed is part of case schema 1. */
export function traceDigest(steps: readonly Step[]): string {
  const hash = createHash('sha256');
  for (const { address, after } of steps) {
    hash.update(`${address.toString(16)}\n`);
    hash.update(new Uint8Array(after.buffer, after.byteOffset, 4 * STATE_HALVES));
  }
  return hash.digest('hex');
}
