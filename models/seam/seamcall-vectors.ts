import { GPR } from '../abi/registers.js';
import { SEAMCALL_INSTRUCTION_LENGTH, SYSTEM_STATE, type SystemState } from '../abi/seamcall.js';
import { leafRulesOf, standOnLeaf } from '../vectors/leaf-standing.js';
import type { VectorFields } from '../vectors/vector-fields.js';
import { SEAMRET_TO_VMM } from '../vectors/vector-outcomes.js';
import { REFERENCE_CONFIGURATION } from './configuration.js';
import { leafOf, refusal, versionOf } from './dispatch.js';
import { xmmIsOpen } from './leaf-outcome.js';
import { finishUnrecorded, runLeaf, STATUS_UNRECORDED } from './leaf-rules.js';
import type { SeamModel } from './model.js';

const REFUSED = 'refused before its leaf';

export function seamcallRules({ leafRules }: SeamModel): string[] {
  return [REFUSED, ...leafRulesOf(leafRules.keys())];
}

/**
 * Checks one `seamcall` record: any RAX in any state of the module, one leaf. What depends on state that is not recorded
 * (PAMT, the TD, field tables, locks) is taken as an input: then the status must be one of the module's, and the rest
 * follows from it.
 */
export function checkSeamcallVector(model: SeamModel, fields: VectorFields): void {
  const state = systemState(fields);
  const host = fields.registers('host_in');
  const [raxLow, raxHigh] = [host[2 * GPR.RAX], host[2 * GPR.RAX + 1]];
  const out = Int32Array.from(host);
  const refused = refusal(model.dispatchChecks, state, raxLow, raxHigh);
  if (refused !== undefined) {
    fields.stand(REFUSED);
    model.refusalReturn(refused, out);
    compareReturn(fields, out);
    return;
  }
  standOnLeaf(fields, leafOf(raxLow), 'host_out');
  const version = versionOf(raxLow);
  const rule = model.leafRules.get(leafOf(raxLow));
  const outcome = model.leafOutcome(leafOf(raxLow), version);
  if (rule === undefined || outcome === undefined) {
    throw new Error(`the dispatcher lets leaf ${leafOf(raxLow)} through, but no rule knows it`);
  }
  const call = { config: REFERENCE_CONFIGURATION, state, registers: host, version };
  const open = runLeaf(rule, outcome, call, out);
  if ((open & STATUS_UNRECORDED) === 0) {
    compareReturn(fields, out, open);
    return;
  }
  // TDH.VP.ENTER may have run the TD instead: that too is the unrecorded state's doing.
  const mayEnterTd = outcome.xmm === 'written';
  if (mayEnterTd && fields.text('outcome') !== SEAMRET_TO_VMM) {
    fields.takenAsInput++;
    return;
  }
  const recorded = fields.registers('host_out');
  const finished = finishUnrecorded(outcome, recorded, out);
  if (finished === undefined) {
    fields.ruleOutStatus('host_out', 'a status of the module');
    return;
  }
  compareReturn(fields, out, finished, mayEnterTd, xmmIsOpen(outcome, recorded[2 * GPR.RAX + 1]));
}

function systemState(fields: VectorFields): SystemState {
  const number = fields.number('sys_state');
  const state = Object.values(SYSTEM_STATE).find((value) => value === number);
  if (state === undefined) throw fields.bad('sys_state', `0 to ${Object.keys(SYSTEM_STATE).length - 1}`);
  return state;
}

/** The fields of a call that returns to the host. `openOutcome` and `openXmm`: taken as inputs. */
function compareReturn(fields: VectorFields, out: Int32Array, open = 0, openOutcome = false, openXmm = false): void {
  if (openOutcome) fields.takenAsInput++;
  else {
    fields.compare('outcome', SEAMRET_TO_VMM);
    if (fields.text('outcome') !== SEAMRET_TO_VMM) return;
  }
  fields.compare('rip_delta', SEAMCALL_INSTRUCTION_LENGTH);
  if (openXmm) fields.takenAsInput++;
  else fields.compare('xmm_preserved', true);
  fields.compareRegisters('host_out', out, open);
}
