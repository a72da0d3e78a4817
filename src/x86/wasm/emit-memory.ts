/** Loads, stores and checks of memory accesses, with their events and the undo list: memory.ts and event-log.ts inline. */
import { EVENT, EVENT_IMPLICIT, EVENT_WORD } from '../events.js';
import { CONTROL, SLOT } from '../layout.js';
import { PERMISSION } from '../memory.js';
import { ACCESS, OP } from '../micro-ops.js';
import { REGISTER_INDEX } from '../registers.js';
import { FLAG } from '../flags.js';
import type { AccessGroup } from './access-groups.js';
import { TLB, TLB_BITS, TLB_ENTRY } from './engine-layout.js';
import { EVENT_BYTES, type Emitter, UNDO_BYTES } from './emitter.js';
import type { MicroOp } from './micro-op.js';
import { TEMPLATE_TAIL } from './event-templates.js';
import { WASM, WASM_MEMORY, WASM_VECTOR } from '../../wasm/opcodes.js';

const PAGE_MASK = ~0xfffn;
/** Permissions that a tag stands for. */
const NEEDED: Readonly<Record<number, number>> = {
  [TLB.READ]: PERMISSION.Read,
  [TLB.WRITE]: PERMISSION.Write,
  [TLB.READ_WRITE]: PERMISSION.ReadWrite,
};
const TLB_ENTRY_BITS = Math.log2(TLB_ENTRY);

/** Sets `entry` to the place in the translation cache for an address, without the start of the cache, and pushes the tag there. */
function pushTag(e: Emitter, address: number, tag: number): void {
  const { body } = e;
  body.get(address).i64(12n).op(WASM.i64ShrU).i64(e.tlbMultiplier).op(WASM.i64Mul);
  body.i64(BigInt(64 - TLB_BITS - TLB_ENTRY_BITS)).op(WASM.i64ShrU, WASM.i32WrapI64);
  body.i32(((1 << TLB_BITS) - 1) << TLB_ENTRY_BITS).op(WASM.i32And);
  body.tee(e.entry).memory(WASM_MEMORY.i64Load, e.engine.tlb + tag);
}

/** Sets `place` to the byte offset in linear memory of an address whose page is in the translation cache at `entry`. */
function setPlace(e: Emitter, address: number, place: number): void {
  const { body } = e;
  body.get(e.entry).memory(WASM_MEMORY.i32Load, e.engine.tlb + TLB.DELTA);
  body.get(address).op(WASM.i32WrapI64, WASM.i32Add).set(place);
}

/** Where the bytes of an access are: a local with a byte offset in linear memory, and a constant beyond it. */
interface Place {
  readonly local: number;
  readonly offset: number;
  /** What the local is a multiple of at least; no store at this place touches two aligned 8 bytes then. 0 if that is not known. */
  readonly align: number;
}

/**
 * Finds the bytes of an access; leaves if the page is not in the translation cache with the permission, or if the access, or the
 * range of which it is the first access, crosses into another page. `address` is set to slot a.
 */
function translate(e: Emitter, micro: MicroOp, tag: number): Place {
  const { body } = e;
  const { a, x } = micro;
  const size = x & 0xff;
  const member = e.accesses.grouped.get(micro);
  e.push(a).body.set(e.address);
  if (member !== undefined) {
    const { group, first, offset } = member;
    const local = e.placeOf(group.number);
    if (first) checkRange(e, group, micro, tag, local);
    return { local, offset, align: group.align };
  }
  pushTag(e, e.address, tag);
  // The page of the last byte: another one if the access crosses.
  body.get(e.address);
  if (size > 1) body.i64(BigInt(size - 1)).op(WASM.i64Add);
  body.i64(PAGE_MASK).op(WASM.i64And, WASM.i64Ne);
  e.leaveAtAccessIf(a, size, NEEDED[tag]);
  setPlace(e, e.address, e.place);
  return { local: e.place, offset: 0, align: 0 };
}

/** Leaves if a range does not lie in one page that all its accesses may use, or is not aligned as its stores want it. */
function checkRange(e: Emitter, group: AccessGroup, { a, x }: MicroOp, tag: number, place: number): void {
  const { body } = e;
  const { start, length, align } = group;
  // wide: the first byte.
  e.push(a).body.i64(BigInt(start)).op(WASM.i64Add).set(e.wide);
  pushTag(e, e.wide, group.tag);
  body
    .get(e.wide)
    .i64(PAGE_MASK | BigInt(align - 1))
    .op(WASM.i64And, WASM.i64Xor);
  if (length > align) {
    body.get(e.wide);
    body
      .get(e.wide)
      .i64(BigInt(length - 1))
      .op(WASM.i64Add, WASM.i64Xor);
    body.i64(PAGE_MASK).op(WASM.i64And, WASM.i64Or);
  }
  body.i64(0n).op(WASM.i64Ne);
  e.leaveAtAccessIf(a, x & 0xff, NEEDED[tag]);
  setPlace(e, e.wide, place);
}

