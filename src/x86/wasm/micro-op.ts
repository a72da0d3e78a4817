/** The micro-operations of a decoded record, unpacked again (encode.ts), and what the translation must know of each. */
import { ENCODED_WORDS, LAST_MICRO_OP } from '../encode.js';
import { STATE_SLOTS } from '../layout.js';
import { ACCESS, OP, RECORD_WORDS } from '../micro-ops.js';

/** One micro-operation with slot numbers; of Const, a and b are the halves of the value. */
export interface MicroOp {
  readonly op: number;
  readonly d: number;
  readonly a: number;
  readonly b: number;
  readonly x: number;
}

const OP_MASK = 0x7f;
const OPERATIONS = new Set<number>(Object.values(OP));

/** The list of a record, with the Next at its end that encode.ts left out. */
export function microOpsOf(code: Int32Array, record: number): MicroOp[] {
  const result: MicroOp[] = [];
  for (let at = record + RECORD_WORDS; ; at += ENCODED_WORDS) {
    const word = code[at];
    const op = word & OP_MASK;
    if (!OPERATIONS.has(op)) throw new Error(`no such micro-operation: ${op}`);
    const d = word >>> 9;
    if (op === OP.Const) result.push({ op, d, a: code[at + 1], b: code[at + 2], x: 0 });
    else result.push({ op, d, a: (code[at + 1] & 0xffff) >>> 1, b: code[at + 1] >>> 17, x: code[at + 2] });
    if ((word & LAST_MICRO_OP) !== 0) {
      result.push({ op: OP.Next, d: 0, a: 0, b: 0, x: 0 });
      return result;
    }
    if (op <= OP.External && op !== OP.RepeatCheck) return result;
  }
}

/** Those that write slot d. */
export function writesSlot(op: number): boolean {
  if (op >= OP.Mov && op <= OP.Load) return true;
  return op === OP.ReadFlags || op === OP.StringStep || op === OP.DepositBits || op === OP.ExtractBits;
}

/** Those that make an event. */
export function makesEvent({ op }: MicroOp): boolean {
  return op === OP.Load || op === OP.Store || op === OP.Sti || op === OP.Cli || op === OP.Fence;
}

/** Those after which the instruction may have to be left to the interpreter, because they fault or go beyond what is translated. */
function mayLeave(op: number): boolean {
  return (
    op === OP.Load ||
    op === OP.Store ||
    op === OP.CheckAccess ||
    op === OP.CheckAligned ||
    op === OP.CheckTarget ||
    op === OP.CheckMxcsr ||
    op === OP.DivUnsigned ||
    op === OP.DivSigned
  );
}

/** Those that compute flags from a result, with a flagWord in x. */
export function isFlagsOp(op: number): boolean {
  return op >= OP.FlagsAdd && op <= OP.FlagsCarryZero;
}

/** Those that compute no flags if the count in slot b is zero. */
export function flagsDependOnCount(op: number): boolean {
  return op >= OP.FlagsShl && op <= OP.FlagsDoubleRight;
}

/** Whether it changes what outlives the instruction. */
function hasEffect({ op, d }: MicroOp): boolean {
  if (writesSlot(op)) return d < STATE_SLOTS || (op >= OP.DivUnsigned && op <= OP.DivSigned && d + 1 < STATE_SLOTS);
  if (op === OP.Store || op === OP.Fence) return true;
  return (op >= OP.FlagsAdd && op <= OP.FlagsFlip) || (op >= OP.WriteFlags && op <= OP.Cli);
}

const NOT_TRANSLATED: ReadonlySet<number> = new Set([
  OP.Fault,
  OP.Unknown,
  OP.RotateLeftCarry,
  OP.RotateRightCarry,
  OP.FlagsRotateLeftCarry,
  OP.FlagsRotateRightCarry,
  OP.DepositBits,
  OP.ExtractBits,
]);

/**
 * Whether the translation covers an instruction; otherwise the interpreter executes it. One that is left in the middle is
 * executed again by the interpreter, so nothing may have an effect before the last place where it can be left. The halves of
 * a 16-byte store are checked together before the first one is written.
 */
export function isTranslatable(ops: readonly MicroOp[]): boolean {
  let effect = false;
  let checkedWhole = false;
  for (const micro of ops) {
    if (NOT_TRANSLATED.has(micro.op)) return false;
    if (micro.op === OP.CheckAccess && (micro.x & ACCESS.ForWrite) !== 0) checkedWhole = true;
    if (effect && mayLeave(micro.op) && !(micro.op === OP.Store && checkedWhole)) return false;
    if (hasEffect(micro) && micro.op !== OP.Load) effect = true;
    // A load that goes straight into a register has its effect after it has succeeded.
    if (micro.op === OP.Load && micro.d < STATE_SLOTS) effect = true;
  }
  return true;
}
