/**
 * Where a value came from: the last instruction that computed it. Instructions that only carry it along (MOV between
 * registers and memory, PUSH, POP) are followed back, so that a wrong register at TDCALL is put down to the code that
 * made the value and not to the stub that loaded it.
 */
import { highHalf, joinHalves, lowHalf } from '../halves.js';
import type { Place } from '../stage/program-stage.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { REGISTER_INDEX, REGISTER_NAMES } from '../x86/registers.js';
import type { Step } from '../run/trace.js';
import type { Location } from '../run/wrong.js';

/** Bytes of a register and of its parts, in the order in which they are named below. */
const PART_BYTES = [8, 4, 2, 1] as const;

/**
 * A value that nobody computed came from the world: then the instruction that last carried it is to blame.
 *
 * @param end steps before this one are looked through
 * @returns index of the step, or -1 if no step had anything to do with the value
 */
export function originOf(steps: readonly Step[], end: number, location: Location): number {
  let sought = location;
  let carrier = -1;
  for (let index = end - 1; index >= 0; index--) {
    const step = steps[index];
    // Nothing was executed: the handler leaves every register as it was.
    if (step.interrupt) continue;
    if ('register' in sought) {
      const { register } = sought;
      // The answer to this step; behind the last one there is none yet.
      if (index + 1 < end && (step.worldWrote >>> register) & 1) return carrier < 0 ? index : carrier;
      if (((writes(step) >>> register) & 1) === 0) continue;
      const source = carriedFrom(step, register);
      if (source === undefined) return index;
      sought = source;
      if (carrier < 0) carrier = index;
    } else {
      const store = storeTo(step, sought);
      if (store === undefined) continue;
      const source = storedRegister(step);
      if (source === undefined) return index;
      sought = { register: source };
      if (carrier < 0) carrier = index;
    }
  }
  return carrier;
}

function writes({ instruction, raised }: Step): number {
  // TDCALL and SEAMCALL may write anything; what they did write is the world's. What raised an exception wrote nothing.
  if (instruction === undefined || raised !== undefined || instruction.flow === 'environment') return 0;
  return instruction.writesRegisters;
}

/** Where an instruction that only moves took the value from; undefined if it did more. */
export function carriedFrom(step: Step, register: number): Location | undefined {
  const text = step.instruction?.text ?? '';
  const between = /^mov[a-z]*\s+%(\w+),\s*%(\w+)$/.exec(text);
  if (between !== null) {
    const source = registerNumber(between[1]);
    // From a register to itself is a truncation; from RSP it is a new pointer, and no value of before.
    const isCarried = source !== undefined && source !== register && source !== REGISTER_INDEX.rsp;
    return isCarried ? { register: source } : undefined;
  }
  if (!/^(mov[lqwb]?|pop[qw]?)\s/.test(text)) return undefined;
  for (let at = 0; at < step.events.length; at += EVENT_WORDS) {
    const kind = step.events[at + EVENT_WORD.KIND];
    if (kind === EVENT.Load || kind === EVENT.Pop) return placeOf(step.events, at);
  }
  return undefined;
}

function placeOf(events: Int32Array, at: number): Place {
  const bytes = events[at + EVENT_WORD.SIZE] & 0xff;
  return {
    address: joinHalves(events[at + EVENT_WORD.ADDRESS_LOW], events[at + EVENT_WORD.ADDRESS_HIGH]),
    bytes: bytes as Place['bytes'],
  };
}

/** The event of a step that wrote to any byte of a place. */
function storeTo({ events }: Step, { address, bytes }: Place): number | undefined {
  const low = lowHalf(address);
  const high = highHalf(address);
  for (let at = 0; at < events.length; at += EVENT_WORDS) {
    const kind = events[at + EVENT_WORD.KIND];
    if ((kind !== EVENT.Store && kind !== EVENT.Push) || events[at + EVENT_WORD.ADDRESS_HIGH] !== high) continue;
    const distance = (events[at + EVENT_WORD.ADDRESS_LOW] - low) | 0;
    if (distance < bytes && distance > -(events[at + EVENT_WORD.SIZE] & 0xff)) return at;
  }
  return undefined;
}

/** The register that a MOV or PUSH stored. */
export function storedRegister({ instruction }: Step): number | undefined {
  const found = /^(?:mov[lqwb]?|push[qw]?)\s+%(\w+)(?:,|$)/.exec(instruction?.text ?? '');
  return found === null ? undefined : registerNumber(found[1]);
}

/** `eax`, `r9d`, `dil`: the number of the general register that it is a part of. */
function registerNumber(name: string): number | undefined {
  return registerParts.get(name)?.register;
}

/** Name of a general register or of its low part -> its number, and the bytes of the part. */
export const registerParts: ReadonlyMap<string, { register: number; bytes: 1 | 2 | 4 | 8 }> = new Map(
  REGISTER_NAMES.flatMap((name) => {
    const register = REGISTER_INDEX[name];
    const short = name.slice(1);
    const byte = /^[abcd]x$/.test(short) ? `${short[0]}l` : `${short}l`;
    const names = register >= 8 ? [name, `${name}d`, `${name}w`, `${name}b`] : [name, `e${short}`, short, byte];
    return names.map((part, index) => [part, { register, bytes: PART_BYTES[index] }] as const);
  }),
);
