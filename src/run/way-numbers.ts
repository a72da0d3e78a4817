/** Numbers for the ways and states of plays, so that most plays are known for nothing new without a string being made. */
import type { Observed } from '../play/observed.js';

/** Multiplier of the low half of the machine's path hash (src/x86/interpreter.ts): each instruction is a step of a polynomial. */
const PATH_MULTIPLIER = 0x9e3779b1;
const TWO_32 = 0x1_0000_0000;

/** The hash of the way from one exchange of a stage to the next: what came before is taken out of the polynomial. */
export function wayHash(observed: Observed, before: Observed | undefined): number {
  if (before === undefined) return observed.pathLow;
  const length = observed.instructions - before.instructions;
  return (observed.pathLow - Math.imul(before.pathLow, power(PATH_MULTIPLIER, length))) | 0;
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, left = exponent; left > 0; left >>>= 1, square = Math.imul(square, square))
    if ((left & 1) === 1) result = Math.imul(result, square);
  return result;
}

interface Numbered {
  readonly at: bigint;
  readonly number: number;
}

export class WayNumbers {
  private count = 0;
  /** Ways with the same hash and length: few end at several places. */
  private readonly ways = new Map<number, Numbered[]>();
  private readonly states = new Map<string | undefined, Map<string, number>>();

  /** The same number for the same hash, length and end. */
  way(observed: Observed, before: Observed | undefined): number {
    const length = observed.instructions - (before?.instructions ?? 0);
    const key = (wayHash(observed, before) >>> 0) + length * TWO_32;
    const { at } = observed;
    let ends = this.ways.get(key);
    if (ends === undefined) this.ways.set(key, (ends = []));
    for (const end of ends) if (end.at === at) return end.number;
    ends.push({ at, number: this.count });
    return this.count++;
  }

  /** The same number for the same moment behind the same one. */
  state(before: string | undefined, moment: string): number {
    let next = this.states.get(before);
    if (next === undefined) this.states.set(before, (next = new Map()));
    let number = next.get(moment);
    if (number === undefined) next.set(moment, (number = this.count++));
    return number;
  }
}
