/** Where a function's code is not what a contract says. */
import type { RegisterName } from '../../x86/registers.js';

/** The parts of a contract that code is held against. */
export const ASPECTS = [
  'instruction',
  'inputs',
  'parameters',
  'outputs',
  'conditions',
  'returns',
  'failure',
  'sti',
  'not-entered',
  'scrubbing',
  'stack',
] as const;
export type Aspect = (typeof ASPECTS)[number];

export interface Difference {
  readonly aspect: Aspect;
  /** One clause of a sentence about the code: `R12 is [rdi+0x18], not args.r12 at [rdi+0x20]`. */
  readonly text: string;
  /** How much of the contract is concerned: 1 is one register or field. */
  readonly weight: number;
}

/** What one aspect of a contract weighs, and where the code differs in it. */
export interface Comparison {
  readonly aspect: Aspect;
  readonly weight: number;
  readonly differences: readonly Difference[];
}

/** A comparison whose differences are named once each. */
export function comparison(aspect: Aspect, weight: number, found: readonly (readonly [string, number])[]): Comparison {
  const differences = [...new Map(found)].map(([text, ofDifference]) => ({ aspect, text, weight: ofDifference }));
  return { aspect, weight, differences };
}

export const upper = (register: RegisterName): string => register.toUpperCase();
