/** What the host decides by what it answers: no address, no jump target. */
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { readHalves } from '../halves.js';
import { STOP } from '../stage/stage.js';
import { hex } from '../text/hex.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Run } from './run.js';
import type { Variation } from './variation.js';
import type { Scene } from './scene.js';

/** Compares two runs that differ in what the host answered. */
export function judgeHostChoice(scene: Scene, run: Run, companion: Run, variation: Variation): void {
  const other = otherAddress(run, companion);
  const goesElsewhere = run.path !== companion.path || ripOf(run) !== ripOf(companion);
  const faultsElsewhere = run.faultAddress !== companion.faultAddress;
  if (other === undefined && !goesElsewhere && !faultsElsewhere) return;
  const steps = scene.steps(run.draw);
  const others = scene.steps(run.draw, variation);
  const end = partingOf(steps, others);
  // Where the ways have parted before, another address is another way's.
  if (other !== undefined && stepAt(run, other) < end) {
    const address = readHalves(run.events, other + EVENT_WORD.ADDRESS_LOW);
    return reportAddress(scene, readHalves(run.events, other + EVENT_WORD.RIP_LOW), hex(address));
  }
  if (end < 1 || !hasCalled(run, end)) return;
  const last = steps[end - 1];
  const instruction = scene.instruction(last);
  if (instruction === undefined || instruction.target !== undefined) return;
  if (['branch', 'call', 'return'].includes(instruction.flow)) {
    scene.report({
      rule: 'host-jump',
      subject: '',
      address: last,
      found: 'where the code goes on depends on what the host answered',
    });
    return;
  }
  // One of them ends here, in a fault of an access that the other makes elsewhere.
  const faulted = [run, companion].find(({ end: how, faultAddress }) => how === STOP.faulted && faultAddress !== 0n);
  if (faulted !== undefined && faultsElsewhere && ripOf(faulted) === last)
    reportAddress(scene, last, hex(faulted.faultAddress));
}

function reportAddress(scene: Scene, address: bigint, accessed: string): void {
  scene.report({
    rule: 'host-address',
    subject: '',
    address,
    found: `the memory that is accessed (${accessed}) depends on what the host answered`,
  });
}

function ripOf({ final }: Run): bigint {
  return readHalves(final, 2 * STATE.RIP);
}

/** Steps that two runs have in common. */
function partingOf(steps: readonly bigint[], others: readonly bigint[]): number {
  const at = steps.findIndex((address, step) => others[step] !== address);
  return at < 0 ? steps.length : at;
}

/** Whether a TDVMCALL is among the first steps of a run. */
function hasCalled({ calls }: Run, steps: number): boolean {
  const first = calls.find(({ isVmcall }) => isVmcall);
  return first !== undefined && first.count < steps - 1;
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
