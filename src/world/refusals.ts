/**
 * The answers after which a function tries again: the scenario says how many of them come before the answer that it names
 * otherwise, and what is open in them. What they leave in the other registers differs from try to try.
 */
import { highHalf, lowHalf, readHalves } from '../halves.js';
import { FACT } from '../observation/layout.js';
import { type Scenario, SLOT } from '../scenario/layout.js';
import { REGISTER_INDEX } from '../x86/registers.js';

/** A case file may hold any number: as with other small slots, its low bits count. */
const MOST = 0x7f;
const RAX = REGISTER_INDEX.rax;
/** What a value that is no register's becomes from try to try. */
const STEP = 0x9e3779b1;

/** An answer after which it tries again: a register has one of these values, or none of them, in the bits of the mask. */
export interface RefusedAnswer {
  readonly register: number;
  readonly mask: bigint;
  readonly values: readonly bigint[];
  readonly is: boolean;
}

export class Refusals {
  /** Status of the present answer, as halves. */
  statusLow = 0;
  statusHigh = 0;

  constructor(private readonly kinds: readonly RefusedAnswer[]) {}

  /** Whether the call at which the machine stands is refused. @param observation its calls are those before this one */
  isDue(scenario: Scenario, observation: Int32Array): boolean {
    return observation[2 * FACT.calls] < (scenario[2 * SLOT.refusals] & MOST);
  }

  /**
   * Makes the answer a refusal.
   *
   * @param answers registers as the scenario has them: they are changed
   */
  refuse(scenario: Scenario, observation: Int32Array, answers: Int32Array): void {
    const round = observation[2 * FACT.calls];
    for (let register = 0; register < 16; register++) answers[2 * register] ^= Math.imul(round + register + 1, STEP);
    const open = readHalves(scenario, 2 * SLOT.refusal);
    const kind = this.kinds[Number(open % BigInt(this.kinds.length))];
    const { register } = kind;
    const value = refusedValue(kind, open);
    this.statusLow = register === RAX ? lowHalf(value) : 0;
    this.statusHigh = register === RAX ? highHalf(value) : 0;
    if (register === RAX) return;
    answers[2 * register] = lowHalf(value);
    answers[2 * register + 1] = highHalf(value);
  }
}

/** A value that is such an answer. @param open what is in it where nothing is said */
function refusedValue({ mask, values: named, is }: RefusedAnswer, open: bigint): bigint {
  if (is) return (named[Number((open >> 8n) % BigInt(named.length))] & mask) | (open & ~mask);
  const values = new Set(named.map((value) => value & mask));
  // One of so many neighbours is none of the named values, unless the mask has no others.
  const neighbours = Array.from({ length: named.length + 1 }, (_, index) => open ^ spread(BigInt(index), mask));
  return neighbours.find((value) => !values.has(value & mask)) ?? open;
}

/** The bits of a number, put where a mask has bits. */
function spread(number: bigint, mask: bigint): bigint {
  let value = 0n;
  for (let bit = 0n, left = number; bit < 64n && left !== 0n; bit++)
    if (((mask >> bit) & 1n) === 1n) {
      value |= (left & 1n) << bit;
      left >>= 1n;
    }
  return value;
}
