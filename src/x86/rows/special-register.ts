import { Register } from 'iced-x86';
import { ENVIRONMENT } from '../environment.js';
import type { Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';

/** Register files that the machine does not have. */
const OUTSIDE = [
  { first: Register.ES, last: Register.GS, number: ENVIRONMENT.SegmentRegister },
  { first: Register.CR0, last: Register.CR15, number: ENVIRONMENT.ControlRegister },
  { first: Register.DR0, last: Register.DR15, number: ENVIRONMENT.DebugRegister },
] as const;

/** If an operand is a segment, control or debug register, none of which the machine has: the environment call, and true. */
export function accessesSpecialRegister(l: Lifter): boolean {
  for (let operand = 0; operand < l.instruction.opCount; operand++) {
    if (!l.isRegister(operand)) continue;
    const register = l.instruction.opRegister(operand);
    for (const { first, last, number } of OUTSIDE) {
      if (register < first || register > last) continue;
      l.emit(OP.Environment, 0, 0, 0, number);
      return true;
    }
  }
  return false;
}
