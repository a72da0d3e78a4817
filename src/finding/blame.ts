/**
 * The instruction that a violation is put down to, by one rule for every kind of code:
 *
 * - a wrong value: the instruction that computed it, through whatever carried it since; where nobody computed it, the last
 *   one that carried it (for a missing scrub or restore that is the one which brought the value, so the call for a host
 *   value); where nobody wrote it at all, the exchange at which it was looked at; at the return the last TDCALL or SEAMCALL
 *   before, else the last function outside that was called, else the return itself;
 * - flags, vector state: the last instruction that changed them;
 * - an access where none may be: the instruction that did it;
 * - STI: the STI, or the call where it is missing;
 * - how the run ended: the last instruction of the code under test;
 * - code that goes on where it had to stop: the first decision behind the call, which is where its status is looked at;
 * - an exchange that should not be there, or is missing, and a loop without an end: the last decision;
 * - a path or an address that depends on something it must not: where the two runs part.
 */
import type { Step } from '../run/trace.js';
import type { CaseTrace } from '../run/runner.js';
import type { Moment, Wrong } from '../run/wrong.js';
import { changesVectorState } from '../stage/vector-state.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { SLOT as STATE } from '../x86/layout.js';
import { originOf } from './origin.js';

/** @returns index of the step that is to blame, -1 where there is none at all */
export function blame(wrong: Wrong, trace: CaseTrace): number {
  const { steps } = trace;
  switch (wrong.kind) {
    case 'value': {
      const origin = originOf(steps, boundOf(steps, wrong.at), wrong.location);
      return origin >= 0 ? origin : lookedAt(steps, wrong.at);
    }
    case 'flags': {
      const changed = steps.slice(0, boundOf(steps, wrong.at)).findLastIndex(changesFlags(wrong.mask));
      return changed >= 0 ? changed : lookedAt(steps, wrong.at);
    }
    case 'vector': {
      const changed = steps.slice(0, boundOf(steps, wrong.at)).findLastIndex(changesVector(wrong.words));
      return changed >= 0 ? changed : lookedAt(steps, wrong.at);
    }
    case 'instruction': {
      const at = steps.findIndex(({ address }) => address === wrong.address);
      return at >= 0 ? at : lastExecuted(steps);
    }
    case 'sti': {
      const sti = steps.findLastIndex(({ events }) => hasEvent(events, isSti));
      return sti >= 0 ? sti : firstCall(steps);
    }
    case 'calls':
      return lookedAt(steps, wrong.at);
    case 'end':
      return lastExecuted(steps);
    case 'goes on': {
      const call = steps.findLastIndex(isCall);
      const first = steps.findIndex((step, index) => index > call && isDecision(step));
      return call < 0 ? lastDecision(steps) : first >= 0 ? first : call;
    }
    case 'decision':
      return lastDecision(steps);
    case 'parted':
      return parting(wrong.in, steps, trace[wrong.companion]);
  }
}

/** Steps before this one may have made what was looked at. The exchange itself has not been answered by then. */
function boundOf(steps: readonly Step[], at: Moment): number {
  if (at === 'first call') {
    const call = steps.findIndex(isCall);
    return call < 0 ? steps.length : call;
  }
  const last = steps.at(-1);
  return at === 'exchange' && last !== undefined && isCall(last) ? steps.length - 1 : steps.length;
}

/** Where something was looked at that no instruction made: it was passed on as it came, or is the exchange itself. */
function lookedAt(steps: readonly Step[], at: Moment): number {
  if (at === 'first call') return firstCall(steps);
  if (at === 'exchange') return steps.length - 1;
  // Of a case of several calls only the last one counts.
  const begun = steps.findLastIndex((step, index) => index < steps.length - 1 && endsCall(step));
  const call = steps.findLastIndex(isCall);
  if (call > begun) return call;
  const exchange = steps.findLastIndex(isExchange);
  return exchange > begun ? exchange : lastExecuted(steps);
}

