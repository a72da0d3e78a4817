/** What the host decides by what it answers: no address, no jump target. */
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { readHalves } from '../halves.js';
import { hex } from '../text/hex.js';
import type { Run, Variation } from './run.js';
import type { Scene } from './scene.js';

/** Compares two runs that differ in what the host answered. */
export function judgeHostChoice(scene: Scene, run: Run, companion: Run, variation: Variation): void {
  const other = otherAddress(run, companion);
  const parted = run.path !== companion.path;
  if (other === undefined && !parted) return;
  const steps = scene.steps(run.draw);
  const others = scene.steps(run.draw, variation);
  const end = steps.findIndex((address, step) => others[step] !== address);
  if (other !== undefined) {
    const instruction = readHalves(run.events, other + EVENT_WORD.RIP_LOW);
    // Where the ways have parted before, another address is another way's.
    if (end < 0 || stepAt(run, other) < end) {
      const address = readHalves(run.events, other + EVENT_WORD.ADDRESS_LOW);
      return scene.report({
        rule: 'host-address',
        subject: '',
        address: instruction,
        found: `the memory that is accessed (${hex(address)}) depends on what the host answered`,
      });
    }
  }
  if (end < 1) return;
  const last = steps[end - 1];
  const instruction = scene.instruction(last);
  if (instruction === undefined || instruction.target !== undefined) return;
  if (!['branch', 'call', 'return'].includes(instruction.flow)) return;
  scene.report({
    rule: 'host-jump',
    subject: '',
    address: last,
    found: 'where the code goes on depends on what the host answered',
  });
}

/** Instructions of a run before an event's: a step more for each thunk that the world lends makes no difference. */
function stepAt({ events }: Run, at: number): number {
  return events[at + EVENT_WORD.INSTRUCTION_COUNT];
}

/** The first access of a run behind its first call that the companion makes at the same place, but to another address. */
function otherAddress(run: Run, companion: Run): number | undefined {
  const [call] = run.calls;
  if (call === undefined) return undefined;
  const count = Math.min(run.events.length, companion.events.length);
  for (let at = call.events * EVENT_WORDS; at < count; at += EVENT_WORDS) {
    for (const word of [EVENT_WORD.RIP_LOW, EVENT_WORD.RIP_HIGH, EVENT_WORD.INSTRUCTION_COUNT])
      if (run.events[at + word] !== companion.events[at + word]) return undefined;
    if (run.events[at + EVENT_WORD.KIND] > EVENT.Pop) continue;
    for (const word of [EVENT_WORD.ADDRESS_LOW, EVENT_WORD.ADDRESS_HIGH])
      if (run.events[at + word] !== companion.events[at + word]) return at;
  }
  return undefined;
}
