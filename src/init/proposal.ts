/**
 * What `tdxfuzz init` makes of a function: a contract, and everything in it that the code alone could not say. A contract that
 * is read off code agrees with its mistakes; so the ABI and the calling convention decide wherever they say something, and the
 * rest is asked.
 */
import type { CodeShape } from '../code/code-shape.js';
import type { Contract } from '../contract/contract.js';

/** The set of a contract of the library that says all of what the code does. */
export interface KnownContract {
  readonly set: string;
  readonly contract: Contract;
}

/** Other words for a part of a contract. */
export interface Choice {
  readonly words: Partial<Contract>;
  /** What is asked where it is taken. */
  readonly question: string;
}

/** A contract for one function. */
export interface Proposal {
  readonly kind: 'proposed';
  readonly symbol: string;
  readonly shape: CodeShape;
  readonly contract: Contract;
  /** What was decided without knowing, and what looks wrong: one sentence each. */
  readonly questions: readonly string[];
  /** What may stand in its place where the code does not say which: the trial run chooses. */
  readonly choices: readonly Choice[];
  /** Set if it is one of the library, word for word. */
  readonly known?: KnownContract;
}

/** A function for which there is nothing to propose. */
export interface NoProposal {
  readonly kind: 'none';
  readonly symbol: string;
  readonly reason: string;
}

export type Proposed = Proposal | NoProposal;

/** A word of the contract language that is not there, or code that it cannot speak of. */
export class CannotSay extends Error {}
