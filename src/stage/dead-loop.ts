/**
 * Recognises a loop in which nothing happens any more: `jmp .`, HLT or PAUSE in a loop. Within the last instructions of the
 * budget the whole state comes back to what it was, nothing was stored between, and nobody outside was asked: so it goes on
 * for ever: a contract may say that this is a stop. What the code pushes is no store: a push leaves the same every time round.
 */
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import type { Machine } from '../x86/machine.js';

/** Instructions at the end of the budget that are looked at: no longer a loop is found. */
const LONGEST = 64;

export class DeadLoop {
  private deadline = 0;
  private state: Int32Array | undefined;
  private firstEvent = 0;

  /** Whoever runs has changed something, or may have. */
  begin(deadline: number): void {
    this.deadline = deadline;
    this.state = undefined;
  }

  /** Instructions that may be run before the next look. */
  step({ instructionCount }: Machine): number {
    return Math.max(1, this.deadline - LONGEST - instructionCount);
  }

  /** Whether the loop is closed. Called behind every step. */
  closes(machine: Machine): boolean {
    const { state, instructionCount, eventCount } = machine;
    if (instructionCount < this.deadline - LONGEST) return false;
    if (this.state === undefined) {
      this.state = state.slice();
      this.firstEvent = eventCount;
      return false;
    }
    return isEqual(state, this.state) && !hasStored(machine, this.firstEvent);
  }
}

function isEqual(state: Int32Array, before: Int32Array): boolean {
  for (let word = 0; word < before.length; word++) if (state[word] !== before[word]) return false;
  return true;
}

function hasStored({ events, eventCount }: Machine, first: number): boolean {
  for (let index = first; index < eventCount; index++)
    if (events[index * EVENT_WORDS + EVENT_WORD.KIND] === EVENT.Store) return true;
  return false;
}
