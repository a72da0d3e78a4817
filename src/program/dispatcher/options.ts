import { z } from 'zod';
import { KVM_EXIT_REASON_STATUSES } from '../../../models/abi/exit-reasons.js';
import { KVM_TD_EMULATED_MSRS } from '../../../models/abi/msr.js';
import type { DispatcherContract } from '../../../models/dispatcher/contract.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import { UsageError } from '../../errors.js';
import { requireSystemV } from '../system-v.js';
import { KVM_HOST, KVM_OFFSETS, KvmLayout } from './kvm/members.js';

/** No structure is larger. */
const MOST_BYTES = 1 << 16;

const optionsSchema = z.strictObject({
  exitReasonBits: z.enum(['whole', 'basic']),
  upperHalves: z.enum(['ignored', 'refused']),
  mapGpaChunk: z
    .number()
    .int()
    .refine((bytes) => bytes > 0 && bytes % 4096 === 0, 'whole pages, in bytes'),
  mapGpaErrors: z.enum(['range-first', 'either']),
  userspaceErrors: z.enum(['linux-7.1', 'linux-7.2']),
  // Contracts of stored cases, and of projects, may be older than what follows.
  refusedAnswers: z.enum(['asked-again', 'dropped']).default('asked-again'),
  machineCheckMsrs: z.enum(['emulation', 'dispatcher']).default('emulation'),
  mmioAddresses: z.enum(['legal', 'shared']).default('legal'),
  instructionExits: z.enum(['unexpected', 'left-out']).default('unexpected'),
});

/** Where KVM's structures lie: every offset has to be there. */
const layoutSchema = z.strictObject(
  Object.fromEntries(KVM_OFFSETS.map(({ option }) => [option, z.number().int().min(0).max(MOST_BYTES)] as const)),
);

/** A contract of a dispatcher, as its program needs it. */
export interface DispatcherTerms {
  readonly contract: DispatcherContract;
  /** Of KVM's own dispatcher; undefined for ours. */
  readonly layout: KvmLayout | undefined;
}

/** What the reference needs to know of a contract. @throws UsageError if the options are not a dispatcher's */
export function dispatcherTerms(contract: ProgramContract): DispatcherTerms {
  requireSystemV(contract);
  const { host, ...others } = contract.options;
  if (host !== undefined && host !== KVM_HOST)
    throw new UsageError(`${contract.program}: options.host: ${KVM_HOST}, or nothing for the tool's own dispatcher`);
  const names = new Set(KVM_OFFSETS.map(({ option }) => option));
  const isOffset = ([name]: [string, unknown]): boolean => names.has(name);
  const entries = Object.entries(others);
  const offsets = host === undefined ? [] : entries.filter(isOffset);
  const policy = host === undefined ? entries : entries.filter((entry) => !isOffset(entry));
  const data = parsed(contract, optionsSchema, Object.fromEntries(policy));
  const layout = host === undefined ? undefined : parsed(contract, layoutSchema, Object.fromEntries(offsets));
  return {
    contract: {
      ...data,
      mapGpaChunk: BigInt(data.mapGpaChunk),
      exitReasonStatuses: KVM_EXIT_REASON_STATUSES,
      emulatedMsrs: KVM_TD_EMULATED_MSRS,
    },
    layout: layout && new KvmLayout(layout),
  };
}

function parsed<T>({ program }: ProgramContract, schema: z.ZodType<T>, options: unknown): T {
  const { data, error } = schema.safeParse(options);
  if (error === undefined) return data;
  const [issue] = error.issues;
  throw new UsageError(`${program}: options${issue.path.map((name) => `.${String(name)}`).join('')}: ${issue.message}`);
}
