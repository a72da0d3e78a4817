/** A target: an image, a symbol in it and a contract. */
import type { Assumption, Contract } from '../contract/contract.js';
import type { ProgramContract } from '../contract/program-contract.js';
import type { Image } from '../image/image.js';

interface Target {
  /** Stable name in reports: `guest-5.19/__tdx_hypercall`, or image and symbol. */
  name: string;
  symbol: string;
  /** Name of the contract set. */
  set: string;
  /** Names of the properties to judge; undefined: all. */
  properties?: readonly string[];
  image: Image;
}

/** A single function around TDCALL or SEAMCALL. */
export interface StubTarget extends Target {
  contract: Contract;
}

/** A program: functions with state and several exchanges. */
export interface ProgramTarget extends Target {
  program: ProgramContract;
  /** What the set calls the contract, where that is not the symbol. */
  contractName?: string;
}

export type AnyTarget = StubTarget | ProgramTarget;

/** `SET/FUNCTION`, as people name the contract. */
export function contractId(target: AnyTarget): string {
  return `${target.set}/${isProgram(target) ? (target.contractName ?? target.program.symbol) : target.contract.symbol}`;
}

/** What the target's contract takes for granted; that of a program nothing. */
export function assumptionsOf(target: AnyTarget): readonly Assumption[] {
  return isProgram(target) ? [] : (target.contract.assumes ?? []);
}

export function isProgram(target: AnyTarget): target is ProgramTarget {
  return 'program' in target;
}

/** The contract, of whichever kind. */
export function contractOf(target: AnyTarget): Contract | ProgramContract {
  return isProgram(target) ? target.program : target.contract;
}
