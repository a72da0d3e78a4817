import { GPR, GPR_COUNT, XMM_COUNT } from '../abi/registers.js';
import { TDCALL_INSTRUCTION_LENGTH } from '../abi/tdcall-leaves.js';
import { REFERENCE_CONFIGURATION, type ModuleConfiguration } from './configuration.js';
import { leafOf, versionOf } from './dispatch.js';
import type { VeInformation } from './leaf-rule.js';
import { STATUS_UNRECORDED, finishUnrecorded, runLeaf } from './leaf-rules.js';
import type { ModuleModel } from './model.js';
import { leafRulesOf, standOnLeaf } from '../vectors/leaf-standing.js';
import type { VectorFields } from '../vectors/vector-fields.js';
import { ENTRY_TO_TD, SEAMRET_TO_VMM } from '../vectors/vector-outcomes.js';

/** The pending #VE that `fill` 2 stands for (docs/abi/vectors.md#kinds). */
const RECORDED_VE: VeInformation = {
  exitReason: [30, 0],
  exitQualification: [0x3f80000, 0],
  gla: [0x111, 0],
  gpa: [0x222, 0],
  lengthAndInformation: [4, 3],
};

const FILL_WITH_PENDING_VE = 2;

const RAX_REFUSED = 'RAX refused';

export function tdcallRules({ leafRules }: ModuleModel): string[] {
  return [RAX_REFUSED, ...leafRulesOf(leafRules.keys())];
}

/**
 * Checks one `tdcall` record: any RAX, one leaf. What depends on state that is not recorded (guest memory, field tables,
 * locks) is taken as an input: then the status must be one that the leaf can give, and the rest follows from it.
 */
export function checkTdcallVector(model: ModuleModel, fields: VectorFields): void {
  const config = REFERENCE_CONFIGURATION;
  const fill = fields.number('fill');
  if (fill > FILL_WITH_PENDING_VE) throw fields.bad('fill', '0, 1 or 2');
  const guest = fields.registers('guest_in');
  const raxLow = guest[2 * GPR.RAX];
  if (model.rejectRax(config, raxLow, guest[2 * GPR.RAX + 1])) {
    fields.stand(RAX_REFUSED);
    const out = Int32Array.from(guest);
    model.operandInvalidRax(out);
    compareReturn(fields, out, 0);
    return;
  }
  const leaf = leafOf(raxLow);
  if (leaf === 0) {
    checkVmcall(model, config, fields, guest);
    return;
  }
  standOnLeaf(fields, leaf, 'guest_out');
  const rule = model.leafRules.get(leaf);
  if (rule === undefined) throw new Error(`the dispatcher lets leaf ${leaf} through, but no rule knows it`);
  const call = {
    config,
    registers: guest,
    version: versionOf(raxLow),
    pendingVe: fill === FILL_WITH_PENDING_VE ? RECORDED_VE : undefined,
  };
  const out = new Int32Array(2 * GPR_COUNT);
  const open = runLeaf(rule, call, out);
  if ((open & STATUS_UNRECORDED) === 0) {
    compareReturn(fields, out, open);
    return;
  }
  // An EPT violation, for one, takes such a leaf to the host: that too is the unrecorded state's doing.
  if (fields.text('outcome') !== ENTRY_TO_TD) {
    fields.takenAsInput++;
    return;
  }
  const recorded = fields.registers('guest_out');
  const finished = finishUnrecorded(rule, call.version, recorded[2 * GPR.RAX], recorded[2 * GPR.RAX + 1], out);
  if (finished === undefined) {
    fields.ruleOutStatus('guest_out', 'a status that the leaf can give');
    return;
  }
  fields.takenAsInput++;
  compareReturn(fields, out, finished, false);
}

function checkVmcall(model: ModuleModel, config: ModuleConfiguration, fields: VectorFields, guest: Int32Array): void {
  const exits = model.vmcallMaskIsLegal(config, guest[2 * GPR.RCX], guest[2 * GPR.RCX + 1]);
  if (!exits) {
    const out = new Int32Array(2 * GPR_COUNT);
    model.vmcallReject(guest, out);
    compareReturn(fields, out, 0);
    return;
  }
  // XMM and the host's registers before the entry are not recorded here; the guest comes back in no such record.
  fields.compare('outcome', SEAMRET_TO_VMM);
  fields.compare('rip_delta', TDCALL_INSTRUCTION_LENGTH);
  if (fields.text('outcome') !== SEAMRET_TO_VMM || !fields.has('host_out')) return;
  const hostOut = new Int32Array(2 * GPR_COUNT);
  const xmm = new Int32Array(4 * XMM_COUNT);
  model.vmcallHostView(config, guest, xmm, guest, hostOut, xmm);
  fields.compareRegisters('host_out', hostOut);
}

/** The fields of a leaf that returns to the TD. `outcome` is skipped where it had to be taken as an input. */
function compareReturn(fields: VectorFields, out: Int32Array, open: number, compareOutcome = true): void {
  if (compareOutcome) {
    fields.compare('outcome', ENTRY_TO_TD);
    if (fields.text('outcome') !== ENTRY_TO_TD) return;
  }
  fields.compare('rip_delta', TDCALL_INSTRUCTION_LENGTH);
  fields.compare('xmm_preserved', true);
  fields.compareRegisters('guest_out', out, open);
}