/** Appends the event of a micro-operation, with the address and value in the locals of these names. */
function record(e: Emitter, micro: MicroOp, kind: number, size: number): void {
  const { body } = e;
  const { address: rip } = e.instruction;
  const at = EVENT_BYTES * e.events++;
  const position = e.accesses.stack.get(micro);
  const template = e.templates.add(kind, size, rip, position?.plus ?? 0n, e.index);
  body.get(e.eventPointer).i32(0).v128Load(template);
  body.v128Store(at + 4 * EVENT_WORD.KIND);
  body.get(e.eventPointer).get(e.address);
  body.memory(WASM_MEMORY.i64Store, at + 4 * EVENT_WORD.ADDRESS_LOW);
  body.get(e.eventPointer).get(e.value);
  body.memory(WASM_MEMORY.i64Store, at + 4 * EVENT_WORD.VALUE_LOW);
  const rsp = e.register(REGISTER_INDEX.rsp);
  // The count is never negative; the word above it is the spare one, always 0.
  if (position === undefined) {
    body.get(e.eventPointer).get(rsp);
    body.memory(WASM_MEMORY.i64Store, at + 4 * EVENT_WORD.RSP_LOW);
    body.get(e.eventPointer).get(e.count).i32(e.index).op(WASM.i32Add, WASM.i64ExtendI32U);
    body.memory(WASM_MEMORY.i64Store, at + 4 * EVENT_WORD.INSTRUCTION_COUNT);
    return;
  }
  const tail = e.tailOf(position.base);
  if (position.first) {
    body.get(rsp).vector(WASM_VECTOR.i64x2Splat).get(e.count).op(WASM.i64ExtendI32U);
    body.vectorLane(WASM_VECTOR.i64x2ReplaceLane, 1).set(tail);
  }
  body
    .get(e.eventPointer)
    .get(tail)
    .i32(0)
    .v128Load(template + TEMPLATE_TAIL);
  body.vector(WASM_VECTOR.i64x2Add).v128Store(at + 4 * EVENT_WORD.RSP_LOW);
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
export function emitLoad(e: Emitter, micro: MicroOp): void {
  const { body } = e;
  const { d, x } = micro;
  const size = x & 0xff;
  const { local, offset } = translate(e, micro, (x & ACCESS.ForWrite) !== 0 ? TLB.READ_WRITE : TLB.READ);
  body.get(local).memory(LOADS[size], offset).set(e.value);
  e.assign(d, () => body.get(e.value));
  const implicit = x & ACCESS.Implicit;
  record(e, micro, implicit !== 0 ? EVENT.Pop : EVENT.Load, size | (implicit !== 0 ? EVENT_IMPLICIT : 0));
}

/** OP.Store. */
export function emitStore(e: Emitter, micro: MicroOp): void {
  const { body } = e;
  const { b, x } = micro;
  const size = x & 0xff;
  const place = translate(e, micro, TLB.WRITE);
  e.push(b);
  if (size < 8) body.i64((1n << BigInt(8 * size)) - 1n).op(WASM.i64And);
  body.set(e.value);
  if (place.align > 0 || size === 1) remember(e, place);
  else rememberBoth(e, size);
  body.get(place.local).get(e.value).memory(STORES[size], place.offset);
  const implicit = x & ACCESS.Implicit;
  record(e, micro, implicit !== 0 ? EVENT.Push : EVENT.Store, size | (implicit !== 0 ? EVENT_IMPLICIT : 0));
}

/** Enters the aligned 8 bytes that hold a place in the undo list. */
function remember(e: Emitter, { local, offset, align }: Place): void {
  const { body } = e;
  const at = UNDO_BYTES * e.undos++;
  let beyond = offset & -8;
  if (align < 8) {
    // Where 8 bytes begin is not known.
    body.get(local).i32(offset).op(WASM.i32Add).i32(-8).op(WASM.i32And).set(e.small);
    beyond = 0;
  }
  const from = align < 8 ? e.small : local;
  body.get(e.undoPointer).get(from).i32(2).op(WASM.i32ShrU);
  if (beyond !== 0) body.i32(beyond / 4).op(WASM.i32Add);
  body.memory(WASM_MEMORY.i32Store, at);
  body
    .get(e.undoPointer)
    .get(from)
    .memory(WASM_MEMORY.i64Load, beyond)
    .memory(WASM_MEMORY.i64Store, at + 4);
}

/** The same for a place that may be anywhere: the store may touch the next aligned 8 bytes too. */
function rememberBoth(e: Emitter, size: number): void {
  const { body } = e;
  remember(e, { local: e.place, offset: 0, align: 0 });
  body
    .get(e.place)
    .i32(7)
    .op(WASM.i32And)
    .i32(8 - size)
    .op(WASM.i32GtU);
  body.if();
  const at = UNDO_BYTES * e.undos;
  body.get(e.undoPointer).get(e.small).i32(2).op(WASM.i32ShrU).i32(2).op(WASM.i32Add).memory(WASM_MEMORY.i32Store, at);
  body
    .get(e.undoPointer)
    .get(e.small)
    .memory(WASM_MEMORY.i64Load, 8)
    .memory(WASM_MEMORY.i64Store, at + 4);
  body.get(e.undoPointer).i32(UNDO_BYTES).op(WASM.i32Add).set(e.undoPointer);
  body.end();
}

/** OP.CheckAccess, CheckAligned, CheckTarget, CheckMxcsr: what they refuse is left to the interpreter, which knows the fault. */
export function emitCheck(e: Emitter, micro: MicroOp): void {
  const { body } = e;
  const { op, a, x } = micro;
  switch (op) {
    case OP.CheckAccess:
      translate(e, micro, (x & ACCESS.ForWrite) !== 0 ? TLB.WRITE : TLB.READ);
      return;
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

function recordWithoutAddress(e: Emitter, micro: MicroOp, kind: number): void {
  e.body.i64(0n).set(e.address).i64(0n).set(e.value);
  record(e, micro, kind, 0);
}

/** OP.Fence. */
export function emitFence(e: Emitter, micro: MicroOp): void {
  recordWithoutAddress(e, micro, EVENT.Fence);
}

/** OP.Sti and OP.Cli. */
export function emitInterruptFlag(e: Emitter, micro: MicroOp): void {
  const { body } = e;
  const { op } = micro;
  recordWithoutAddress(e, micro, op === OP.Sti ? EVENT.Sti : EVENT.Cli);
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
