/** The library: the same functions as the command line. */
import fc from 'fast-check';

export { fc };
export { fuzz, type FuzzOptions } from './campaign/fuzz.js';
export { builtInStubs } from './campaign/targets/built-in-targets.js';
export { createRunner, type Target } from './campaign/targets/target.js';
export {
  exitStatus,
  type FindingResult,
  type PropertyResult,
  type RunResult,
  type TargetResult,
} from './campaign/records/result.js';
export { type CaseFile, readCase } from './case/case-file.js';
export type { Contract, ContractSet } from './contract/contract.js';
export { findContract, findContractSet } from './contract/find-contract.js';
export { CONTRACT_SETS } from './contract/library/sets.js';
export { type Config, defineConfig } from './config/config.js';
export { readContractSet, validateContractSet } from './contract/validate.js';
export { UsageError } from './errors.js';
export { type Image, ImageError } from './image/image.js';
export { loadImage, parseImage } from './image/load.js';
export type { CaseRunner } from './judge/case-runner.js';
export { scenarios } from './scenario/arbitrary.js';
export type { Scenario } from './scenario/layout.js';
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
