import { GPR, XMM_COUNT } from '../abi/registers.js';
import { VM_INDEX_HIGH_MASK } from '../abi/seamcall.js';
import { statusHigh } from '../abi/status.js';
import type { VectorFields } from '../vectors/vector-fields.js';
import { ENTRY_TO_TD, SEAMRET_TO_VMM } from '../vectors/vector-outcomes.js';
import {
  asyncStatusHigh,
  type AsyncExit,
  type AsyncExitCase,
  exitToHost,
  exitToTd,
  type ExitInformation,
} from './async-exits.js';
import type { SeamModel } from './model.js';
import { EXIT_INFORMATION } from './vp-enter.js';

/** The recorded TD has no L2 VMs. */
const L1_VM = 0;
const ALL_BUT_RAX = 0xffff & ~(1 << GPR.RAX);

function caseRule(reason: number, { when }: AsyncExitCase): string {
  return `reason ${reason}: ${when}`;
}

export function asyncRules({ asyncExits }: SeamModel): string[] {
  return [...asyncExits.values()].flatMap(({ reason, cases }) => cases.map((found) => caseRule(reason, found)));
}

/**
 * Checks one `async` record: a VM exit of the TD, what the host sees of it, and the TDH.VP.ENTER that follows. What
 * describes the exit, and the host's registers at that second entry, were not recorded: they are taken as inputs.
 */
export function checkAsyncVector(model: SeamModel, fields: VectorFields): void {
  const reason = fields.number('reason');
  // 1.5.01 clears the host's RBP with both settings: a record must say which one it was, the model does not ask.
  fields.flag('no_rbp_mod');
  const row = model.asyncExits.get(reason);
  if (row === undefined) {
    throw fields.bad('reason', `an exit reason that the model knows (${[...model.asyncExits.keys()].join(', ')})`);
  }
  const debug = fields.flag('debug');
  // Of an exit that stayed in the TD nothing is recorded that would say why.
  const isOfHost = fields.has('host_out');
  const found = isOfHost ? exitToHost(row, informationOf(fields, debug)) : exitToTd(row);
  const outcome = (found === undefined) === isOfHost ? ENTRY_TO_TD : SEAMRET_TO_VMM;
  fields.compare('outcome', outcome);
  // With the other outcome the record has no fields to compare with.
  if (found === undefined || fields.text('outcome') !== outcome) return;
  const { exit } = found;
  fields.stand(caseRule(reason, found));
  fields.compare('rip_delta', exit.ripDelta);
  // Back in the TD, nothing more is recorded.
  if (exit.ends === 'to_td') return;

  const hostOut = fields.registers('host_before_enter');
  const hostXmmOut = new Int32Array(4 * XMM_COUNT);
  const information = fields.registers('host_out');
  model.asyncHostView(reason, asyncStatusHigh(exit), L1_VM, information, hostOut, hostXmmOut);
  fields.compareRegisters('host_out', hostOut, EXIT_INFORMATION);
  fields.compareBits('host_out', 'rcx[33:32]', hostOut, GPR.RCX, [0, VM_INDEX_HIGH_MASK]);
  fields.compareXmm('host_xmm_out', hostXmmOut);
  checkReentry(exit, fields);
}

function informationOf(fields: VectorFields, debug: boolean): ExitInformation {
  const told = fields.registers('host_out');
  const gpa = BigInt.asUintN(32, BigInt(told[2 * GPR.R8])) | (BigInt(told[2 * GPR.R8 + 1] >>> 0) << 32n);
  return { debug, qualification: told[2 * GPR.RCX], gpa, interruption: told[2 * GPR.R9] };
}

/** The second TDH.VP.ENTER: the TD goes on as if there had been no exit, or the leaf fails and changes RAX alone. */
function checkReentry(exit: AsyncExit, fields: VectorFields): void {
  const outcome = exit.reentryStatus === undefined ? ENTRY_TO_TD : SEAMRET_TO_VMM;
  fields.compare('reenter_outcome', outcome);
  if (fields.text('reenter_outcome') !== outcome) return;
  if (exit.reentryStatus === undefined) {
    fields.compareRegisters('guest_out', fields.registers('guest_in'));
    fields.compare('xmm_restored', true);
    return;
  }
  const hostOut = fields.registers('host_out2');
  hostOut[2 * GPR.RAX] = 0;
  hostOut[2 * GPR.RAX + 1] = statusHigh(exit.reentryStatus);
  fields.compareRegisters('host_out2', hostOut, ALL_BUT_RAX);
}
