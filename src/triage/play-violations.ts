/** From a violated clause of a play to the signature under which hits of one root cause are counted. */
import { maskOf } from '../../models/exchange/exchange.js';
import type { Observed } from '../play/call.js';
import type { Entry } from '../play/play.js';
import type { PlayRunner } from '../play/play-runner.js';
import type { JudgedExchangeClause, PlayViolation } from '../play/play-judge.js';
import { PARAMETER_REGISTERS } from '../stage/program-stage.js';
import { EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { FLAG } from '../x86/flags.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX, REGISTER_NAMES, type RegisterName } from '../x86/registers.js';
import { type Location, originOf } from './origin.js';
import { tracePlay } from './play-trace.js';
import { changesVectorState } from '../stage/vector-state.js';
import type { Step } from './trace.js';
import type { Signature } from './violation.js';

/**
 * Names the violations of the play that a runner ran last. The place depends on the way that the code went and on the
 * memory that it went through, so it is looked up once for each such combination and remembered: a broken program fails
 * often, and tracing is most of a failing case's cost.
 */
export class PlayViolations {
  private readonly known = new Map<string, Signature>();

  constructor(private readonly runner: PlayRunner) {}

  signatures(violations: readonly PlayViolation[]): Signature[] {
    // Looking plays the story again up to an entry: what the last play left must be read before.
    const keys = violations.map(keyOf);
    return violations.map((violation, index) => {
      let signature = this.known.get(keys[index]);
      if (signature === undefined) this.known.set(keys[index], (signature = this.look(violation)));
      return signature;
    });
  }

  private look({ clause, entry }: PlayViolation): Signature {
    const { runner } = this;
    const steps = stepsTo(runner, entry);
    return signatureOf(runner, clause, entry, steps, blamedStep(steps, clause, entry));
  }
}

/** The instructions of the machine that an entry of the last play was on, up to the entry. */
function stepsTo(runner: PlayRunner, entry: Entry): readonly Step[] {
  const { story, entries } = runner.play;
  const trace = tracePlay(runner, story, entries.indexOf(entry) + 1);
  return trace.get(entry.observed?.stage ?? runner.session.stages[0])?.steps ?? [];
}

/** @param step what `blamedStep` said */
export function signatureOf(
  { session }: PlayRunner,
  { property, text, slot }: JudgedExchangeClause,
  { observed }: Entry,
  steps: readonly Step[],
  step: number,
): Signature {
  const stage = observed?.stage ?? session.stages[0];
  const address = steps[step]?.address ?? observed?.at;
  const place = address === undefined ? 'nowhere' : stage.place(address);
  return { property: property.name, clause: text, slot, place };
}

/** Everything that the place depends on. */
function keyOf({ clause, entry }: PlayViolation): string {
  const { observed } = entry;
  if (observed === undefined) return `${clause.index}`;
  const site = clause.clause.kind === 'agrees' ? observed.sites?.[clause.clause.name] : undefined;
  return `${clause.index},${observed.pathLow},${observed.pathHigh},${site ?? observed.at},${accessesBefore(observed)}`;
}

/** A hash of where the accesses to memory before an exchange went: a value may come from another place on the same way. */
function accessesBefore({ stage: { machine }, instructions }: Observed): number {
  const { events } = machine;
  const end = machine.eventCount * EVENT_WORDS;
  let hash = 0;
  for (let at = 0; at < end && events[at + EVENT_WORD.INSTRUCTION_COUNT] <= instructions; at += EVENT_WORDS)
    for (const word of [EVENT_WORD.KIND, EVENT_WORD.ADDRESS_LOW, EVENT_WORD.SIZE])
      hash = (Math.imul(hash, PRIME) ^ events[at + word]) | 0;
  return hash;
}

/** FNV-1a's, for 32 bits. */
const PRIME = 0x01000193;

/** Index of the step that a violation is put down to, -1 if nothing in the trace had to do with it. */
export function blamedStep(steps: readonly Step[], { clause }: JudgedExchangeClause, entry: Entry): number {
  if (clause.kind === 'happens') return lastDecision(steps, entry);
  const origin = originOfValue(steps, clause.name, entry);
  if (origin >= 0) return origin;
  // What the code did not make it passed on as it came: by this exchange. The last step is the call of an external symbol.
  if (entry.observed?.parameters !== undefined) return steps.length - 1;
  const site = entry.observed?.sites?.[clause.name] ?? entry.observed?.at;
  return steps.findLastIndex(({ address }) => address === site);
}

/** Step that made a value, or -1. */
function originOfValue(steps: readonly Step[], name: string, entry: Entry): number {
  const { observed, expected } = entry;
  if (name === 'if' || name === 'flags') {
    const mask = name === 'if' ? FLAG.IF : ~FLAG.IF & Number(maskOf(expected?.values[name] ?? 0n) & 0xffffffffn);
    return steps.findLastIndex(
      ({ before, after }) => ((before[2 * STATE.RFLAGS] ^ after[2 * STATE.RFLAGS]) & mask) !== 0,
    );
  }
  if (name === 'vector') return steps.findLastIndex(({ before, after }) => changesVectorState(before, after));
  const location = locationOf(name, entry);
  // An exchange is itself the last step, unless an external symbol was reached.
  const last = steps[steps.length - 1];
  const end = last !== undefined && last.address === observed?.at ? steps.length - 1 : steps.length;
  return location === undefined ? -1 : originOf(steps, end, location);
}

function locationOf(name: string, { observed }: Entry): Location | undefined {
  const place = observed?.places?.[name];
  if (place !== undefined) return place;
  if (isRegister(name)) return { register: REGISTER_INDEX[name] };
  const parameter = observed?.parameters?.indexOf(name) ?? -1;
  return parameter < 0 ? undefined : { register: REGISTER_INDEX[PARAMETER_REGISTERS[parameter]] };
}

function isRegister(name: string): name is RegisterName {
  return REGISTER_NAMES.some((register) => register === name);
}

/**
 * What an exchange is put down to that should not be there, or that another stands in place of: the last decision before
 * it. Where the code should have stopped it has gone on for long: there it is the first decision behind the TDCALL, which
 * is where its status is looked at. A fault or trap is the instruction's own.
 */
function lastDecision(steps: readonly Step[], { observed, expected }: Entry): number {
  // A thunk that the world lends is somebody else's code: what jumped to it is to blame.
  if (observed?.moment === 'fault' || observed?.moment === 'trap') return steps.findLastIndex(({ lent }) => !lent);
  const isDecision = ({ instruction }: Step): boolean => instruction?.flow === 'conditional';
  if (expected?.moment === 'stop') {
    const call = steps.findLastIndex(({ instruction }) => instruction?.flow === 'environment');
    const first = steps.findIndex((step, index) => index > call && isDecision(step));
    if (call >= 0 && first >= 0) return first;
  }
  const last = steps.findLastIndex(isDecision);
  return last < 0 ? steps.length - 1 : last;
}
