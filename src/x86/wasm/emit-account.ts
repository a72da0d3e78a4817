/** The instruction count and the path hash: what interpreter.ts keeps after every instruction, kept for several at once. */
import type { Emitter } from './emitter.js';
import { WASM } from '../../wasm/opcodes.js';
import { type PathStep, pathStep } from './path-hash.js';

/** Counts instructions and enters them in the path hash. @param addresses - RIP of each, unsigned */
export function account(e: Emitter, addresses: readonly bigint[]): void {
  const { body } = e;
  if (addresses.length === 0) return;
  body.get(e.count).i32(addresses.length).op(WASM.i32Add).set(e.count);
  const { low, high } = pathStep(addresses);
  mix(e, e.pathLow, low);
  mix(e, e.pathHigh, high);
}

function mix({ body }: Emitter, half: number, { factor, summand }: PathStep): void {
  body.get(half).i32(factor).op(WASM.i32Mul).i32(summand).op(WASM.i32Add).set(half);
}
