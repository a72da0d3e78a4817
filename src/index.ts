/** The library: the same functions as the command line. */
import fc from 'fast-check';

export { fc };
export { fuzz, type FuzzOptions } from './campaign/fuzz.js';
export { builtInStubs } from './campaign/targets/built-in-targets.js';
export { openRunner } from './run/open-runner.js';
export type { Runner, Violation } from './run/runner.js';
export type { AnyTarget, StubTarget, ProgramTarget } from './run/target.js';
export {
  exitStatus,
  type FindingResult,
  type PropertyResult,
  type RunResult,
  type TargetResult,
} from './campaign/records/result.js';
export { readCase } from './stored/case-file.js';
export type { CaseFile } from './stored/case-schema.js';
export type { Contract, ContractSet } from './contract/contract.js';
export { findContract, findContractSet } from './contract/find-contract.js';
export { CONTRACT_SETS } from './contract/library/sets.js';
export { type Config, defineConfig } from './config/config.js';
export { readContractSet, validateContractSet } from './contract/validate.js';
export { UsageError } from './errors.js';
export { type Image, ImageError } from './image/image.js';
export { parseImage } from './image/load.js';
export { loadImage } from './image/open-images.js';
export { cases } from './case/arbitrary.js';
export type { Case, CaseSpace, Step } from './case/case.js';
export { PROPERTIES } from '../properties/all.js';
export { TdxCase } from './suite/tdx-case.js';
export type { OwnTarget, TdxTarget } from './suite/resolve-target.js';
export {
  type NotApplicable,
  NoVerdictError,
  type TdxOptions,
  tdxProperties,
  type TdxProperty,
  type TdxRun,
  tdxSuite,
  type TdxSuite,
  TdxViolation,
} from './suite/tdx-properties.js';
