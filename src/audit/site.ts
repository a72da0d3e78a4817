/** What the runs of a function show of one TDCALL or SEAMCALL in it: what there is the caller's to choose. */
import { EXPOSED_WITHOUT_NO_RBP_MOD, GPR, NEVER_EXPOSED } from '../../models/abi/registers.js';
import { lowHalf, readHalves } from '../halves.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { GIVEN_BY, givenBy } from './argument-space.js';
import type { Call, Run } from './run.js';
import type { Source } from './source.js';

export class Site {
  /** Registers whose values were the caller's in any run, one bit each. */
  given = 0;
  /** Those of them through which memory was accessed: they are the function's own business, one bit each. */
  private used = 0;
  readonly sources = new Map<number, Source>();

  constructor(
    readonly address: bigint,
    readonly instruction: Call['instruction'],
  ) {}

  isGiven(register: number): boolean {
    return ((this.given >>> register) & 1) !== 0;
  }

  /** Registers that a caller who says what is exposed may expose, one bit each. */
  get exposable(): number {
    return this.given & ~this.used & MAY_BE_EXPOSED;
  }

  /** Whether the caller decides what the host may see: then what is seen is the caller's. */
  get maskIsGiven(): boolean {
    return this.isGiven(GPR.RAX) || this.isGiven(GPR.RCX);
  }

  learn(call: Call, run: Run): void {
    for (let register = 0; register < 16; register++) {
      if (register === GPR.RSP) continue;
      const value = readHalves(call.registers, 2 * register);
      if (!isCallers(value, run)) continue;
      this.given |= 1 << register;
      if (leadsToMemory(value, run, call)) this.used |= 1 << register;
      if (this.sources.has(register)) continue;
      const source = sourceOf(value, run, call);
      if (source !== undefined) this.sources.set(register, source);
    }
  }
}

const MAY_BE_EXPOSED = 0xffff & ~NEVER_EXPOSED & ~EXPOSED_WITHOUT_NO_RBP_MOD;
/** Bytes behind a pointer that are taken for what it points to. */
const STRUCTURE = 0x1000n;

/** Whether memory was accessed through a pointer before a call. */
export function leadsToMemory(pointer: bigint, { events }: Run, call: Call): boolean {
  for (let at = 0; at < call.events * EVENT_WORDS; at += EVENT_WORDS) {
    const kind = events[at + EVENT_WORD.KIND];
    if (kind !== EVENT.Load && kind !== EVENT.Store) continue;
    const address = readHalves(events, at + EVENT_WORD.ADDRESS_LOW);
    if (address >= pointer && address < pointer + STRUCTURE) return true;
  }
  return false;
}

/** Whether a value is the caller's: a pointer of its own, or the lower half of one that it passed. */
export function isCallers(value: bigint, { draw }: Run): boolean {
  if (givenBy(value) === GIVEN_BY.caller) return true;
  if (value >> 32n !== 0n || value < 0x10000n) return false;
  return [...draw.parameters, ...draw.stack].some(
    (given) => givenBy(given) === GIVEN_BY.caller && BigInt.asUintN(32, given) === value,
  );
}

/** Farthest that a field lies behind a pointer. */
const FARTHEST = 0x1000;

/** Where the caller put a value. */
export function sourceOf(value: bigint, run: Run, call: Call): Source | undefined {
  const { parameters, stack } = run.draw;
  const same = (given: bigint): boolean =>
    given === value || (value >> 32n === 0n && givenBy(given) !== undefined && BigInt.asUintN(32, given) === value);
  const register = parameters.findIndex(same);
  if (register >= 0) return { on: 'register', index: register };
  const word = stack.findIndex(same);
  if (word >= 0) return { on: 'stack', index: word };
  const { events } = run;
  for (let at = (call.events - 1) * EVENT_WORDS; at >= 0; at -= EVENT_WORDS) {
    if (events[at + EVENT_WORD.KIND] !== EVENT.Load) continue;
    const loaded = readHalves(events, at + EVENT_WORD.VALUE_LOW);
    if (loaded === value || (value >> 32n === 0n && lowHalf(loaded) === lowHalf(value))) {
      const found = behindParameter(readHalves(events, at + EVENT_WORD.ADDRESS_LOW), run);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The parameter behind which an address lies. */
export function behindParameter(address: bigint, { draw }: Run): Source | undefined {
  if (givenBy(address) !== GIVEN_BY.caller) return undefined;
  for (const [on, list] of [
    ['register', draw.parameters],
    ['stack', draw.stack],
  ] as const) {
    const index = list.findIndex(
      (given) => givenBy(given) === GIVEN_BY.caller && address >= given && address < given + BigInt(FARTHEST),
    );
    if (index >= 0) return { on, index, offset: Number(address - list[index]) };
  }
  return undefined;
}
