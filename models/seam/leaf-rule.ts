import type { SystemState } from '../abi/seamcall.js';
import type { SeamConfiguration } from './configuration.js';
import type { RuleStatus } from './rule-status.js';

/** What a rule of one SEAMCALL leaf is made of: the call and the checks of its handler. */

/** One SEAMCALL that the dispatcher let through. */
export interface SeamcallInputs {
  readonly config: SeamConfiguration;
  readonly state: SystemState;
  /** Host register file at SEAMCALL, 16 pairs. */
  readonly registers: Int32Array;
  /** RAX bits 23:16. */
  readonly version: number;
}

/** What a check says: passed, failed, or it depends on state that the call does not show. */
export type CheckResult = 'passes' | 'fails' | 'unrecorded';

/** One check of a handler. */
export interface LeafCheck extends RuleStatus {
  /** The rule in a few words, unique in its leaf. */
  readonly rule: string;
  readonly check: (call: SeamcallInputs) => CheckResult;
}

/** Everything about one leaf that leaf-outcome.ts does not say. */
export interface LeafRule {
  readonly leaf: number;
  readonly checks: readonly LeafCheck[];
  /** True where the leaf always succeeds, without outputs, once the checks passed; else unrecorded state decides. */
  readonly succeeds: boolean;
}
