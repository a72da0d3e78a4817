/** The options that the contract of a helper may have, and what holds where it has none. */
import { z } from 'zod';
import { LINUX_EXPOSURE_MASKS } from '../../../models/abi/linux-constants.js';
import type { HelperOptions } from '../../../models/predict/helper/options.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import { firstIssue } from '../../contract/validate.js';
import { UsageError } from '../../errors.js';

const helperOptionsSchema = z.strictObject({
  /** Which registers the host sees. */
  mask: z.enum(['r10-r15', 'all-but-rbp']).default('all-but-rbp'),
  /** How the helper ends when TDCALL itself fails. */
  failure: z.enum(['stop', 'trap']).default('stop'),
  /** MapGPA: calls without progress after which it gives up, 0 for no retry at all (docs/abi/linux-helpers.md#tdx_map_gpa). */
  mapGpaStalls: z.number().int().min(0).max(100).default(3),
  haltDiscipline: z.enum(['sti-shadow', 'if-after', 'if-open']).default('if-after'),
  haltWithInterrupts: z.enum(['refused', 'told']).default('refused'),
  /** TDG.MEM.PAGE.ACCEPT: tries of one page while its operand is busy, the first included. */
  acceptBusyTries: z.number().int().min(1).max(64).default(1),
  /** What its other errors mean: a smaller page, that only after PAGE_SIZE_MISMATCH, or the end of the guest. */
  acceptErrors: z.enum(['smaller', 'mismatch', 'fatal']).default('smaller'),
  reportErrors: z.enum(['linux-6.2', 'linux-6.16']).default('linux-6.16'),
});

const MASKS = { 'r10-r15': LINUX_EXPOSURE_MASKS.r10ToR15, 'all-but-rbp': LINUX_EXPOSURE_MASKS.allButRbp } as const;

/** @throws UsageError if an option is unknown, or is not what it may be */
export function helperOptions({ symbol, options }: ProgramContract): HelperOptions {
  const parsed = helperOptionsSchema.safeParse(options);
  if (!parsed.success) throw new UsageError(`${symbol}: options: ${firstIssue(parsed.error)}`);
  const { mask, failure, ...rest } = parsed.data;
  return { form: { mask: MASKS[mask], failure }, ...rest };
}
