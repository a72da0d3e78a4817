/**
 * Flags are computed late: what arithmetic leaves are its operands, from which conditions are decided directly, and RFLAGS is put
 * together only where something needs it as a whole. While a block is translated, this keeps what is known about where its flags are.
 *
 * From one block to the next, and where translated code is left, the six flags of arithmetic are either in the local `flags`, or
 * those of one addition or subtraction, whose kind and operands are in three more locals (LATE_KIND).
 */
import { ARITHMETIC_FLAGS, FLAG } from '../flags.js';
import { OP } from '../micro-ops.js';
import { emitFlags, type FlagWord, splitFlagWord } from './emit-flags.js';
import { pushConditionOf } from './emit-condition.js';
import type { Emitter } from './emitter.js';
import { flagsDependOnCount, type MicroOp, writesSlot } from './micro-op.js';
import { WASM, WASM_TYPE } from '../../wasm/opcodes.js';

/** Bits of the local that tells how late flags are to be computed; 0: they are in `flags`. */
const LATE_KIND = {
  /** Bits 0 to 5: 64 minus the width. */
  SHIFT: 0x3f,
  /** Of larger + b = result, with `larger` the result; otherwise of larger - b = result. */
  SUM: 0x40,
  PRESENT: 0x80,
} as const;

/** Computed flags that are in no local yet. */
export interface LateFlags {
  /** The Flags operation, its operands kept in locals of their own. */
  readonly micro: MicroOp;
  readonly word: FlagWord;
  /** Whether d = a + b or d = a - b, without a carry in. */
  readonly plain: boolean;
}

/** More operations than this are not kept waiting. */
const MOST_LATE = 4;

export class FlagState {
  private readonly e: Emitter;
  private readonly kind: number;
  private readonly larger: number;
  private readonly other: number;
  /** Operations whose flags are not in a local yet, each overwriting what those before it left. */
  private late: LateFlags[] = [];
  /** Where the flags are that `late` does not overwrite: in the locals that the block before left, or in `flags`. */
  private carried = true;

  constructor(e: Emitter) {
    this.e = e;
    this.kind = e.body.local(WASM_TYPE.i32);
    this.larger = e.body.local(WASM_TYPE.i64);
    this.other = e.body.local(WASM_TYPE.i64);
  }

  /** A block begins. */
  begin(): void {
    this.drop();
    this.carried = true;
  }

  /** Takes a Flags operation. @param before - the micro-operations before it in its instruction */
  add(micro: MicroOp, before: readonly MicroOp[]): void {
    const { e } = this;
    const word = splitFlagWord(micro.x);
    const { op, d, a, b } = micro;
    const count = flagsDependOnCount(op) ? e.constantOf(b) : 1n;
    if (count === 0n) return;
    const sum = op === OP.FlagsAdd ? OP.Add : op === OP.FlagsSub ? OP.Sub : -1;
    const made = before.findLast((earlier) => [d, a, b].includes(earlier.d) && writesSlot(earlier.op));
    const plain = made !== undefined && made.op === sum && made.d === d && made.a === a && made.b === b;
    const all = ((word.written | word.undefined) & ARITHMETIC_FLAGS) === ARITHMETIC_FLAGS && count !== undefined;
    // The operands first: the locals of what is dropped then may not be theirs.
    const kept = { ...micro, d: e.keep(d), a: e.keep(a), b: e.keep(b) };
    if (all) this.drop();
    else if (this.late.length >= MOST_LATE) this.settle();
    if (all) this.carried = false;
    this.late.push({ micro: kept, word, plain });
  }

  /** All flags are in `flags` from here on. */
  settle(): void {
    this.emitAll();
    this.drop();
    this.carried = false;
  }

  /** All flags of arithmetic are being overwritten in `flags`. */
  overwrite(): void {
    this.drop();
    this.carried = false;
  }

  /** Makes flags known to what follows the block: another block, or the function's exit. What is known here stays as it is. */
  handOver(): void {
    const { e, late } = this;
    const { body } = e;
    if (late.length === 0 && this.carried) return;
    const [only] = late;
    const kind = late.length === 1 && !this.carried ? lateKind(only) : 0;
    if (kind === 0) {
      this.emitAll();
      body.i32(0).set(this.kind);
      return;
    }
    const { op, d, a, b } = only.micro;
    body.i32(kind).set(this.kind);
    if (op === OP.FlagsLogic) {
      e.push(d).body.set(this.larger);
      body.i64(0n).set(this.other);
      return;
    }
    e.push(op === OP.FlagsAdd ? d : a).body.set(this.larger);
    e.push(b).body.set(this.other);
  }

