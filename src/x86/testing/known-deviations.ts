import { Mnemonic } from 'iced-x86';
import { ARITHMETIC_FLAGS } from '../flags.js';
import type { CasePlan } from './case-plan.js';

/** Where the machine is known to differ from the CPU; such a difference is counted apart. */
export interface KnownDeviation {
  readonly name: string;
  /** For people: what the CPU does and what the machine does. */
  readonly text: string;
  /** Flags that the deviation concerns in a case that ended with this vector (-1: none). */
  readonly flags?: (plan: CasePlan, trap: number) => number;
  /** Whether it concerns all that an instruction does. */
  readonly everything?: (plan: CasePlan) => boolean;
}

/** Every entry is a task: once the machine is right, the full run says that nothing deviates, and the entry goes. */
export const KNOWN_DEVIATIONS: readonly KnownDeviation[] = [
  {
    name: 'flags of a faulting REP CMPS or SCAS',
    text: 'a fault after the first iteration leaves the flags as they were before the instruction (SDM volume 2, REP); the machine has those of the last finished iteration',
    flags: (plan, trap) =>
      trap >= 0 && plan.repeats && /^(Cmps|Scas)/.test(Mnemonic[plan.row.mnemonic]) ? ARITHMETIC_FLAGS : 0,
  },
  {
    name: 'bit offset behind a 32-bit address',
    text: 'with an address-size prefix, BT, BTS, BTR and BTC with a register offset reach an address that is cut to 32 bits after the offset was added; the machine cuts it before',
    everything: (plan) => plan.bitOffset >= 0 && plan.memory.some(({ is32 }) => is32),
  },
];
