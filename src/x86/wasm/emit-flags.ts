/** The Flags micro-operations: flag-values.ts as WebAssembly. Only the flags that are written are computed. */
import { FLAG } from '../flags.js';
import { OP } from '../micro-ops.js';
import type { Emitter } from './emitter.js';
import type { MicroOp } from './micro-op.js';
import { WASM } from '../../wasm/opcodes.js';

/** What x of a Flags operation says (flagWord in micro-ops.ts). */
export interface FlagWord {
  readonly width: number;
  readonly written: number;
  readonly undefined: number;
}

/** Takes a flagWord apart. */
export function splitFlagWord(x: number): FlagWord {
  return { width: x & 0xff, written: (x >>> 8) & 0xfff, undefined: x >>> 20 };
}

/** Emits one of OP.FlagsAdd .. FlagsCarryZero, those through the carry excepted. */
export function emitFlags(e: Emitter, micro: MicroOp): void {
  const { body } = e;
  const word = splitFlagWord(micro.x);
  switch (micro.op) {
    case OP.FlagsAdd:
    case OP.FlagsSub:
      return put(e, word, () => sumFlags(e, micro, word));
    case OP.FlagsLogic:
      return put(e, word, () => signZeroParity(e, micro.d, word));
    case OP.FlagsNotEqual:
      return put(e, word, () => {
        body.i32(0);
        e.push(micro.a).push(micro.b).body.op(WASM.i64Ne, WASM.i32Sub);
      });
    case OP.FlagsCarryZero:
      return put(e, word, () => {
        e.pushLow(micro.a).body.i32(1).op(WASM.i32And);
        isZero(e, micro.b, word.width);
        body.i32(6).op(WASM.i32Shl, WASM.i32Or);
      });
    default: {
      const count = e.constantOf(micro.b);
      if (count === 0n) return;
      if (count === undefined) {
        e.pushLow(micro.b);
        body.if();
      }
      put(e, word, () => shiftFlags(e, micro, word));
      if (count === undefined) body.end();
    }
  }
}

/** RFLAGS = RFLAGS without the written and undefined flags, with the written ones of what `make` pushes. */
function put(e: Emitter, { written, undefined: undefinedFlags }: FlagWord, make: () => void): void {
  const { body } = e;
  make();
  body.i32(written).op(WASM.i32And);
  body
    .get(e.flags)
    .i32(~(written | undefinedFlags))
    .op(WASM.i32And, WASM.i32Or)
    .set(e.flags);
}

/** Pushes 1 if the slot is zero at this width, else 0. */
export function isZero(e: Emitter, slot: number, width: number): void {
  if (width === 64) e.push(slot).body.op(WASM.i64Eqz);
  else if (width === 32) e.pushLow(slot).body.op(WASM.i32Eqz);
  else
    e.pushLow(slot)
      .body.i32(32 - width)
      .op(WASM.i32Shl, WASM.i32Eqz);
}

/** Pushes SF, ZF and PF of a slot. */
function signZeroParity(e: Emitter, slot: number, { width, written }: FlagWord): void {
  const { body } = e;
  body.i32(0);
  if ((written & FLAG.PF) !== 0) {
    // Bit n of 0x9669 tells whether the four bits n have even parity.
    body.i32(0x9669);
    e.pushLow(slot);
    e.pushLow(slot).body.i32(4).op(WASM.i32ShrU, WASM.i32Xor).i32(15).op(WASM.i32And, WASM.i32ShrU);
    body.i32(1).op(WASM.i32And).i32(2).op(WASM.i32Shl, WASM.i32Or);
  }
  if ((written & FLAG.ZF) !== 0) {
    isZero(e, slot, width);
    body.i32(6).op(WASM.i32Shl, WASM.i32Or);
  }
  if ((written & FLAG.SF) !== 0) {
    topBit(e, slot, width);
    body.i32(7).op(WASM.i32Shl, WASM.i32Or);
  }
}

/** Pushes bit `index` of a slot as 0 or 1. */
function bit(e: Emitter, slot: number, index: number): void {
  const { body } = e;
  if (index < 32) e.pushLow(slot).body.i32(index).op(WASM.i32ShrU).i32(1).op(WASM.i32And);
  else {
    e.push(slot).body.i64(BigInt(index)).op(WASM.i64ShrU, WASM.i32WrapI64);
    if (index < 63) body.i32(1).op(WASM.i32And);
  }
}

/** Pushes the highest bit of a slot at this width as 0 or 1. */
export function topBit(e: Emitter, slot: number, width: number): void {
  bit(e, slot, width - 1);
}

