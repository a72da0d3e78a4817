/** One micro-operation as WebAssembly: the counterpart of the switch in interpreter.ts. Terminators are in translate.ts. */
import { ARITHMETIC_FLAGS, FLAG } from '../flags.js';
import { OP } from '../micro-ops.js';
import { emitDivide, emitMultiplyHigh } from './emit-division.js';
import { emitCheck, emitFence, emitInterruptFlag, emitLoad, emitStore, pushFlagsHigh } from './emit-memory.js';
import type { Emitter } from './emitter.js';
import { isFlagsOp, type MicroOp } from './micro-op.js';
import { WASM } from '../../wasm/opcodes.js';

/** d = op(a, b), for those that WebAssembly has. Its shifts and rotations take the count modulo 64, as ours do. */
const BINARY: Readonly<Record<number, number>> = {
  [OP.Add]: WASM.i64Add,
  [OP.Sub]: WASM.i64Sub,
  [OP.And]: WASM.i64And,
  [OP.Or]: WASM.i64Or,
  [OP.Xor]: WASM.i64Xor,
  [OP.Mul]: WASM.i64Mul,
  [OP.Shl]: WASM.i64Shl,
  [OP.Shr]: WASM.i64ShrU,
  [OP.Sar]: WASM.i64ShrS,
};

/** d = a & mask. */
const ZERO_EXTENSIONS: Readonly<Record<number, bigint>> = {
  [OP.Zx8]: 0xffn,
  [OP.Zx16]: 0xffffn,
  [OP.Zx32]: 0xffffffffn,
};

/** d = op(a). */
const UNARY: Readonly<Record<number, number>> = {
  [OP.Sx8]: WASM.i64Extend8S,
  [OP.Sx16]: WASM.i64Extend16S,
  [OP.Sx32]: WASM.i64Extend32S,
  [OP.BitScanForward]: WASM.i64Ctz,
  [OP.PopCount]: WASM.i64Popcnt,
};

/** Bits that are replaced, and how far the new ones are moved to the left. */
const INSERTIONS: Readonly<Record<number, { mask: bigint; shift: bigint }>> = {
  [OP.Ins8]: { mask: 0xffn, shift: 0n },
  [OP.Ins8High]: { mask: 0xff00n, shift: 8n },
  [OP.Ins16]: { mask: 0xffffn, shift: 0n },
};

/** Emits one micro-operation that is no terminator. @param before - those before it in its instruction */
export function emitOperation(e: Emitter, micro: MicroOp, before: readonly MicroOp[] = []): void {
  const { op, d, a, b, x } = micro;
  const { body } = e;
  if (isFlagsOp(op)) return e.flagState.add(micro, before);
  if (op in BINARY) return e.assign(d, () => e.push(a).push(b).body.op(BINARY[op]));
  if (op in UNARY) return e.assign(d, () => e.push(a).body.op(UNARY[op]));
  if (op in ZERO_EXTENSIONS) return e.assign(d, () => e.push(a).body.i64(ZERO_EXTENSIONS[op]).op(WASM.i64And));
  if (op in INSERTIONS) return emitInsertion(e, micro);
  switch (op) {
    case OP.Load:
      return emitLoad(e, micro);
    case OP.Store:
      return emitStore(e, micro);
    case OP.CheckAccess:
    case OP.CheckAligned:
    case OP.CheckTarget:
    case OP.CheckMxcsr:
      return emitCheck(e, micro);
    case OP.Sti:
    case OP.Cli:
      return emitInterruptFlag(e, micro);
    case OP.Fence:
      return emitFence(e, micro);
    case OP.DivUnsigned:
    case OP.DivSigned:
      return emitDivide(e, micro);
    case OP.MulHighUnsigned:
    case OP.MulHighSigned:
      return emitMultiplyHigh(e, micro);
    case OP.Mov:
      return e.assign(d, () => e.push(a));
    case OP.Const:
      return e.assign(d, () => body.i64((BigInt(b) << 32n) | BigInt(a >>> 0)));
    case OP.Zx8High:
      return e.assign(d, () => e.push(a).body.i64(8n).op(WASM.i64ShrU).i64(0xffn).op(WASM.i64And));
    case OP.AddCarry:
    case OP.SubBorrow: {
      const combine = op === OP.AddCarry ? WASM.i64Add : WASM.i64Sub;
      return e.assign(d, () => {
        e.push(a).push(b).body.op(combine);
        e.flagState.pushCarry();
        body.op(WASM.i64ExtendI32U, combine);
      });
    }
    case OP.AndNot:
      return e.assign(d, () => e.push(a).body.i64(-1n).op(WASM.i64Xor) && e.push(b).body.op(WASM.i64And));
    case OP.Not:
      return e.assign(d, () => e.push(a).body.i64(-1n).op(WASM.i64Xor));
    case OP.Neg:
      return e.assign(d, () => body.i64(0n) && e.push(a).body.op(WASM.i64Sub));
    case OP.RotateLeft:
    case OP.RotateRight:
      return emitRotation(e, micro);
    case OP.BitScanReverse:
      return e.assign(d, () => body.i64(63n) && e.push(a).body.op(WASM.i64Clz, WASM.i64Sub));
    case OP.ByteSwap:
      return e.assign(d, () => emitByteSwap(e, a, x));
    case OP.SetCondition:
      return e.assign(d, () => {
        e.flagState.pushCondition(x);
        body.i32(0).op(WASM.i32Ne, WASM.i64ExtendI32U);
      });
    case OP.SelectCondition:
      return e.assign(d, () => {
        e.push(a).push(b).flagState.pushCondition(x);
        body.op(WASM.select);
      });
    case OP.SelectZero:
      return e.assign(d, () => e.push(a).push(b).push(x).body.op(WASM.i64Eqz, WASM.select));
    case OP.FlagsClear:
      settleFor(e, x);
      body.get(e.flags).i32(~x).op(WASM.i32And).set(e.flags);
      return;
    case OP.FlagsSet:
      settleFor(e, x);
      body.get(e.flags).i32(x).op(WASM.i32Or).set(e.flags);
      return;
    case OP.FlagsFlip:
      if ((x & ARITHMETIC_FLAGS) !== 0) e.flagState.settle();
      body.get(e.flags).i32(x).op(WASM.i32Xor).set(e.flags);
      return;
    case OP.ReadFlags:
      e.flagState.settle();
      return e.assign(d, () => {
        pushFlagsHigh(e);
        e.pushFlagsImage();
        body.op(WASM.i64ExtendI32U, WASM.i64Or);
      });
    case OP.WriteFlags:
      settleFor(e, x);
      body.get(e.flags).i32(~x).op(WASM.i32And);
      e.pushLow(a).body.i32(x).op(WASM.i32And, WASM.i32Or).set(e.flags);
      return;
    case OP.StringStep:
      return e.assign(d, () => {
        body.i64(BigInt(-x)).i64(BigInt(x));
        body.get(e.flags).i32(FLAG.DF).op(WASM.i32And, WASM.select);
      });
    default:
      throw new Error(`no translation of the micro-operation ${op}`);
  }
}

