/** A trace as lines: address, disassembly, and what each instruction changed. */
import { readHalves } from '../halves.js';
import { hex } from '../text/hex.js';
import { stateChanges } from '../triage/state-changes.js';
import { stepText, worldText } from '../triage/step-text.js';
import type { Step } from '../triage/trace.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';

export interface TraceLine {
  index: number;
  /** `symbol+0x1c`. */
  place: string;
  text: string;
  /** `r10: 0x0 -> 0x1`, `[0xffff...] <- 0x1 (8)`. */
  changes: string[];
}

export function traceLine(step: Step, index: number, place: (address: bigint) => string): TraceLine {
  const line = { index, place: place(step.address), text: stepText(step, place) };
  if (step.interrupt) return { ...line, changes: [] };
  const world = worldText(step, place);
  const changes = stateChanges(step.before, step.after).map(
    ({ name, old, now }) => `${name}: ${hex(old)} -> ${hex(now)}`,
  );
  return { ...line, changes: [...(world === undefined ? [] : [world]), ...changes, ...stores(step)] };
}

function stores({ events }: Step): string[] {
  const lines: string[] = [];
  for (let at = 0; at < events.length; at += EVENT_WORDS) {
    const kind = events[at + EVENT_WORD.KIND];
    if (kind !== EVENT.Store && kind !== EVENT.Push) continue;
    const address = hex(readHalves(events, at + EVENT_WORD.ADDRESS_LOW));
    lines.push(
      `[${address}] <- ${hex(readHalves(events, at + EVENT_WORD.VALUE_LOW))} (${events[at + EVENT_WORD.SIZE] & 0xff})`,
    );
  }
  return lines;
}
