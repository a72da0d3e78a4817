import { STATE_SLOTS } from './layout.js';
import { MICRO_WORDS, OP } from './micro-ops.js';
import { REGISTER_INDEX } from './registers.js';

/** Those whose d may be written straight into a register instead of a temporary: they read everything before they write. */
const RENAMEABLE: ReadonlySet<number> = new Set([
  OP.Load,
  OP.Add,
  OP.Shl,
  OP.Not,
  OP.Zx8,
  OP.Zx16,
  OP.Zx32,
  OP.Sx8,
  OP.Sx16,
  OP.Sx32,
  OP.SelectCondition,
]);

/**
 * Words of one packed micro-operation: op in bits 0 to 6 of the first word, LAST_MICRO_OP in bit 7, d above; a in the low half
 * of the second word and b in the high half; x. Const has its value in the second and third word. Slot numbers are doubled,
 * which makes them Int32 indices of low halves.
 */
export const ENCODED_WORDS = 3;

/** The last micro-operation before a Next, which is then left out. */
export const LAST_MICRO_OP = 0x80;

/**
 * Packs the micro-operations of an instruction for the interpreter: meaning the same, but quicker to run. A temporary that is
 * only moved on to a register goes there at once, and a Next becomes a mark on the micro-operation before it.
 */
export function encode(words: readonly number[]): number[] {
  const result: number[] = [];
  for (let at = 0; at < words.length; at += MICRO_WORDS) {
    const op = words[at];
    if (op === OP.Next && result.length > 0) {
      result[result.length - ENCODED_WORDS] |= LAST_MICRO_OP;
      break;
    }
    const next = at + MICRO_WORDS;
    const moves = movesOn(words, at, next);
    const d = 2 * words[moves ? next + 1 : at + 1];
    result.push(op | (d << 8));
    if (op === OP.Const) result.push(words[at + 2], words[at + 3]);
    else result.push((2 * words[at + 2]) | ((2 * words[at + 3]) << 16), words[at + 4]);
    if (moves) at = next;
  }
  return result;
}

/** Whether the operation at `at` makes a temporary of which the one at `next` is the only reader and merely moves it. */
function movesOn(words: readonly number[], at: number, next: number): boolean {
  const op = words[at];
  const temporary = words[at + 1];
  if (!RENAMEABLE.has(op) || temporary < STATE_SLOTS || words[next + 2] !== temporary) return false;
  const zeroExtends = op === OP.Load && (words[at + 4] & 0xff) <= 4;
  // The event of a load holds RSP as the instruction found it: it must not be written before.
  if (op === OP.Load && words[next + 1] === REGISTER_INDEX.rsp) return false;
  if (words[next] !== OP.Mov && !(words[next] === OP.Zx32 && zeroExtends)) return false;
  for (let later = next + MICRO_WORDS; later < words.length; later += MICRO_WORDS) {
    if (words[later + 2] === temporary || words[later + 3] === temporary) return false;
    if (words[later + 1] === temporary || readsSlotInX(words[later], words[later + 4], temporary)) return false;
  }
  return true;
}

function readsSlotInX(op: number, x: number, slot: number): boolean {
  if (op === OP.SelectZero) return x === slot;
  return (op === OP.DivUnsigned || op === OP.DivSigned) && (x & 0xffff) === slot;
}
