import { Code, Mnemonic } from 'iced-x86';
import { VECTOR } from '../exit.js';
import type { CasePlan } from './case-plan.js';
import { CASE, NATIVE, STATE_WORD } from './native-oracle.js';

/** Flags that the architecture leaves undefined in a case (`cases[start]` is its first word), by the row of the table. */
export function undefinedFlags(plan: CasePlan, cases: Int32Array, start: number): number {
  const { row } = plan;
  if (row.undefinedForCount === undefined) return row.undefined;
  const count = countOf(plan, cases, start);
  return count === 0 ? 0 : row.undefined | row.undefinedForCount(count, plan.width);
}

/** Whether the architecture leaves the destination undefined. */
export function isDestinationUndefined(plan: CasePlan, cases: Int32Array, start: number): boolean {
  switch (plan.row.mnemonic) {
    case Mnemonic.Shld:
    case Mnemonic.Shrd:
      return plan.width === 16 && countOf(plan, cases, start) > 16;
    case Mnemonic.Bsf:
    case Mnemonic.Bsr:
      return sourceIsZero(plan, cases, start);
    default:
      return false;
  }
}

/**
 * Bytes below RSP that a faulting instruction may have written on the CPU, although RSP did not move: the return address of a CALL to an
 * address that is not canonical (the manual has the check before the push: SDM volume 2, CALL), and the frame pointers that ENTER
 * pushed before a later access faulted. The machine writes nothing then.
 */
export function undefinedBelowStack(plan: CasePlan, trap: number): number {
  if (plan.row.mnemonic === Mnemonic.Call && trap === VECTOR.GP) return 8;
  if (plan.row.mnemonic === Mnemonic.Enter && trap >= 0) return 8 * ((plan.bytes[3] & 31) + 1);
  return 0;
}

function countOf(plan: CasePlan, cases: Int32Array, start: number): number {
  const raw = plan.immediateCount >= 0 ? plan.immediateCount : cases[start + CASE.state + 2] & 0xff;
  return raw & (plan.width === 64 ? 63 : 31);
}

function sourceIsZero(plan: CasePlan, cases: Int32Array, start: number): boolean {
  const state = start + CASE.state;
  const width = Number(/_rm(16|32|64)/.exec(Code[plan.code])?.[1] ?? 64);
  if (plan.source >= 0) return isZero(cases, 4 * (state + 2 * plan.source), width);
  const [use] = plan.memory;
  // The window and the read-only page are all that can be read; everything is below 4 GiB, so 32 bits tell.
  const register = (r: number): number => (r < 0 ? 0 : cases[state + 2 * r]);
  const base =
    use.segment === 'none' ? 0 : cases[state + (use.segment === 'fs' ? STATE_WORD.fsBase : STATE_WORD.gsBase)];
  const address = (register(use.base) + Math.imul(register(use.index), use.scale) + use.displacementLow + base) | 0;
  const offset = address - NATIVE.window;
  if (offset >= 0 && offset + 8 <= NATIVE.windowSize)
    return isZero(cases, 4 * (state + STATE_WORD.window) + offset, width);
  // Elsewhere it is zero, or faults.
  return true;
}

function isZero(words: Int32Array, byte: number, width: number): boolean {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + byte, width / 8);
  return bytes.every((value) => value === 0);
}
