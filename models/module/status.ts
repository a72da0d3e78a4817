import { OPERAND_IDS } from '../abi/operand-ids.js';
import { GPR } from '../abi/registers.js';
import { statusHigh } from '../abi/status.js';

const OPERAND_INVALID_HIGH = statusHigh('TDX_OPERAND_INVALID') | 0;

/** RAX = OPERAND_INVALID|RAX, what the dispatcher answers to a bad leaf, version or reserved bit; nothing else is written. */
export function operandInvalidRax(guestOut: Int32Array): void {
  guestOut[2 * GPR.RAX] = OPERAND_IDS.RAX;
  guestOut[2 * GPR.RAX + 1] = OPERAND_INVALID_HIGH;
}

/** RAX = OPERAND_INVALID|RCX, what TDG.VP.VMCALL answers to an illegal exposure mask; nothing else is written. */
export function operandInvalidRcx(guestOut: Int32Array): void {
  guestOut[2 * GPR.RAX] = OPERAND_IDS.RCX;
  guestOut[2 * GPR.RAX + 1] = OPERAND_INVALID_HIGH;
}
