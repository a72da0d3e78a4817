/** A target: an image, a symbol in it and a contract; and the runner made from it. Stubs and programs are told apart here. */
import { PROGRAM_PROPERTIES, PROPERTIES } from '../../../properties/all.js';
import { type CaseFile, isProgramContract } from '../../case/case-file.js';
import { compileContract, type CompiledContract } from '../../contract/compiled.js';
import type { Assumption, Contract } from '../../contract/contract.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import type { Image } from '../../image/image.js';
import { findFunction, functionExtent } from '../../image/symbols.js';
import type { EngineOptions } from '../../harness/map-world.js';
import { CaseRunner } from '../../judge/case-runner.js';
import { PlayRunner } from '../../play/play-runner.js';
import { findProgram } from '../../program/programs.js';

export interface TargetDescription {
  /** Stable name in reports: `guest-5.19/__tdx_hypercall`, or image and symbol. */
  name: string;
  symbol: string;
  /** Name of the contract set. */
  set: string;
  contract: Contract;
  /** Names of the properties to judge; undefined: all. */
  properties?: readonly string[];
}

/** A single function around TDCALL or SEAMCALL. */
export interface Target extends TargetDescription {
  image: Image;
}

/** A program: functions with state and several exchanges. */
export interface ProgramTarget {
  name: string;
  symbol: string;
  set: string;
  program: ProgramContract;
  /** What the set calls the contract, where that is not the symbol. */
  contractName?: string;
  properties?: readonly string[];
  image: Image;
}

export type AnyTarget = Target | ProgramTarget;

/** The target that a case file speaks of, in an image. */
export function targetOf({ target: name, contract }: CaseFile, image: Image, symbol: string): AnyTarget {
  const { set, body } = contract;
  if (isProgramContract(body)) return { name, symbol, set, program: { ...body, symbol }, image };
  return { name, symbol, set, contract: body, image };
}

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

/**
 * @throws UsageError if nothing plays the contract's program, or its options are not those of the program
 * @throws ImageError if the image lacks the function
 */
export function createPlayRunner({ image, program, properties: chosen }: ProgramTarget): PlayRunner {
  const properties =
    chosen === undefined ? PROGRAM_PROPERTIES : PROGRAM_PROPERTIES.filter(({ name }) => chosen.includes(name));
  return new PlayRunner(image, program, findProgram(program.program), properties);
}

/**
 * @param knownSize bytes of the function's code, where the image does not know
 * @param engine which engine executes; the reference interpreter if not given
 * @throws ImageError if the image has no such function
 */
export function createRunner(target: Target, knownSize?: number, engine?: EngineOptions): CaseRunner {
  const extent = functionExtent(target.image, findFunction(target.image, target.symbol));
  const { address } = extent;
  const size = knownSize ?? extent.size;
  const compiled: CompiledContract = compileContract(target.contract, target.set);
  const chosen = target.properties;
  const properties = chosen === undefined ? PROPERTIES : PROPERTIES.filter(({ name }) => chosen.includes(name));
  return new CaseRunner(
    { image: target.image, symbol: target.symbol, entry: address },
    size,
    compiled,
    properties,
    engine,
  );
}
