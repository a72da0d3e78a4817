import { interruptibilityAfterTdcall, rejectRax } from './dispatch.js';
import { LEAF_RULES } from './leaf-rules.js';
import { operandInvalidRax } from './status.js';
import { vmcallHostView, vmcallMaskIsLegal, vmcallReject, vmcallReturn } from './vmcall.js';

/**
 * Every rule of the module model that the vectors judge, one by one, so that a test can put a wrong rule in the place of
 * a right one and see which vector notices.
 */
export interface ModuleModel {
  readonly rejectRax: typeof rejectRax;
  readonly operandInvalidRax: typeof operandInvalidRax;
  readonly vmcallMaskIsLegal: typeof vmcallMaskIsLegal;
  readonly vmcallReject: typeof vmcallReject;
  readonly vmcallHostView: typeof vmcallHostView;
  readonly vmcallReturn: typeof vmcallReturn;
  readonly interruptibilityAfterTdcall: typeof interruptibilityAfterTdcall;
  readonly leafRules: typeof LEAF_RULES;
}

/** The model of module 1.5.01. */
export const MODULE_1_5_01: ModuleModel = {
  rejectRax,
  operandInvalidRax,
  vmcallMaskIsLegal,
  vmcallReject,
  vmcallHostView,
  vmcallReturn,
  interruptibilityAfterTdcall,
  leafRules: LEAF_RULES,
};
