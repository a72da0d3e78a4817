/** What the place of a violation of a play depends on. */
import type { Values } from '../../models/exchange/exchange.js';
import type { Observed } from '../play/observed.js';
import type { PlayViolation } from '../play/play-judge.js';
import type { PlayRunner } from '../play/play-runner.js';
import type { ProgramStage } from '../stage/program-stage.js';
import { EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { VECTOR_STATE } from '../stage/vector-state.js';
import { isOfFlags, locationOf } from './play-wrong.js';

/** @returns undefined where it depends on values, which differ from play to play */
export function placeKeyInPlay(
  { clause: { index, clause }, entry }: PlayViolation,
  { session, play }: PlayRunner,
): string | undefined {
  const { observed, expected } = entry;
  const place = clause.kind === 'agrees' ? locationOf(clause.name, entry) : undefined;
  // Which instruction changed a flag, or vector state, is no question of the way alone.
  if (clause.kind === 'agrees' && place === undefined && (isOfFlags(clause.name) || clause.name === VECTOR_STATE))
    return undefined;
  // Where an exchange is missing the code is done, and its machine stands where its way has ended.
  const { stage, pathLow, pathHigh, instructions } = observed ?? wayOf(session.stages[0]);
  const accesses = accessesBefore(stage, instructions);
  const site = clause.kind === 'agrees' ? observed?.sites?.[clause.name] : undefined;
  const key = [index, observed?.moment, expected?.moment, pathLow, pathHigh, site ?? observed?.at, accesses];
  if (place !== undefined && 'address' in place) key.push(place.address);
  for (const before of play.entries) {
    if (before === entry) break;
    if (before.observed?.stage === stage) key.push(answerKind(before.observed, before.answer));
  }
  return key.join();
}

function wayOf(stage: ProgramStage): Pick<Observed, 'stage' | 'pathLow' | 'pathHigh' | 'instructions'> {
  const { pathHashLow: pathLow, pathHashHigh: pathHigh, instructionCount: instructions } = stage.machine;
  return { stage, pathLow, pathHigh, instructions };
}

/** Which registers an answer wrote is no question of the way alone: of a failed call the code may look at none. */
function answerKind({ moment, values }: Observed, answer: Values): string {
  const { status = 0n, carry = 0n } = answer;
  if (moment === 'TDVMCALL') return `${values['rax']} ${values['rcx']} ${status === 0n}`;
  if (moment === 'TDCALL') return `${values['rax']} ${status >> 32n}`;
  return moment === 'SEAMCALL' ? `${carry} ${Object.keys(answer).join(' ')}` : '';
}

/** A hash of where the accesses to memory before an exchange went: a value may come from another place on the same way. */
function accessesBefore({ machine }: ProgramStage, instructions: number): number {
  const { events } = machine;
  const end = machine.eventCount * EVENT_WORDS;
  let hash = 0;
  for (let at = 0; at < end && events[at + EVENT_WORD.INSTRUCTION_COUNT] <= instructions; at += EVENT_WORDS)
    for (const word of [EVENT_WORD.KIND, EVENT_WORD.ADDRESS_LOW, EVENT_WORD.ADDRESS_HIGH, EVENT_WORD.SIZE])
      hash = (Math.imul(hash, PRIME) ^ events[at + word]) | 0;
  return hash;
}

/** FNV-1a's, for 32 bits. */
const PRIME = 0x01000193;
