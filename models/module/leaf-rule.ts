import type { OperandName } from '../abi/operand-ids.js';
import type { GprName } from '../abi/registers.js';
import type { TdcallOutput } from '../abi/tdcall-leaves.js';
import type { ModuleConfiguration } from './configuration.js';

/** What a rule of one leaf is made of: the call, the checks of its handler, its outputs. */

/** The #VE information that TDG.VP.VEINFO.GET hands out; each value is [bits 31:0, bits 63:32]. */
export interface VeInformation {
  readonly exitReason: readonly [number, number];
  readonly exitQualification: readonly [number, number];
  readonly gla: readonly [number, number];
  readonly gpa: readonly [number, number];
  /** [31:0] instruction length, [63:32] instruction information. */
  readonly lengthAndInformation: readonly [number, number];
}

/** One TDCALL that the dispatcher let through. */
export interface TdcallInputs {
  readonly config: ModuleConfiguration;
  /** Guest register file at TDCALL, 16 pairs. */
  readonly registers: Int32Array;
  /** RAX bits 23:16. */
  readonly version: number;
  /** The pending #VE, if there is one. */
  readonly pendingVe: VeInformation | undefined;
}

/** What a check says: passed, failed, or it depends on state that the call does not show. */
export type CheckResult = 'passes' | 'fails' | 'unrecorded';

/** One check of a handler. */
export interface LeafCheck {
  /** The rule in a few words, unique in its leaf. */
  readonly rule: string;
  readonly check: (call: TdcallInputs) => CheckResult;
  /** Status when it fails. */
  readonly status: string;
  /** Operand id in details level 2, if the status names one. */
  readonly operand?: OperandName;
  /** Outputs that come from unrecorded state when this check ends the call. */
  readonly unrecorded?: readonly GprName[];
}

/** Writes the outputs of a success into the register file. */
export type LeafValues = (call: TdcallInputs, out: Int32Array) => void;

/** Everything about one leaf. */
export interface LeafRule {
  readonly leaf: number;
  readonly checks: readonly LeafCheck[];
  readonly outputs: readonly TdcallOutput[];
  /** The outputs once every check passed, or `undefined` if status and outputs then depend on unrecorded state. */
  readonly values: LeafValues | undefined;
  /** Upper halves (unsigned) of every status the leaf may end with. */
  readonly statusHighs: readonly number[];
}
