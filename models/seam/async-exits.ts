import { statusHigh } from '../abi/status.js';

/**
 * What becomes of a VM exit of the TD other than a TDCALL, by basic exit reason, module 1.5.01 (docs/abi/seamcall.md#exit-reasons):
 * handled in the module and back into the TD, or TDH.VP.ENTER ends with a status for the host.
 */

/** How an asynchronous exit ends. */
export interface AsyncExit {
  /** `to_td`: the host never sees it. `to_host`: TDH.VP.ENTER returns. `stops`: the module itself stops. */
  readonly ends: 'to_td' | 'to_host' | 'stops';
  /** Name of the status; details level 2 is the exit reason. Only where it goes to the host. */
  readonly status: string;
  /** What the next TDH.VP.ENTER meets: `undefined` if it resumes the TD, else the name of its status. */
  readonly reentryStatus: string | undefined;
  /** Bytes by which the guest's RIP advances. */
  readonly ripDelta: number;
}

/** An exit reason, in a TD and in a debug TD (ATTRIBUTES.DEBUG). */
export interface AsyncExitRow {
  readonly reason: number;
  readonly production: AsyncExit;
  readonly debug: AsyncExit;
}

const TO_TD: AsyncExit = { ends: 'to_td', status: '', reentryStatus: undefined, ripDelta: 0 };
/** Seen in debug TDs; what was two bytes long is not recorded. */
const TO_TD_BEHIND_INSTRUCTION: AsyncExit = { ...TO_TD, ripDelta: 2 };
const STOPS: AsyncExit = { ends: 'stops', status: '', reentryStatus: undefined, ripDelta: 0 };
/** Status = reason. */
const TO_HOST: AsyncExit = { ends: 'to_host', status: 'TDX_SUCCESS', reentryStatus: undefined, ripDelta: 0 };
const VCPU_IS_LOST: AsyncExit = {
  ...TO_HOST,
  status: 'TDX_NON_RECOVERABLE_VCPU',
  reentryStatus: 'TDX_VCPU_STATE_INCORRECT',
};
const TD_IS_LOST: AsyncExit = { ...TO_HOST, status: 'TDX_NON_RECOVERABLE_TD', reentryStatus: 'TDX_TD_FATAL' };
const TD_IS_NOT_ACCESSIBLE: AsyncExit = { ...TD_IS_LOST, status: 'TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE' };

function rows(reasons: readonly number[], production: AsyncExit, debug: AsyncExit): AsyncExitRow[] {
  return reasons.map((reason) => ({ reason, production, debug }));
}

const table: readonly AsyncExitRow[] = [
  ...rows([8], TO_TD_BEHIND_INSTRUCTION, TO_TD_BEHIND_INSTRUCTION),
  ...rows([10, 11, 12, 13, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 30, 31, 32], TO_TD, TO_TD),
  ...rows([36, 39, 50, 53, 54, 55, 56, 59, 60, 65, 70, 72, 73, 76], TO_TD, TO_TD),
  ...rows([1, 3, 9, 42, 74], TO_HOST, TO_HOST),
  ...rows([6], TO_HOST, TD_IS_NOT_ACCESSIBLE),
  ...rows([2], VCPU_IS_LOST, VCPU_IS_LOST),
  ...rows([4, 5, 7, 14, 16, 28, 29, 33, 34, 35, 37, 38, 40, 41, 43, 44, 45, 46, 47, 51, 52], TD_IS_LOST, TO_HOST),
  ...rows([57, 58, 61, 63, 64, 66, 67, 68, 69, 71, 78, 79], TD_IS_LOST, TO_HOST),
  ...rows([75], TO_HOST, TD_IS_LOST),
  ...rows([0, 62], STOPS, TO_HOST),
  ...rows([49], STOPS, STOPS),
];

/** The exit reasons that were observed; no other is in the model. */
export const ASYNC_EXITS: ReadonlyMap<number, AsyncExitRow> = new Map(table.map((row) => [row.reason, row]));

/** RAX bits 63:32 (signed) of TDH.VP.ENTER after this exit; bits 31:0 are the exit reason. */
export function asyncStatusHigh(exit: AsyncExit): number {
  return statusHigh(exit.status) | 0;
}
