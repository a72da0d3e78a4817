/** A small module that does the greater part of Machine.reset: it runs before every case. */
import { CONTROL, CONTROL_WORDS, type Layout, STATE_SLOTS, UNDO_WORDS } from '../layout.js';
import { PARAMETERS } from './emitter.js';
import { encodeModule, FunctionBody } from '../../wasm/encoder.js';
import { WASM, WASM_MEMORY, WASM_TYPE } from '../../wasm/opcodes.js';

const UNDO_BYTES = 4 * UNDO_WORDS;
const VECTOR_BYTES = 16;

/**
 * A module whose function writes back what the undo list remembers, last entry first, and sets the state and the control
 * words to what they are after a reset.
 *
 * @param pages - size of the memory in WebAssembly pages
 */
export function resetModule(layout: Layout, pages: number): Uint8Array<ArrayBuffer> {
  const body = new FunctionBody(PARAMETERS);
  const at = body.local(WASM_TYPE.i32);
  const word = (index: number): number => layout.control + 4 * index;
  body.i32(0).memory(WASM_MEMORY.i32Load, word(CONTROL.UNDO_COUNT)).i32(2).op(WASM.i32Shl).set(at);
  const done = body.block();
  const next = body.loop();
  body.get(at).op(WASM.i32Eqz).brIf(done);
  body.get(at).i32(UNDO_BYTES).op(WASM.i32Sub).tee(at);
  // The entry: an Int32 index, then the 8 bytes that were there.
  body.memory(WASM_MEMORY.i32Load, layout.undo).i32(2).op(WASM.i32Shl);
  body
    .get(at)
    .memory(WASM_MEMORY.i64Load, layout.undo + 4)
    .memory(WASM_MEMORY.i64Store, 0);
  body.br(next).end().end();
  const clear = (from: number, bytes: number): void => {
    for (let offset = from; offset < from + bytes; offset += VECTOR_BYTES) body.i32(0).v128Zero().v128Store(offset);
  };
  clear(layout.slots, 8 * STATE_SLOTS);
  clear(layout.control, 4 * CONTROL_WORDS);
  body.i32(0).i32(-1).memory(WASM_MEMORY.i32Store, word(CONTROL.SHADOW_AT));
  body.i32(0);
  return encodeModule(body, PARAMETERS, pages);
}
