import { GPR, GPR_COUNT, GPR_NAMES, XMM_COUNT } from '../abi/registers.js';
import { TDCALL_INSTRUCTION_LENGTH } from '../abi/tdcall-leaves.js';
import { REFERENCE_CONFIGURATION, type ModuleConfiguration } from './configuration.js';
import type { ModuleModel } from './model.js';
import { ENTRY_TO_TD, SEAMRET_TO_VMM } from '../vectors/vector-outcomes.js';
import type { VectorFields } from '../vectors/vector-fields.js';

const MASK_TAKEN = 'mask taken';
const MASK_REFUSED = 'mask refused';
/** RDX to R15 but for RSP, and the sixteen XMM (docs/abi/tdvmcall.md#exposure-mask). */
const MASK_BITS = [2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, ...Array.from({ length: XMM_COUNT }, (_, i) => 16 + i)];

function exposure(bit: number, exposed: boolean): string {
  const name = bit < GPR_COUNT ? GPR_NAMES[bit] : `XMM${bit - GPR_COUNT}`;
  return `${name} ${exposed ? 'exposed' : 'hidden'}`;
}

export const VMCALL_RULES: readonly string[] = [
  MASK_TAKEN,
  MASK_REFUSED,
  ...MASK_BITS.flatMap((bit) => [exposure(bit, true), exposure(bit, false)]),
];

/**
 * Checks one `vmcall` record: TDG.VP.VMCALL with any exposure mask, the host's view of the exit or the refusal, and the
 * guest after the re-entry. Every output field is a function of the recorded inputs and `no_rbp_mod`.
 */
export function checkVmcallVector(model: ModuleModel, fields: VectorFields): void {
  const config: ModuleConfiguration = { ...REFERENCE_CONFIGURATION, noRbpMod: fields.flag('no_rbp_mod') };
  const guest = fields.registers('guest_in');
  const guestXmm = fields.xmm('guest_xmm_in');
  const guestOut = new Int32Array(2 * GPR_COUNT);
  const guestXmmOut = new Int32Array(4 * XMM_COUNT);

  if (guest[2 * GPR.RAX] !== 0 || guest[2 * GPR.RAX + 1] !== 0) throw fields.bad('guest_in.rax', 'leaf 0, version 0');
  const exits = model.vmcallMaskIsLegal(config, guest[2 * GPR.RCX], guest[2 * GPR.RCX + 1]);
  const outcome = exits ? SEAMRET_TO_VMM : ENTRY_TO_TD;
  fields.stand(exits ? MASK_TAKEN : MASK_REFUSED);
  if (exits) for (const bit of MASK_BITS) fields.stand(exposure(bit, ((guest[2 * GPR.RCX] >>> bit) & 1) !== 0));
  fields.compare('outcome', outcome);
  fields.compare('guest_rip_delta', TDCALL_INSTRUCTION_LENGTH);
  fields.compare(
    'interruptibility_after',
    model.interruptibilityAfterTdcall(fields.number('interruptibility_in')) >>> 0,
  );
  // With the other outcome the record has no fields to compare with; the mismatch is noted already.
  if (fields.text('outcome') !== outcome) return;

  if (!exits) {
    model.vmcallReject(guest, guestOut);
    fields.compareRegisters('guest_out', guestOut);
    fields.compareXmm('guest_xmm_out', guestXmm);
    return;
  }

  const hostOut = new Int32Array(2 * GPR_COUNT);
  const hostXmmOut = new Int32Array(4 * XMM_COUNT);
  model.vmcallHostView(config, guest, guestXmm, fields.registers('host_before_enter'), hostOut, hostXmmOut);
  fields.compareRegisters('host_out', hostOut);
  fields.compareXmm('host_xmm_out', hostXmmOut);

  // A legal TDH.VP.ENTER after a TDVMCALL exit always gets back into the TD, where RIP has advanced already.
  fields.compare('reenter_outcome', ENTRY_TO_TD);
  fields.compare('reenter_rip_delta', 0);
  const hostReenter = fields.registers('host_reenter');
  model.vmcallReturn(guest, guestXmm, hostReenter, fields.xmm('host_xmm_reenter'), guestOut, guestXmmOut);
  fields.compareRegisters('guest_out', guestOut);
  fields.compareXmm('guest_xmm_out', guestXmmOut);
}