  /** At the function's exit: puts `flags` together if that is still to be done. */
  complete(): void {
    this.e.body.get(this.kind);
    this.e.body.if();
    this.emitCarried();
    this.e.body.end();
  }

  /** Pushes a 32-bit number that is not zero if condition `condition` (flags.ts) holds. */
  pushCondition(condition: number): void {
    const last = this.late.at(-1);
    if (last !== undefined && pushConditionOf(this.e, last, condition)) return;
    this.settle();
    this.e.pushConditionOfFlags(condition);
  }

  /** Pushes CF as 0 or 1. */
  pushCarry(): void {
    const last = this.late.at(-1);
    if (last !== undefined && pushConditionOf(this.e, last, 2)) return;
    this.settle();
    this.e.body.get(this.e.flags).i32(FLAG.CF).op(WASM.i32And);
  }

  private emitAll(): void {
    if (this.carried) {
      this.e.body.get(this.kind);
      this.e.body.if();
      this.emitCarried();
      this.e.body.end();
    }
    for (const { micro } of this.late) emitFlags(this.e, micro);
  }

  private drop(): void {
    for (const { micro } of this.late) this.e.release(micro.d, micro.a, micro.b);
    this.late = [];
  }

  /** `flags` from the kind and the operands in the locals. With larger - b = smaller, a sum has the same carry, overflow and AF. */
  private emitCarried(): void {
    const { e, kind, larger, other } = this;
    const { body } = e;
    const { wide: smaller, wide2: result, wide3: shift } = e;
    body.get(kind).i32(LATE_KIND.SHIFT).op(WASM.i32And, WASM.i64ExtendI32U).set(shift);
    body.get(larger).get(other).op(WASM.i64Sub).set(smaller);
    body.get(larger).get(smaller).get(kind).i32(LATE_KIND.SUM).op(WASM.i32And, WASM.select).set(result);
    body.get(e.flags).i32(~ARITHMETIC_FLAGS).op(WASM.i32And);
    // CF
    body.get(larger).get(shift).op(WASM.i64Shl).get(other).get(shift).op(WASM.i64Shl, WASM.i64LtU, WASM.i32Or);
    // PF: bit n of 0x9669 tells whether the four bits n have even parity.
    body.i32(0x9669);
    body.get(result).op(WASM.i32WrapI64).get(result).op(WASM.i32WrapI64).i32(4).op(WASM.i32ShrU, WASM.i32Xor);
    body.i32(15).op(WASM.i32And, WASM.i32ShrU).i32(1).op(WASM.i32And).i32(2).op(WASM.i32Shl, WASM.i32Or);
    // AF
    body.get(larger).get(other).op(WASM.i64Xor).get(smaller).op(WASM.i64Xor, WASM.i32WrapI64);
    body.i32(FLAG.AF).op(WASM.i32And, WASM.i32Or);
    // ZF, SF
    body.get(result).get(shift).op(WASM.i64Shl).tee(result).op(WASM.i64Eqz).i32(6).op(WASM.i32Shl, WASM.i32Or);
    body.get(result).i64(63n).op(WASM.i64ShrU, WASM.i32WrapI64).i32(7).op(WASM.i32Shl, WASM.i32Or);
    // OF
    body.get(larger).get(other).op(WASM.i64Xor).get(larger).get(smaller).op(WASM.i64Xor, WASM.i64And);
    body.get(shift).op(WASM.i64Shl).i64(63n).op(WASM.i64ShrU, WASM.i32WrapI64).i32(11).op(WASM.i32Shl, WASM.i32Or);
    body.set(e.flags);
  }
}

/** The kind (LATE_KIND) of what can be computed by another block; 0 if it cannot. */
function lateKind({ micro, word, plain }: LateFlags): number {
  const kind = LATE_KIND.PRESENT | (64 - word.width);
  if (micro.op === OP.FlagsLogic)
    return word.undefined === FLAG.AF && word.written === (ARITHMETIC_FLAGS & ~FLAG.AF) ? kind : 0;
  if (!plain || word.written !== ARITHMETIC_FLAGS) return 0;
  return micro.op === OP.FlagsAdd ? kind | LATE_KIND.SUM : kind;
}
