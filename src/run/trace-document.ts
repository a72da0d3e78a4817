/**
 * A finding told instruction by instruction, as plain data: what a report needs of a replay, with nothing of the machine
 * left in it. 64-bit values are texts, `0x...`.
 */
import { hex } from '../text/hex.js';

/** A part of the machine's state and its value: `r10`, `rflags`, `xmm0.low`. */
export type NamedValue = readonly [name: string, value: string];

/** The same with what the value is called, where it has a name: an address, what became of flags, a status. */
export type WordedValue = NamedValue | readonly [name: string, value: string, word: string];

/** @param word absent where it is undefined or empty */
export function wordedValue(name: string, value: bigint, word?: string): WordedValue {
  return word === undefined || word === '' ? [name, hex(value)] : [name, hex(value), word];
}

export interface TraceStep {
  /** `symbol+0x1c`. */
  place: string;
  /** AT&T syntax, branch targets by name. */
  text: string;
  /** Where the image has lines and it is another one than that of the step before. */
  source?: { file: string; line: number } | undefined;
  /** What changed between the step before and this one: another call of the program began. */
  between?: NamedValue[] | undefined;
  /** What the step and the answer to it changed, with the new values. */
  changed: WordedValue[];
  loads?: MemoryAccess[] | undefined;
  stores?: MemoryAccess[] | undefined;
  /** What the world did: the answer to a call, an exception that a fixup took. */
  world?: string | undefined;
  /** General registers that hold values of the other side behind this step, one bit each in hardware order. */
  theirs: number;
  /** Aligned 8-byte words of memory that began, and ceased, to hold such values. */
  theirMemory?: string[] | undefined;
  theirMemoryLeft?: string[] | undefined;
}

export interface MemoryAccess {
  address: string;
  /** What lies there: a field of a structure, `stack-0x20`, a symbol. */
  where?: string | undefined;
  value: string;
  /** What the value is called, where it is an address. */
  word?: string | undefined;
  bytes: number;
}

export interface TraceDocument {
  /** Whose values `theirs` speaks of. */
  otherSide: 'host' | 'TD';
  /** How they were found: compared with companion H, or followed through the instructions alone. */
  method: 'compared' | 'followed';
  /** Every part of the state that any step changes, and every general register, before the first step. */
  initial: NamedValue[];
  steps: TraceStep[];
  /** Index in `steps`, or -1. */
  blamed: number;
  /**
   * Where the function of the blamed instruction was called, where that one was called, and so on up to the function under test;
   * absent where the instruction lies in that one.
   */
  callers?: string[] | undefined;
  /** The register that is wrong, where the clause speaks of one. */
  register?: string | undefined;
  /** Steps that were left out before the first one and behind the last one. */
  leftOut: { before: number; behind: number };
  /** How the run ended. */
  end: string;
  story?: StoryDocument | undefined;
}

export interface StoryDocument {
  steps: StoryStepDocument[];
  /** Exchanges that were left out at the end. */
  leftOut: number;
}

export interface StoryStepDocument {
  text: string;
  /** It could not take place. */
  impossible: boolean;
  exchanges: ExchangeDocument[];
}

export interface ExchangeDocument {
  /** What the code did; undefined if it was done while the reference was not. */
  moment?: string | undefined;
  /** What the reference has in its place, where that is something else. */
  instead?: string | undefined;
  values: ExchangeValue[];
  answered: WordedValue[];
  /** Index of the instruction in `steps`, where it is among them. */
  step?: number | undefined;
}

export interface ExchangeValue {
  name: string;
  value: string;
  /** What the value is called. */
  word?: string | undefined;
  /** What it must be, where it is not. */
  expected?: string | undefined;
}
