/** Conditions decided from the operands of what computed the flags, without the flags. */
import { FLAG } from '../flags.js';
import { OP } from '../micro-ops.js';
import { isZero, topBit } from './emit-flags.js';
import type { Emitter } from './emitter.js';
import type { LateFlags } from './flag-state.js';
import { WASM } from '../../wasm/opcodes.js';

/** Flags that a condition (flags.ts) reads, by its number without the lowest bit. */
const READ = [FLAG.OF, FLAG.CF, FLAG.ZF, FLAG.CF | FLAG.ZF, FLAG.SF, FLAG.PF, FLAG.SF | FLAG.OF] as const;
const READ_BY_LESS_OR_EQUAL = FLAG.SF | FLAG.OF | FLAG.ZF;
const GROUP = {
  overflow: 0,
  below: 1,
  equal: 2,
  belowOrEqual: 3,
  sign: 4,
  parity: 5,
  less: 6,
  lessOrEqual: 7,
} as const;

/** Operations whose ZF and SF are those of slot d. */
const OF_RESULT: ReadonlySet<number> = new Set([
  OP.FlagsAdd,
  OP.FlagsSub,
  OP.FlagsLogic,
  OP.FlagsShl,
  OP.FlagsShr,
  OP.FlagsSar,
  OP.FlagsDoubleLeft,
  OP.FlagsDoubleRight,
]);

/** Pushes 1 if the condition holds after this operation, else 0. @returns false, with nothing emitted, if it is not known how */
export function pushConditionOf(e: Emitter, late: LateFlags, condition: number): boolean {
  const { micro, word, plain } = late;
  const { op, d, a, b } = micro;
  const { width } = word;
  const group = condition >> 1;
  const reads = READ.at(group) ?? READ_BY_LESS_OR_EQUAL;
  if ((word.written & reads) !== reads) return false;
  if (op === OP.FlagsCarryZero && group === GROUP.below) {
    e.pushLow(a).body.i32(1).op(WASM.i32And);
    if ((condition & 1) !== 0) e.body.op(WASM.i32Eqz);
    return true;
  }
  // A shift by a count that may be zero leaves the flags as they were.
  if (!OF_RESULT.has(op) || (op >= OP.FlagsShl && e.constantOf(b) === undefined)) return false;
  const { body } = e;
  const logic = op === OP.FlagsLogic;
  const difference = op === OP.FlagsSub && plain;
  const compare = (left: number, right: number, signed: boolean): void => {
    e.pushAtTop(left, width);
    e.pushAtTop(right, width);
    if (width === 64) body.op(signed ? WASM.i64LtS : WASM.i64LtU);
    else body.op(signed ? WASM.i32LtS : WASM.i32LtU);
  };
  const not = (): void => void body.op(WASM.i32Eqz);
  switch (group) {
    case GROUP.equal:
      isZero(e, d, width);
      break;
    case GROUP.sign:
      topBit(e, d, width);
      break;
    case GROUP.below:
      if (difference) compare(a, b, false);
      else if (op === OP.FlagsAdd && plain) compare(d, b, false);
      else if (logic) body.i32(0);
      else return false;
      break;
    case GROUP.belowOrEqual:
      if (difference) {
        compare(b, a, false);
        not();
      } else if (logic) isZero(e, d, width);
      else return false;
      break;
    case GROUP.less:
      if (difference) compare(a, b, true);
      else if (logic) topBit(e, d, width);
      else return false;
      break;
    case GROUP.lessOrEqual:
      if (difference) {
        compare(b, a, true);
        not();
      } else if (logic) {
        isZero(e, d, width);
        topBit(e, d, width);
        body.op(WASM.i32Or);
      } else return false;
      break;
    default:
      return false;
  }
  if ((condition & 1) !== 0) not();
  return true;
}
