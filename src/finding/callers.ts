/** From which calls code came to an instruction: what goes wrong in a callee is mostly its caller's doing, or concerns it. */
import { readHalves } from '../halves.js';
import type { Step } from '../run/trace.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX } from '../x86/registers.js';

/** A call, or a jump to another function, that has not come back yet. */
interface Open {
  readonly place: string;
  /** RSP at the first instruction behind it: where it is higher, the function has returned. */
  readonly stack: bigint;
}

/** The most that are told: code may call itself. */
const MOST = 16;

/**
 * Followed by the stack, whatever returns: RET, a thunk with RET in it, a jump out of several frames.
 *
 * @param index of a step
 * @param placeOf `symbol+0x1c`
 * @returns places of calls and of jumps to other functions, the last one first; empty in the function that was entered
 */
export function callersOf(steps: readonly Step[], index: number, placeOf: (address: bigint) => string): string[] {
  const open: Open[] = [];
  for (let at = 0; at < index; at++) {
    const next = steps[at + 1];
    const stack = stackOf(next);
    while (open.length > 0 && stack > open[open.length - 1].stack) open.pop();
    if (entersFunction(steps[at], next, placeOf)) open.push({ place: placeOf(steps[at].address), stack });
  }
  return open
    .reverse()
    .slice(0, MOST)
    .map(({ place }) => place);
}

function stackOf({ before }: Step): bigint {
  return readHalves(before, 2 * (STATE.GPR + REGISTER_INDEX.rsp));
}

/** Whether control goes to another function, and may come back from it. */
function entersFunction(step: Step, next: Step, placeOf: (address: bigint) => string): boolean {
  const { instruction, interrupt, address } = step;
  if (instruction === undefined || interrupt || step.worlds) return false;
  if (next.address === address + BigInt(instruction.length)) return false;
  if (instruction.flow === 'call') return true;
  if (instruction.flow !== 'branch' && instruction.flow !== 'conditional') return false;
  const [from, to] = [partsOf(placeOf(address)), partsOf(placeOf(next.address))];
  return to.offset === '0x0' && wholeName(to.name) !== wholeName(from.name);
}

function partsOf(place: string): { name: string; offset: string } {
  const at = place.lastIndexOf('+');
  return { name: place.slice(0, at), offset: place.slice(at + 1) };
}

/** What is seldom run of a function lies elsewhere under a name of its own. */
function wholeName(name: string): string {
  return name.replace(/\.cold(\.\d+)?$/, '');
}
