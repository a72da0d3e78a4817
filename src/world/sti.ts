import { MOMENT, RFLAGS_OFFSET } from '../observation/layout.js';
import { FAULT, type Scenario, SLOT } from '../scenario/layout.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { FLAG } from '../x86/flags.js';
import type { Machine } from '../x86/machine.js';

/** Whether the instruction before the one at which the machine stands was an STI. */
export function isBehindSti({ events, eventCount, instructionCount }: Machine): boolean {
  const last = (eventCount - 1) * EVENT_WORDS;
  return (
    last >= 0 &&
    events[last + EVENT_WORD.KIND] === EVENT.Sti &&
    events[last + EVENT_WORD.INSTRUCTION_COUNT] === instructionCount - 1
  );
}

/**
 * Whether an STI right before the TDCALL at which the machine stands is what opened interrupts: it has a shadow only if they were
 * closed until then, and where the caller left them open it needs none. (An NMI ends a shadow.)
 */
export function opensAtCall(machine: Machine, scenario: Scenario, observation: Int32Array): boolean {
  const atEntry = observation[2 * (MOMENT.initial + RFLAGS_OFFSET)];
  return (
    isBehindSti(machine) &&
    (machine.shadow === 1 || (atEntry & FLAG.IF) !== 0 || scenario[2 * SLOT.faultKind] === FAULT.nmi)
  );
}