/** Whether the world began another call behind the step: every register was set anew. */
function endsCall({ worldWrote, call }: Step): boolean {
  return call === undefined && worldWrote === ALL_REGISTERS;
}

const ALL_REGISTERS = 0xffff;

/** Whether the code left for the outside, and was answered. */
function isExchange(step: Step): boolean {
  return isCall(step) || (step.worldWrote !== 0 && !endsCall(step));
}

/** TDCALL or SEAMCALL. */
function isCall({ call, instruction, interrupt }: Step): boolean {
  return !interrupt && (call !== undefined || instruction?.flow === 'environment');
}

/** The first call, or the last instruction when there was none. */
function firstCall(steps: readonly Step[]): number {
  const call = steps.findIndex(isCall);
  return call < 0 ? lastExecuted(steps) : call;
}

function isDecision({ instruction, interrupt }: Step): boolean {
  return !interrupt && instruction?.flow === 'conditional';
}

function lastDecision(steps: readonly Step[]): number {
  const last = steps.findLastIndex(isDecision);
  return last >= 0 ? last : lastExecuted(steps);
}

/**
 * The last step that is an instruction of the image: a fetch fault is blamed on what jumped there, and the RET of a
 * thunk that the world lends on the jump to the thunk.
 */
function lastExecuted(steps: readonly Step[]): number {
  const last = steps.findLastIndex(
    ({ instruction, interrupt, worlds }) => !interrupt && !worlds && instruction !== undefined,
  );
  return last >= 0 ? last : steps.length === 0 ? -1 : 0;
}

function changesFlags(mask: number): (step: Step) => boolean {
  const flags = 2 * STATE.RFLAGS;
  return ({ before, after }) => ((before[flags] ^ after[flags]) & mask) !== 0;
}

function changesVector(words: { from: number; to: number } | undefined): (step: Step) => boolean {
  return ({ before, after }) => {
    if (words === undefined) return changesVectorState(before, after);
    for (let word = words.from; word < words.to; word++) if (before[word] !== after[word]) return true;
    return false;
  };
}

/** Where two runs part: in the path the last instruction that both executed, in the addresses the one that differs. */
function parting(what: 'path' | 'addresses', steps: readonly Step[], companion: readonly Step[] = []): number {
  const same = what === 'path' ? samePlace : sameAddresses;
  const shorter = Math.min(steps.length, companion.length);
  let at = 0;
  while (at < shorter && same(steps[at], companion[at])) at++;
  return what === 'path' ? lastExecuted(steps.slice(0, at)) : Math.min(at, steps.length - 1);
}

function samePlace(a: Step, b: Step): boolean {
  return a.address === b.address;
}

function sameAddresses(a: Step, b: Step): boolean {
  if (a.events.length !== b.events.length) return false;
  for (let at = 0; at < a.events.length; at += EVENT_WORDS) {
    for (const word of [EVENT_WORD.KIND, EVENT_WORD.ADDRESS_LOW, EVENT_WORD.ADDRESS_HIGH, EVENT_WORD.SIZE]) {
      if (a.events[at + word] !== b.events[at + word]) return false;
    }
  }
  return samePlace(a, b) && a.interrupt === b.interrupt && sameFault(a, b);
}

/** An access that faulted left no event, but the runs then go on differently. */
function sameFault(a: Step, b: Step): boolean {
  return (a.after[2 * STATE.RIP] === a.before[2 * STATE.RIP]) === (b.after[2 * STATE.RIP] === b.before[2 * STATE.RIP]);
}

function isSti(events: Int32Array, at: number): boolean {
  return events[at + EVENT_WORD.KIND] === EVENT.Sti;
}

function hasEvent(events: Int32Array, matches: (events: Int32Array, at: number) => boolean): boolean {
  for (let at = 0; at < events.length; at += EVENT_WORDS) if (matches(events, at)) return true;
  return false;
}
