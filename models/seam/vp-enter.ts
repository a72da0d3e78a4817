import { GPR, GPR_COUNT, gprMask, XMM_COUNT } from '../abi/registers.js';
import { VM_INDEX_HIGH_MASK } from '../abi/seamcall.js';

/**
 * What the host holds after TDH.VP.ENTER returned with an asynchronous exit, module 1.5.01 (docs/abi/seamcall.md#tdhvpenter-outputs). The
 * exit by TDVMCALL is the guest's to describe: models/module/vmcall.ts. General registers are `Int32Array(32)`, XMM
 * `Int32Array(64)`, least significant word first. Nothing allocates.
 */

/** Registers that describe the exit: qualification, extended qualification, GPA, interrupt information. */
export const EXIT_INFORMATION = gprMask('RCX', 'RDX', 'R8', 'R9');

/**
 * The host's registers after an asynchronous exit. RSP stays; what does not describe the exit is zero, XMM and RBP too:
 * 1.5.01 clears RBP even with NO_RBP_MOD, 2.0 keeps it then.
 *
 * @param statusLow RAX bits 31:0: the exit reason.
 * @param statusHighHalf RAX bits 63:32.
 * @param vmIndex 0 for L1, 1 to 3 for an L2 VM.
 * @param information Register file: where those of {@link EXIT_INFORMATION} come from.
 * @param hostOut Register file: the host's registers before TDH.VP.ENTER, changed in place.
 */
export function asyncHostView(
  statusLow: number,
  statusHighHalf: number,
  vmIndex: number,
  information: Int32Array,
  hostOut: Int32Array,
  hostXmmOut: Int32Array,
): void {
  for (let register = 0; register < GPR_COUNT; register++) {
    if (register === GPR.RSP) continue;
    const described = (EXIT_INFORMATION >>> register) & 1;
    hostOut[2 * register] = described ? information[2 * register] : 0;
    hostOut[2 * register + 1] = described ? information[2 * register + 1] : 0;
  }
  hostOut[2 * GPR.RAX] = statusLow;
  hostOut[2 * GPR.RAX + 1] = statusHighHalf;
  hostOut[2 * GPR.RCX + 1] = (hostOut[2 * GPR.RCX + 1] & ~VM_INDEX_HIGH_MASK) | vmIndex;
  hostXmmOut.fill(0, 0, 4 * XMM_COUNT);
}
