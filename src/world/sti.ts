import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
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