/** Flags of d = a + b or d = a - b, with or without a carry in: CF and OF from the highest bits, AF from bit 4. */
function sumFlags(e: Emitter, { op, d, a, b }: MicroOp, word: FlagWord): void {
  const { body } = e;
  const wide = word.width === 64;
  const push = (slot: number): void => void (wide ? e.push(slot) : e.pushLow(slot));
  const and = wide ? WASM.i64And : WASM.i32And;
  const or = wide ? WASM.i64Or : WASM.i32Or;
  const xor = wide ? WASM.i64Xor : WASM.i32Xor;
  const minusOne = (): void => void (wide ? body.i64(-1n) : body.i32(-1));
  const toBit = (position: number): void => {
    if (wide) body.i64(63n).op(WASM.i64ShrU, WASM.i32WrapI64);
    else
      body
        .i32(word.width - 1)
        .op(WASM.i32ShrU)
        .i32(1)
        .op(WASM.i32And);
    if (position !== 0) body.i32(position).op(WASM.i32Shl);
    body.op(WASM.i32Or);
  };
  signZeroParity(e, d, word);
  if ((word.written & FLAG.CF) !== 0) {
    // A sum carries where both have the bit, or one has and the sum lacks it; a difference borrows likewise with a inverted.
    const first = (): void => {
      push(a);
      if (op === OP.FlagsSub) {
        minusOne();
        body.op(xor);
      }
    };
    const last = (): void => {
      push(d);
      if (op === OP.FlagsAdd) {
        minusOne();
        body.op(xor);
      }
    };
    first();
    push(b);
    body.op(and);
    first();
    push(b);
    body.op(or);
    last();
    body.op(and, or);
    toBit(0);
  }
  if ((word.written & FLAG.OF) !== 0) {
    push(a);
    push(op === OP.FlagsAdd ? d : b);
    body.op(xor);
    push(op === OP.FlagsAdd ? b : a);
    push(d);
    body.op(xor, and);
    toBit(11);
  }
  if ((word.written & FLAG.AF) !== 0) {
    e.pushLow(a).pushLow(b).body.op(WASM.i32Xor);
    e.pushLow(d).body.op(WASM.i32Xor).i32(FLAG.AF).op(WASM.i32And, WASM.i32Or);
  }
}

/** Pushes 1 if slot b, the count, is 1. */
function countIsOne(e: Emitter, b: number): void {
  e.pushLow(b).body.i32(1).op(WASM.i32Eq);
}

/** Pushes OF, which is what `make` pushes (0 or 1) for a count of 1 and else 0, merged into the value below it. */
function overflow(e: Emitter, b: number, make: () => void): void {
  const count = e.constantOf(b);
  if (count !== undefined && count !== 1n) return;
  make();
  if (count === undefined) {
    countIsOne(e, b);
    e.body.op(WASM.i32And);
  }
  e.body.i32(11).op(WASM.i32Shl, WASM.i32Or);
}

/** Pushes bit (slot b + `plus`) of slot a, or bit (`plus` - slot b) if `negated`, modulo 64, as 0 or 1. */
function bitAtCount(e: Emitter, a: number, b: number, plus: number, negated: boolean): void {
  const { body } = e;
  e.push(a);
  if (negated) {
    body.i64(BigInt(plus));
    e.push(b).body.op(WASM.i64Sub);
  } else e.push(b).body.i64(BigInt(plus)).op(WASM.i64Add);
  body.op(WASM.i64ShrU, WASM.i32WrapI64).i32(1).op(WASM.i32And);
}

/** The flags of shifts and rotations by a count in slot b that is not zero. */
function shiftFlags(e: Emitter, { op, d, a, b }: MicroOp, word: FlagWord): void {
  const { body } = e;
  const { width } = word;
  const differs = (slot: number, one: number, two: number): void => {
    bit(e, slot, one);
    bit(e, slot, two);
    body.op(WASM.i32Xor);
  };
  switch (op) {
    case OP.FlagsShl: {
      bitAtCount(e, a, b, width, true);
      // Beyond the width nothing is left to be carried.
      e.pushLow(b).body.i32(width).op(WASM.i32LeU, WASM.i32And).tee(e.small);
      overflow(e, b, () => {
        topBit(e, d, width);
        body.get(e.small).op(WASM.i32Xor);
      });
      break;
    }
    case OP.FlagsShr:
    case OP.FlagsSar:
      bitAtCount(e, a, b, -1, false);
      if (op === OP.FlagsShr) overflow(e, b, () => topBit(e, a, width));
      break;
    case OP.FlagsRotateLeft:
      bit(e, d, 0);
      overflow(e, b, () => differs(d, width - 1, 0));
      return;
    case OP.FlagsRotateRight:
      bit(e, d, width - 1);
      overflow(e, b, () => differs(d, width - 1, width - 2));
      return;
    case OP.FlagsDoubleLeft:
      bit(e, a, 0);
      overflow(e, b, () => {
        bit(e, a, 0);
        topBit(e, d, width);
        body.op(WASM.i32Xor);
      });
      break;
    case OP.FlagsDoubleRight:
      bit(e, a, 0);
      overflow(e, b, () => differs(d, width - 1, width - 2));
      break;
    default:
      throw new Error(`no translation of the flags operation ${op}`);
  }
  signZeroParity(e, d, word);
  body.op(WASM.i32Or);
}
