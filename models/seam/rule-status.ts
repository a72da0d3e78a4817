import { OPERAND_IDS, type OperandName } from '../abi/operand-ids.js';
import { GPR } from '../abi/registers.js';
import { statusHigh } from '../abi/status.js';

/** The status that a rule gives when it is broken. */
export interface RuleStatus {
  /** Name of the status code. */
  readonly status: string;
  /** Operand id in details level 2, if the status names one. */
  readonly operand?: OperandName;
}

/** RAX = the rule's status; nothing else of the register file changes. */
export function writeRuleStatus({ status, operand }: RuleStatus, hostOut: Int32Array): void {
  hostOut[2 * GPR.RAX] = operand === undefined ? 0 : OPERAND_IDS[operand];
  hostOut[2 * GPR.RAX + 1] = statusHigh(status);
}
