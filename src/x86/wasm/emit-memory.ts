/** Loads, stores and checks of memory accesses, with their events and the undo list: memory.ts and event-log.ts inline. */
import { EVENT, EVENT_IMPLICIT } from '../events.js';
import { CONTROL, SLOT } from '../layout.js';
import { PERMISSION } from '../memory.js';
import { ACCESS, OP } from '../micro-ops.js';
import { REGISTER_INDEX } from '../registers.js';
import { FLAG } from '../flags.js';
import { TLB, TLB_BITS, TLB_ENTRY } from './engine-layout.js';
import { EVENT_BYTES, type Emitter } from './emitter.js';
import type { MicroOp } from './micro-op.js';
import { WASM, WASM_MEMORY } from '../../wasm/opcodes.js';

const PAGE_MASK = ~0xfffn;
/** Permissions that a tag stands for. */
const NEEDED: Readonly<Record<number, number>> = {
  [TLB.READ]: PERMISSION.Read,
  [TLB.WRITE]: PERMISSION.Write,
  [TLB.READ_WRITE]: PERMISSION.ReadWrite,
};
const TLB_ENTRY_BITS = Math.log2(TLB_ENTRY);

/**
 * Finds the page of slot a's address in the translation cache; leaves if it is not there with the permission, or if the access
 * crosses into another page. `address` and `place`, the byte offset in linear memory, are set then.
 */
function translate(e: Emitter, a: number, size: number, tag: number): void {
  const { body } = e;
  e.push(a).body.set(e.address);
  body.get(e.address).i64(12n).op(WASM.i64ShrU).i64(e.tlbMultiplier).op(WASM.i64Mul);
  body.i64(BigInt(64 - TLB_BITS - TLB_ENTRY_BITS)).op(WASM.i64ShrU, WASM.i32WrapI64);
  body.i32(((1 << TLB_BITS) - 1) << TLB_ENTRY_BITS).op(WASM.i32And);
  body.tee(e.entry).memory(WASM_MEMORY.i64Load, e.engine.tlb + tag);
  // The page of the last byte: another one if the access crosses.
  body.get(e.address);
  if (size > 1) body.i64(BigInt(size - 1)).op(WASM.i64Add);
  body.i64(PAGE_MASK).op(WASM.i64And, WASM.i64Ne);
  e.leaveAtAccessIf(size, NEEDED[tag]);
  body.get(e.entry).memory(WASM_MEMORY.i32Load, e.engine.tlb + TLB.DELTA);
  body.get(e.address).op(WASM.i32WrapI64, WASM.i32Add).set(e.place);
}

/** Appends an event with the address and value in the locals of these names. */
function record(e: Emitter, kind: number, sizeWord: number): void {
  const { body } = e;
  const rip = e.instruction.address;
  const at = (offset: number, opcode: number): void => {
    body.memory(opcode, offset);
  };
  body.get(e.eventPointer).i64(((rip & 0xffffffffn) << 32n) | BigInt(kind));
  at(0, WASM_MEMORY.i64Store);
  body.get(e.eventPointer).i32(Number(BigInt.asIntN(32, rip >> 32n)));
  at(8, WASM_MEMORY.i32Store);
  body.get(e.eventPointer).get(e.address);
  at(12, WASM_MEMORY.i64Store);
  body.get(e.eventPointer).i32(sizeWord);
  at(20, WASM_MEMORY.i32Store);
  body.get(e.eventPointer).get(e.value);
  at(24, WASM_MEMORY.i64Store);
  body.get(e.eventPointer).get(e.register(REGISTER_INDEX.rsp));
  at(32, WASM_MEMORY.i64Store);
  // The count is never negative; the word above it is the spare one, always 0.
  body.get(e.eventPointer).get(e.count).i32(e.index).op(WASM.i32Add, WASM.i64ExtendI32U);
  at(40, WASM_MEMORY.i64Store);
  body.get(e.eventPointer).i32(EVENT_BYTES).op(WASM.i32Add).set(e.eventPointer);
}

const LOADS: Readonly<Record<number, number>> = {
  1: WASM_MEMORY.i64Load8U,
  2: WASM_MEMORY.i64Load16U,
  4: WASM_MEMORY.i64Load32U,
  8: WASM_MEMORY.i64Load,
};

const STORES: Readonly<Record<number, number>> = {
  1: WASM_MEMORY.i64Store8,
  2: WASM_MEMORY.i64Store16,
  4: WASM_MEMORY.i64Store32,
  8: WASM_MEMORY.i64Store,
};

