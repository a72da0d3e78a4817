import { ASYNC_EXITS } from './async-exits.js';
import { DISPATCH_CHECKS, refusalReturn } from './dispatch.js';
import { leafOutcome } from './leaf-outcome.js';
import { LEAF_RULES } from './leaf-rules.js';
import { asyncHostView } from './vp-enter.js';

/**
 * Every rule of the SEAM model that the vectors judge, one by one, so that a test can put a wrong rule in the place of a
 * right one and see which vector notices.
 */
export interface SeamModel {
  readonly dispatchChecks: typeof DISPATCH_CHECKS;
  readonly refusalReturn: typeof refusalReturn;
  readonly leafRules: typeof LEAF_RULES;
  readonly leafOutcome: typeof leafOutcome;
  readonly asyncExits: typeof ASYNC_EXITS;
  readonly asyncHostView: typeof asyncHostView;
}

/** The model of module 1.5.01. */
export const SEAM_1_5_01: SeamModel = {
  dispatchChecks: DISPATCH_CHECKS,
  refusalReturn,
  leafRules: LEAF_RULES,
  leafOutcome,
  asyncExits: ASYNC_EXITS,
  asyncHostView,
};
