/** The options that the contract of a wrapper may have, and what holds where it has none. */
import { z } from 'zod';
import { LINUX_ENTROPY_TRIES } from '../../../models/abi/linux-constants.js';
import type { ErrnoMapName } from '../../../models/predict/wrapper/errno-maps.js';
import type { RetryOptions } from '../../../models/predict/wrapper/retried-seamcall.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import { firstIssue } from '../../contract/validate.js';
import { UsageError } from '../../errors.js';

const errorMap = z.enum(['seed-002', 'linux-6.8']);

const errnoSchema = z.strictObject({ errorMap: errorMap.default('seed-002') });

const retrySchema = z.strictObject({
  errorMap: errorMap.default('linux-6.8'),
  /** SEAMCALLs at most (docs/abi/linux-seamcall.md#sc_retry). */
  tries: z.number().int().min(1).max(100).default(LINUX_ENTROPY_TRIES),
  /** Registers that the stub loads from the arguments and stores there. */
  outputs: z.enum(['none', 'few', 'all']).default('few'),
});

function parsed<T>(schema: z.ZodType<T>, { symbol, options }: ProgramContract): T {
  const result = schema.safeParse(options);
  if (!result.success) throw new UsageError(`${symbol}: options: ${firstIssue(result.error)}`);
  return result.data;
}

/** @throws UsageError if an option is unknown, or is not what it may be */
export function errnoOptions(contract: ProgramContract): { errorMap: ErrnoMapName } {
  return parsed(errnoSchema, contract);
}

/** @throws UsageError if an option is unknown, or is not what it may be */
export function retryOptions(contract: ProgramContract): RetryOptions {
  return parsed(retrySchema, contract);
}