/** OP.Load. */
export function emitLoad(e: Emitter, { d, a, x }: MicroOp): void {
  const { body } = e;
  const size = x & 0xff;
  translate(e, a, size, (x & ACCESS.ForWrite) !== 0 ? TLB.READ_WRITE : TLB.READ);
  body.get(e.place).memory(LOADS[size], 0).set(e.value);
  e.assign(d, () => body.get(e.value));
  const implicit = x & ACCESS.Implicit;
  record(e, implicit !== 0 ? EVENT.Pop : EVENT.Load, size | (implicit !== 0 ? EVENT_IMPLICIT : 0));
}

/** OP.Store. */
export function emitStore(e: Emitter, { a, b, x }: MicroOp): void {
  const { body } = e;
  const size = x & 0xff;
  translate(e, a, size, TLB.WRITE);
  e.push(b);
  if (size < 8) body.i64((1n << BigInt(8 * size)) - 1n).op(WASM.i64And);
  body.set(e.value);
  remember(e, 0);
  if (size > 1) {
    // An access that is not aligned may touch the next aligned 8 bytes too.
    body
      .get(e.place)
      .i32(7)
      .op(WASM.i32And)
      .i32(8 - size)
      .op(WASM.i32GtU);
    body.if();
    remember(e, 8);
    body.end();
  }
  body.get(e.place).get(e.value).memory(STORES[size], 0);
  const implicit = x & ACCESS.Implicit;
  record(e, implicit !== 0 ? EVENT.Push : EVENT.Store, size | (implicit !== 0 ? EVENT_IMPLICIT : 0));
}

/** Enters the aligned 8 bytes that hold `place`, or those behind them, in the undo list. */
function remember(e: Emitter, behind: number): void {
  const { body } = e;
  body.get(e.place).i32(-8).op(WASM.i32And).set(e.small);
  body.get(e.undoPointer).get(e.small).i32(2).op(WASM.i32ShrU);
  if (behind !== 0) body.i32(behind / 4).op(WASM.i32Add);
  body.memory(WASM_MEMORY.i32Store, 0);
  body.get(e.undoPointer).get(e.small).memory(WASM_MEMORY.i64Load, behind).memory(WASM_MEMORY.i64Store, 4);
  body.get(e.undoPointer).i32(12).op(WASM.i32Add).set(e.undoPointer);
}

/** OP.CheckAccess, CheckAligned, CheckTarget, CheckMxcsr: what they refuse is left to the interpreter, which knows the fault. */
export function emitCheck(e: Emitter, { op, a, x }: MicroOp): void {
  const { body } = e;
  switch (op) {
    case OP.CheckAccess:
      return translate(e, a, x & 0xff, (x & ACCESS.ForWrite) !== 0 ? TLB.WRITE : TLB.READ);
    case OP.CheckAligned:
      e.pushLow(a)
        .body.i32(x - 1)
        .op(WASM.i32And);
      return e.leaveIf();
    case OP.CheckTarget:
      // Canonical: bits 63 to 47 are equal. An external may lie elsewhere; the interpreter knows.
      e.push(a).body.i64(16n).op(WASM.i64Shl).i64(16n).op(WASM.i64ShrS);
      e.push(a).body.op(WASM.i64Ne);
      return e.leaveIf();
    default:
      e.pushLow(a).body.i32(~0xffff).op(WASM.i32And);
      body.i32(0).op(WASM.i32Ne);
      return e.leaveIf();
  }
}

function recordWithoutAddress(e: Emitter, kind: number): void {
  e.body.i64(0n).set(e.address).i64(0n).set(e.value);
  record(e, kind, 0);
}

/** OP.Fence. */
export function emitFence(e: Emitter): void {
  recordWithoutAddress(e, EVENT.Fence);
}

/** OP.Sti and OP.Cli. */
export function emitInterruptFlag(e: Emitter, op: number): void {
  const { body } = e;
  recordWithoutAddress(e, op === OP.Sti ? EVENT.Sti : EVENT.Cli);
  if (op === OP.Cli) {
    body.get(e.flags).i32(~FLAG.IF).op(WASM.i32And).set(e.flags);
    return;
  }
  body.get(e.flags).i32(FLAG.IF).op(WASM.i32And, WASM.i32Eqz);
  body.if();
  body
    .i32(0)
    .get(e.count)
    .i32(e.index + 1)
    .op(WASM.i32Add);
  body.memory(WASM_MEMORY.i32Store, e.controlOffset(CONTROL.SHADOW_AT));
  body.end();
  body.get(e.flags).i32(FLAG.IF).op(WASM.i32Or).set(e.flags);
}

/** Pushes the high half of RFLAGS, which no micro-operation writes, as the upper 32 bits of a 64-bit value. */
export function pushFlagsHigh(e: Emitter): void {
  e.body.i32(0).memory(WASM_MEMORY.i64Load, e.layout.slots + 8 * SLOT.RFLAGS);
  e.body.i64(0xffffffff00000000n).op(WASM.i64And);
}
