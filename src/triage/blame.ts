/**
 * The instruction that a violation is put down to:
 *
 * - a wrong register at the call or at the return: the last executed instruction that wrote it (for a missing scrub or
 *   restore that is the one which brought the value, so the call for a host value), or the call that passed it on as it came;
 * - memory: the instruction that did the access, for a block field the last one that wrote it, else the call;
 * - how the run ended: the last instruction;
 * - flags, vector state: the last instruction that changed them;
 * - STI: the STI, or the call where it is missing;
 * - a path or an address that depends on something it must not: where the two runs part.
 */
import { highHalf, lowHalf } from '../halves.js';
import type { Clause, Term } from '../clause/clause.js';
import type { CompiledContract } from '../contract/compiled.js';
import { FACT, slotValue } from '../observation/layout.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import type { Step, Trace } from './trace.js';

export interface BlameContext {
  compiled: CompiledContract;
  base: Trace;
  /** The companion that the clause compares with, for `independent`. */
  companion: Trace | undefined;
  /** Address of a block field in the base run. */
  fieldAddress: (field: string) => bigint;
}

/** @returns index of the step that is to blame */
export function blame(clause: Clause, context: BlameContext): number {
  const { steps } = context.base;
  switch (clause.kind) {
    case 'when':
      return blame(clause.clause, context);
    case 'equal':
      return blameTerm(clause.left, context, clause.mask);
    case 'zero':
    case 'oneOf':
    case 'within':
      return blameTerm(clause.term, context);
    case 'independent':
      return blameFlow(clause.term, context);
    case 'endedAs':
    case 'endedAsOrBlockFault':
      return lastExecuted(steps);
    case 'noWriteOutside':
      return instructionOf(context.base, FACT.firstStrayWrite);
    case 'noAccessBelowStackPointer':
      return instructionOf(context.base, FACT.firstBelowStack);
    case 'before': {
      const sti = steps.findLastIndex(({ events }) => hasEvent(events, isSti));
      return sti < 0 ? firstCall(steps) : sti;
    }
  }
}

/** The step that executed the instruction whose address is in a slot. */
function instructionOf({ steps, observation }: Trace, slot: number): number {
  const address = slotValue(observation, slot);
  const at = steps.findIndex((step) => step.address === address);
  return at < 0 ? lastExecuted(steps) : at;
}

function blameTerm(term: Term, context: BlameContext, mask?: bigint): number {
  const { steps } = context.base;
  switch (term.kind) {
    case 'register': {
      const end = term.moment === 'call' ? firstCall(steps) : steps.length;
      if (term.register === 'rflags') return lastFlagChange(steps, Number(mask ?? 0xffffffffn));
      if (term.register === 'rip') return lastExecuted(steps);
      const writer = lastWriter(steps, end, REGISTER_INDEX[term.register]);
      // What nobody wrote was exposed or passed as it came: by the call.
      return writer < 0 ? firstCall(steps) : writer;
    }
    case 'field':
      return lastFieldWriter(context, term.field);
    case 'vector': {
      const word = 2 * vectorStateSlot(term.part);
      return Math.max(
        0,
        steps.findLastIndex(
          ({ before, after }) => before[word] !== after[word] || before[word + 1] !== after[word + 1],
        ),
      );
    }
    case 'fact':
      return blameFact(term.fact, steps);
    default:
      return lastExecuted(steps);
  }
}

function blameFact(fact: string, steps: readonly Step[]): number {
  if (fact === 'stiCount') {
    const sti = steps.findLastIndex(({ events }) => hasEvent(events, isSti));
    return sti < 0 ? firstCall(steps) : sti;
  }
  if (fact === 'calls' || fact === 'restOfHostView' || fact === 'hostExits') {
    const call = steps.findLastIndex(isCall);
    return call < 0 ? lastExecuted(steps) : call;
  }
  return lastExecuted(steps);
}

/** Where a value came from that must not depend on something: for the whole run, where the two runs part. */
function blameFlow(term: Term, context: BlameContext): number {
  const { base, companion } = context;
  if (term.kind !== 'fact' || companion === undefined) return blameTerm(term, context);
  if (term.fact === 'path' || term.fact === 'pathToHost') {
    return lastExecuted(base.steps.slice(0, partingOf(base.steps, companion.steps, samePlace)));
  }
  if (term.fact === 'addresses') {
    const parting = partingOf(base.steps, companion.steps, sameAddresses);
    return Math.min(parting, base.steps.length - 1);
  }
  return blameTerm(term, context);
}

function partingOf(a: readonly Step[], b: readonly Step[], same: (x: Step, y: Step) => boolean): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) if (!same(a[index], b[index])) return index;
  return shorter;
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

function lastWriter(steps: readonly Step[], end: number, register: number): number {
  for (let index = end - 1; index >= 0; index--) {
    const step = steps[index];
    if (step.interrupt || step.instruction === undefined) continue;
    const byWorld = isCall(step) || step.raised !== undefined;
    const writes = byWorld ? step.worldWrote : step.instruction.writesRegisters;
    if ((writes >>> register) & 1) return index;
  }
  return -1;
}

function lastFlagChange(steps: readonly Step[], mask: number): number {
  const flags = 2 * STATE.RFLAGS;
  return Math.max(
    0,
    steps.findLastIndex(({ before, after }) => ((before[flags] ^ after[flags]) & mask) !== 0),
  );
}

function lastFieldWriter(context: BlameContext, field: string): number {
  const { steps } = context.base;
  const address = context.fieldAddress(field);
  const low = lowHalf(address);
  const high = highHalf(address);
  const writes = (events: Int32Array, at: number): boolean => {
    const kind = events[at + EVENT_WORD.KIND];
    if (kind !== EVENT.Store && kind !== EVENT.Push) return false;
    const distance = (events[at + EVENT_WORD.ADDRESS_LOW] - low) | 0;
    return (
      events[at + EVENT_WORD.ADDRESS_HIGH] === high && distance < 8 && distance > -(events[at + EVENT_WORD.SIZE] & 0xff)
    );
  };
  const writer = steps.findLastIndex(({ events }) => hasEvent(events, writes));
  return writer < 0 ? firstCall(steps) : writer;
}

/** The first call, or the last instruction when there was none. */
function firstCall(steps: readonly Step[]): number {
  const call = steps.findIndex(isCall);
  return call < 0 ? lastExecuted(steps) : call;
}

function isCall(step: Step): boolean {
  return step.call !== undefined;
}

function isSti(events: Int32Array, at: number): boolean {
  return events[at + EVENT_WORD.KIND] === EVENT.Sti;
}

/**
 * The last step that is an instruction of the image: a fetch fault is blamed on what jumped there, and the RET of a
 * thunk that the world lends on the jump to the thunk.
 */
function lastExecuted(steps: readonly Step[]): number {
  return Math.max(
    0,
    steps.findLastIndex(({ instruction, interrupt, lent }) => !interrupt && !lent && instruction !== undefined),
  );
}

/** The machine's state slot of a part of the vector state: `mxcsr`, `x87cw`, `xmm3.low`... */
function vectorStateSlot(part: string): number {
  if (part === 'mxcsr') return STATE.MXCSR;
  if (part === 'x87cw') return STATE.X87_CW;
  const [register, half] = part.split('.');
  return STATE.XMM + 2 * Number(register.slice(3)) + (half === 'high' ? 1 : 0);
}

function hasEvent(events: Int32Array, matches: (events: Int32Array, at: number) => boolean): boolean {
  for (let at = 0; at < events.length; at += EVENT_WORDS) if (matches(events, at)) return true;
  return false;
}