/** Before these flags are written where they are kept: what is not written may not be late. */
function settleFor(e: Emitter, flags: number): void {
  if ((flags & ARITHMETIC_FLAGS) === ARITHMETIC_FLAGS) e.flagState.overwrite();
  else if ((flags & ARITHMETIC_FLAGS) !== 0) e.flagState.settle();
}

function emitInsertion(e: Emitter, { op, d, a }: MicroOp): void {
  const { mask, shift } = INSERTIONS[op];
  e.assign(d, () => {
    e.push(d).body.i64(~mask).op(WASM.i64And);
    e.push(a);
    if (shift > 0n) e.body.i64(shift).op(WASM.i64Shl);
    e.body.i64(mask).op(WASM.i64And, WASM.i64Or);
  });
}

/** The value is clean: zero-extended from the width x. */
function emitRotation(e: Emitter, { op, d, a, b, x: width }: MicroOp): void {
  const { body } = e;
  const left = op === OP.RotateLeft;
  e.assign(d, () => {
    if (width === 64)
      e.push(a)
        .push(b)
        .body.op(left ? WASM.i64Rotl : WASM.i64Rotr);
    else if (width === 32) {
      e.pushLow(a)
        .pushLow(b)
        .body.op(left ? WASM.i32Rotl : WASM.i32Rotr);
      body.op(WASM.i64ExtendI32U);
    } else {
      // The count to the left modulo the width; the other part comes from the right.
      if (!left) body.i32(0);
      e.pushLow(b);
      if (!left) body.op(WASM.i32Sub);
      body
        .i32(width - 1)
        .op(WASM.i32And)
        .set(e.small);
      e.pushLow(a).body.get(e.small).op(WASM.i32Shl);
      e.pushLow(a).body.i32(width).get(e.small).op(WASM.i32Sub, WASM.i32ShrU, WASM.i32Or);
      body.i32((1 << width) - 1).op(WASM.i32And, WASM.i64ExtendI32U);
    }
  });
}

/** Pushes slot a with the bytes of its low `width` bits (32 or 64) reversed. */
function emitByteSwap(e: Emitter, a: number, width: number): void {
  const { body } = e;
  const swap = (mask: bigint, by: bigint): void => {
    body.tee(e.wide).i64(mask).op(WASM.i64And).i64(by).op(WASM.i64Shl);
    body.get(e.wide).i64(by).op(WASM.i64ShrU).i64(mask).op(WASM.i64And, WASM.i64Or);
  };
  e.push(a);
  swap(0x00ff00ff00ff00ffn, 8n);
  swap(0x0000ffff0000ffffn, 16n);
  // All 64 bits are in reverse order once the halves are exchanged; the low half alone is in the lower 32 bits before that.
  if (width === 64) body.i64(32n).op(WASM.i64Rotl);
  else body.i64(0xffffffffn).op(WASM.i64And);
}
