import { GPR, GPR_COUNT, XMM_COUNT, gprMask } from '../abi/registers.js';
import type { ModuleConfiguration } from './configuration.js';
import { operandInvalidRcx } from './status.js';

/**
 * TDG.VP.VMCALL, module 1.5.01 (docs/abi/tdvmcall.md): which exposure masks are legal, what the host sees at the exit,
 * and what the guest has after the re-entry. General registers are `Int32Array(32)`, XMM `Int32Array(64)`, least
 * significant word first; the RSP slots pass from `guest` to `guestOut` and from `hostBefore` to `hostOut` untouched.
 * Nothing allocates, and an output may be the same array as the input that it continues.
 */

/** RAX of a TDVMCALL exit as the host sees it: VM exit reason TDCALL, status class 0. */
export const VMCALL_EXIT_REASON = 77;

/** Mask bits that are never legal: RAX carries the status, RCX the mask, RSP is never shared. */
const NEVER_SHARED = gprMask('RAX', 'RCX', 'RSP');
const RBP_BIT = gprMask('RBP');

/**
 * Whether the module takes this exposure mask. Mask 0 is legal; R10 and R11 are not required.
 *
 * @param rcxLow RCX bits 31:0: GPR mask in 15:0, XMM mask in 31:16.
 * @param rcxHigh RCX bits 63:32, must be zero.
 */
export function vmcallMaskIsLegal(config: ModuleConfiguration, rcxLow: number, rcxHigh: number): boolean {
  if (rcxHigh !== 0 || (rcxLow & NEVER_SHARED) !== 0) return false;
  return !config.noRbpMod || (rcxLow & RBP_BIT) === 0;
}

/**
 * The guest after a refused mask: RAX = OPERAND_INVALID|RCX, every other register as before. RIP advances all the same.
 */
export function vmcallReject(guest: Int32Array, guestOut: Int32Array): void {
  guestOut.set(guest);
  operandInvalidRcx(guestOut);
}

/**
 * What the host holds after TDH.VP.ENTER returned with the TDVMCALL: RAX = 77, RCX = the mask, a masked register = the
 * guest's value, an unmasked one = 0. With NO_RBP_MOD the host's RBP is its own.
 *
 * @param guest Guest registers at TDCALL; RCX is a legal mask.
 * @param hostBefore The host's registers before TDH.VP.ENTER.
 */
export function vmcallHostView(
  config: ModuleConfiguration,
  guest: Int32Array,
  guestXmm: Int32Array,
  hostBefore: Int32Array,
  hostOut: Int32Array,
  hostXmmOut: Int32Array,
): void {
  const mask = guest[2 * GPR.RCX];
  for (let register = 0; register < GPR_COUNT; register++) {
    const at = 2 * register;
    if (register === GPR.RSP || (register === GPR.RBP && config.noRbpMod)) {
      hostOut[at] = hostBefore[at];
      hostOut[at + 1] = hostBefore[at + 1];
    } else if ((mask >>> register) & 1) {
      hostOut[at] = guest[at];
      hostOut[at + 1] = guest[at + 1];
    } else {
      hostOut[at] = 0;
      hostOut[at + 1] = 0;
    }
  }
  hostOut[2 * GPR.RAX] = VMCALL_EXIT_REASON;
  hostOut[2 * GPR.RCX] = mask;
  // Most masks share no XMM: the common case, without 64 steps.
  if (mask >>> 16 === 0) {
    hostXmmOut.fill(0);
    return;
  }
  for (let register = 0; register < XMM_COUNT; register++) {
    const shared = (mask >>> (16 + register)) & 1;
    for (let word = 4 * register; word < 4 * register + 4; word++) hostXmmOut[word] = shared ? guestXmm[word] : 0;
  }
}

/**
 * TDG.VP.VMCALL as the host meets it.
 *
 * @returns True if the TD exits: `hostOut` and `hostXmmOut` hold what the host sees. False if the mask is refused:
 *   neither is written, and the guest goes on as {@link vmcallReject} says.
 */
export function vmcallExit(
  config: ModuleConfiguration,
  guest: Int32Array,
  guestXmm: Int32Array,
  hostBefore: Int32Array,
  hostOut: Int32Array,
  hostXmmOut: Int32Array,
): boolean {
  if (!vmcallMaskIsLegal(config, guest[2 * GPR.RCX], guest[2 * GPR.RCX + 1])) return false;
  vmcallHostView(config, guest, guestXmm, hostBefore, hostOut, hostXmmOut);
  return true;
}

/**
 * The guest after the host re-entered: RAX = 0, RCX = its own mask, a masked register = what the host holds at
 * TDH.VP.ENTER, an unmasked one = the guest's old value. RFLAGS do not change; RIP had advanced at the exit.
 *
 * @param guest Guest registers at TDCALL; RCX is a legal mask.
 * @param hostReenter The host's registers at the TDH.VP.ENTER that resumes the guest.
 */
export function vmcallReturn(
  guest: Int32Array,
  guestXmm: Int32Array,
  hostReenter: Int32Array,
  hostXmmReenter: Int32Array,
  guestOut: Int32Array,
  guestXmmOut: Int32Array,
): void {
  const mask = guest[2 * GPR.RCX];
  for (let register = 0; register < GPR_COUNT; register++) {
    const from = (mask >>> register) & 1 ? hostReenter : guest;
    guestOut[2 * register] = from[2 * register];
    guestOut[2 * register + 1] = from[2 * register + 1];
  }
  guestOut[2 * GPR.RAX] = 0;
  guestOut[2 * GPR.RAX + 1] = 0;
  if (mask >>> 16 === 0) {
    guestXmmOut.set(guestXmm);
    return;
  }
  for (let register = 0; register < XMM_COUNT; register++) {
    const from = (mask >>> (16 + register)) & 1 ? hostXmmReenter : guestXmm;
    for (let word = 4 * register; word < 4 * register + 4; word++) guestXmmOut[word] = from[word];
  }
}

/**
 * A TDVMCALL that the module fails for whatever reason: RAX holds the status, nothing else changes.
 *
 * @param statusLow Bits 31:0 of any nonzero status.
 * @param statusHighHalf Bits 63:32.
 */
export function vmcallFail(guest: Int32Array, statusLow: number, statusHighHalf: number, guestOut: Int32Array): void {
  guestOut.set(guest);
  guestOut[2 * GPR.RAX] = statusLow;
  guestOut[2 * GPR.RAX + 1] = statusHighHalf;
}
