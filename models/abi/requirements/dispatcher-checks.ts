/** Checks of the built-in dispatcher by sub-function. */
import { TDVMCALL_STATUS } from '../tdvmcall.js';
import type { RequirementCheck } from './requirement.js';

/** One exit a story: what a case is about is then one sub-function. */
export const ONE = ['dispatcher-7.3/one-exit'];
export const ANSWER = 'return to guest.r10';

export function one(property: string, cases: string, slots: readonly string[]): RequirementCheck {
  return { property, slots, targets: ONE, cases };
}

/** Cases of one sub-export function in which the guest must get this status. */
export function answered(
  property: string,
  cases: string,
  status: bigint,
  slots: readonly string[] = [ANSWER],
): RequirementCheck {
  return { property, slots, targets: ONE, cases, having: { [ANSWER]: status } };
}

/** Cases of one sub-export function that are refused with this status: nothing else happens, whatever bits the refusal is for. */
export function refused(cases: string, status: bigint = TDVMCALL_STATUS.INVALID_OPERAND): RequirementCheck[] {
  return [answered('answers-status', cases, status, ['*']), answered('validates-all-64-bits', cases, status, ['*'])];
}
