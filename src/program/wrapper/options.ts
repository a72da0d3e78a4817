/** The options that the contract of a wrapper may have, and what holds where it has none. */
import { z } from 'zod';
import { LINUX_ENTROPY_TRIES } from '../../../models/abi/linux-constants.js';
import type { ErrnoMapName } from '../../../models/predict/wrapper/errno-maps.js';
import { RETRIED, type RetriedStatus, type RetryOptions } from '../../../models/predict/wrapper/retried-seamcall.js';
import { ALL } from '../../../models/predict/wrapper/seamcall.js';
import { hex64 } from '../../contract/plain-words.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import { firstIssue } from '../../contract/validate.js';
import { UsageError } from '../../errors.js';

const errorMap = z.enum(['seed-002', 'linux-6.8']);

const errnoSchema = z.strictObject({ errorMap: errorMap.default('seed-002') });

const retrySchema = z.strictObject({
  errorMap: errorMap.default('linux-6.8'),
  /** SEAMCALLs at most (docs/abi/linux-seamcall.md#sc_retry). */
  tries: z.number().int().min(1).max(100).default(LINUX_ENTROPY_TRIES),
  /** Statuses after which it tries again, by names with spaces between: `no-entropy`, `operand-busy`, `sys-busy`, `interrupted`. */
  retryOn: z
    .string()
    .transform((text) => text.split(' '))
    .pipe(z.array(z.enum(Object.keys(RETRIED) as [RetriedStatus, ...RetriedStatus[]])).min(1))
    .default(['no-entropy']),
  /** What later tries set in an operand so that the module goes on where it was interrupted: a register and bits, `rcx 0x1`. */
  resume: z
    .string()
    .transform((text) => text.split(' '))
    .pipe(z.tuple([z.enum(ALL), hex64]))
    .transform(([register, bits]) => ({ register, bits: BigInt(bits) }))
    .optional(),
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
