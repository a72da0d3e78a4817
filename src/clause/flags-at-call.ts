import type { CompiledContract } from '../contract/compiled.js';
import { atCall, type Clause, equal, initial, predictedRegister, when } from './clause.js';

/** RFLAGS.IF 9; and DF 10, TF 8, NT 14, AC 18, IOPL 13:12 (Intel SDM volume 1, 3.4.3). */
const IF = 0x200n;
const OTHERS = 0x47500n;

/** The flags that a call must leave alone. */
export const SYSTEM_FLAGS = IF | OTHERS;

/** RFLAGS at the wrapped instruction: interrupts are open there, or closed, as the contract has it, and the others as at the entry. */
export function keepsFlagsAtCall({ contract }: CompiledContract): Clause[] {
  const called = { kind: 'called' } as const;
  if (contract.interruptsAtCall === undefined)
    return [when(called, equal(atCall('rflags'), predictedRegister('call', 'rflags'), SYSTEM_FLAGS))];
  return [
    when(called, equal(atCall('rflags'), initial('rflags'), OTHERS)),
    when(called, equal(atCall('rflags'), predictedRegister('call', 'rflags'), IF)),
  ];
}
