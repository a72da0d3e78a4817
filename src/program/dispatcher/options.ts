import { z } from 'zod';
import { KVM_EXIT_REASON_STATUSES } from '../../../models/abi/exit-reasons.js';
import { KVM_TD_EMULATED_MSRS } from '../../../models/abi/msr.js';
import type { DispatcherContract } from '../../../models/dispatcher/contract.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import { UsageError } from '../../errors.js';
import { requireSystemV } from '../system-v.js';

const optionsSchema = z.strictObject({
  exitReasonBits: z.enum(['whole', 'basic']),
  upperHalves: z.enum(['ignored', 'refused']),
  mapGpaChunk: z
    .number()
    .int()
    .refine((bytes) => bytes > 0 && bytes % 4096 === 0, 'whole pages, in bytes'),
  mapGpaErrors: z.enum(['range-first', 'either']),
  userspaceErrors: z.enum(['linux-7.1', 'linux-7.2']),
});

/** What the reference needs to know of a contract. @throws UsageError if the options are not a dispatcher's */
export function dispatcherContract(contract: ProgramContract): DispatcherContract {
  requireSystemV(contract);
  const { program, options } = contract;
  const { data, error } = optionsSchema.safeParse(options);
  if (data === undefined) {
    const [issue] = error.issues;
    throw new UsageError(
      `${program}: options${issue.path.map((name) => `.${String(name)}`).join('')}: ${issue.message}`,
    );
  }
  return {
    ...data,
    mapGpaChunk: BigInt(data.mapGpaChunk),
    exitReasonStatuses: KVM_EXIT_REASON_STATUSES,
    emulatedMsrs: KVM_TD_EMULATED_MSRS,
  };
}
