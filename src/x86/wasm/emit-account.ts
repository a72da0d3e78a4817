/** The instruction count and the path hash: what interpreter.ts keeps after every instruction, kept after every block. */
import { accountedAddresses, type Block } from './blocks.js';
import type { Emitter } from './emitter.js';
import { MEMO_ENTRY } from './engine-layout.js';
import { WASM, WASM_MEMORY } from '../../wasm/opcodes.js';
import { PATH_MULTIPLIER, PATH_ROTATION } from './path-hash.js';

/** Up to this many instructions the path hash is computed each time; longer blocks remember the last one. */
const SHORT_BLOCK = 2;

/** Counts the instructions of a block and enters them in the path hash. */
export function account(e: Emitter, block: Block, memos: number): void {
  const { body } = e;
  const addresses = accountedAddresses(block);
  const { length } = addresses;
  if (length === 0) return;
  body.get(e.count).i32(length).op(WASM.i32Add).set(e.count);
  if (length <= SHORT_BLOCK) return mixPath(e, addresses);
  const memo = memos + e.blockNumber * MEMO_ENTRY;
  body.get(e.path).i32(0).memory(WASM_MEMORY.i64Load, memo).op(WASM.i64Eq);
  body.if();
  body
    .i32(0)
    .memory(WASM_MEMORY.i64Load, memo + 8)
    .set(e.path);
  body.else();
  body.i32(0).get(e.path).memory(WASM_MEMORY.i64Store, memo);
  mixPath(e, addresses);
  body
    .i32(0)
    .get(e.path)
    .memory(WASM_MEMORY.i64Store, memo + 8);
  body.end();
}

/** The path hash of interpreter.ts over these addresses. */
export function mixPath(e: Emitter, addresses: readonly bigint[]): void {
  const { body } = e;
  body.get(e.path).op(WASM.i32WrapI64).set(e.small);
  body.get(e.path).i64(32n).op(WASM.i64ShrU, WASM.i32WrapI64).set(e.small2);
  for (const address of addresses) {
    body
      .get(e.small)
      .i32(Number(BigInt.asIntN(32, address)))
      .op(WASM.i32Xor)
      .i32(PATH_MULTIPLIER.LOW)
      .op(WASM.i32Mul);
    body
      .i32(Number(BigInt.asIntN(32, address >> 32n)))
      .op(WASM.i32Xor)
      .tee(e.small3);
    body.i32(PATH_ROTATION).op(WASM.i32Rotl).set(e.small);
    body.get(e.small2).get(e.small3).op(WASM.i32Xor).i32(PATH_MULTIPLIER.HIGH).op(WASM.i32Mul);
    body.i32(1).op(WASM.i32Add).set(e.small2);
  }
  body.get(e.small2).op(WASM.i64ExtendI32U).i64(32n).op(WASM.i64Shl);
  body.get(e.small).op(WASM.i64ExtendI32U, WASM.i64Or).set(e.path);
}
