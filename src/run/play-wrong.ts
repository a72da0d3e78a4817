/** What a clause over the exchanges of a program is about, for blame. */
import { maskOf } from '../../models/exchange/exchange.js';
import type { Entry } from '../play/play.js';
import type { PlayViolation } from '../play/play-judge.js';
import { VECTOR_STATE } from '../stage/vector-state.js';
import { FLAG } from '../x86/flags.js';
import { REGISTER_INDEX, REGISTER_NAMES, type RegisterName } from '../x86/registers.js';
import type { Location, Moment, Wrong } from './wrong.js';

export function wrongInPlay({ clause: { clause }, entry }: PlayViolation): Wrong {
  const { observed, expected } = entry;
  if (clause.kind === 'happens') {
    // A fault or trap is the instruction's own.
    if (observed?.moment === 'fault' || observed?.moment === 'trap') return { kind: 'end' };
    return expected?.moment === 'stop' ? { kind: 'goes on' } : { kind: 'decision' };
  }
  const { name } = clause;
  // A call ends with an exchange at which its outputs are looked at, wherever they were made.
  const at: Moment = observed?.kept !== undefined || observed?.places !== undefined ? 'end' : 'exchange';
  if (name === 'sti') return { kind: 'sti' };
  const site = observed?.sites?.[name];
  if (site !== undefined) return { kind: 'instruction', address: site };
  if (name === VECTOR_STATE) return { kind: 'vector', at };
  const location = locationOf(name, entry);
  if (location === undefined && isOfFlags(name)) {
    const mask = name === 'if' ? FLAG.IF : ~FLAG.IF & Number(maskOf(expected?.values[name] ?? 0n) & 0xffffffffn);
    return { kind: 'flags', mask, at };
  }
  return location === undefined ? { kind: 'calls', at } : { kind: 'value', location, at };
}

/** Whether a value that is no register and has no place in memory is of RFLAGS; a field may have such a name as well. */
export function isOfFlags(name: string): boolean {
  return name === 'if' || name === 'flags';
}

/** Where a value lies; undefined for flags, and for what the exchange itself is. */
export function locationOf(name: string, { observed }: Entry): Location | undefined {
  const place = observed?.places?.[name];
  if (place !== undefined) return place;
  if (isRegister(name)) return { register: REGISTER_INDEX[name] };
  const parameter = observed?.parameters?.indexOf(name) ?? -1;
  const inRegisters = observed?.stage.convention.parameters ?? [];
  return parameter < 0 || parameter >= inRegisters.length
    ? undefined
    : { register: REGISTER_INDEX[inRegisters[parameter]] };
}

function isRegister(name: string): name is RegisterName {
  return REGISTER_NAMES.some((register) => register === name);
}
