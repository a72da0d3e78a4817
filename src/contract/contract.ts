/**
 * The contract of one function: what it promises, as data. It states what is required, not what one version
 * shipped; policy that differs between sound projects (scrubbing, UD2 or a returned status, the mask, NULL
 * pointers) lives here and nowhere else.
 *
 * The schema is the one source of the type and of the checks that a user's contract goes through.
 */
import { z } from 'zod';
import { layoutSchema, ownDataSchema, parameterSchema, returnsSchema } from './data-words.js';
import {
  answerTestSchema,
  argumentTestSchema,
  retrySchema,
  type Source,
  sourceSchema,
  stiSchema,
  writtenLeavesSchema,
} from './flow-words.js';
import { hex64, name, register } from './plain-words.js';
import { type ProgramContract, programContractSchema } from './program-contract.js';

/** All conditions of a list must hold. */
const condition = z.union(
  [
    z.literal('block-given'),
    z.literal('status-success'),
    z.literal('r10-success'),
    ...argumentTestSchema.options,
    ...answerTestSchema.options,
  ],
  'one of "block-given", "status-success", "r10-success", {"flag": NAME}, {"clear": NAME}, {"nonzero": PARAMETER}, {"zero": PARAMETER}, {"answer": REGISTER, "is" or "isNot": ["0x..."]} with "mask" or without',
);
export type Condition = z.infer<typeof condition>;

/**
 * RAX at the return when SEAMCALL did not enter the module: by CF = 1 (VMfailInvalid), or by raising #GP or #UD, which the
 * function must take through the exception-fixup table. Outputs are never stored then.
 */
const notEntered = z.strictObject({ vmFailInvalid: hex64, generalProtection: hex64, invalidOpcode: hex64 });

/** Something that a function takes for granted. */
export const assumptionSchema = z.enum(['no-rbp-mod', 'rbp-mod']);
export type Assumption = z.infer<typeof assumptionSchema>;
/** What each of them says, for people. */
const ASSUMPTIONS: Readonly<Record<Assumption, string>> = {
  'no-rbp-mod': 'the TD has NO_RBP_MOD, so that the module leaves RBP alone',
  'rbp-mod': 'the TD has no NO_RBP_MOD, so that the exposure mask may name RBP; it says nothing of any other TD',
};

/** What a contract takes for granted, on one line; undefined if it is nothing. */
export function describeAssumptions(assumes: readonly Assumption[] = []): string | undefined {
  return assumes.length === 0 ? undefined : assumes.map((name) => `${name}: ${ASSUMPTIONS[name]}`).join('; ');
}

export const contractSchema = z.strictObject({
  symbol: z.string().min(1).max(4096),
  /** Where the facts of this contract were read. */
  source: z.string().min(1),
  convention: z.enum(['sysv', 'ms-x64']),
  /** The instruction that it wraps: a guest stub's TDCALL, or a host stub's SEAMCALL. */
  instruction: z.enum(['tdcall', 'seamcall']),
  parameters: z.array(parameterSchema).max(16),
  /** The argument block of the block parameter that has no layout of its own. */
  block: layoutSchema.optional().describe('The argument block of the block parameter that has no layout of its own.'),
  /** RAX, RCX and every other register that the contract determines at the wrapped instruction. */
  inputs: z.partialRecord(register, sourceSchema),
  /** Leaves (RAX[15:0]) that the function may be called with; other numbers are drawn only so that the module rejects them. */
  leaves: z.array(z.number().int().min(0).max(0xffff)).min(1),
  /** For leaf 0 with a mask from the caller: the largest mask that is the function's to answer for. */
  widestMask: hex64.optional(),
  outputs: z.strictObject({
    /** Field of the block -> register whose value after the instruction it receives. */
    fields: z.record(name, register),
    when: z.array(condition),
  }),
  /** Of a stub around SEAMCALL, and only of one. */
  notEntered: notEntered.optional(),
  /** What the function takes for granted: no other case is drawn, a run outside of it is judged by no property, and every result says so. */
  assumes: z.array(assumptionSchema).optional(),
  /** RAX at the return of a function that executed the instruction. */
  returns: returnsSchema.describe('RAX at the return of a function that executed the instruction.'),
  /** Results that are something else under conditions: the first whose conditions all hold comes before `returns`. */
  returnsWhen: z
    .array(
      z.strictObject({
        when: z.array(condition).min(1).max(8).describe('All must hold.'),
        returns: returnsSchema.describe('RAX at the return then.'),
      }),
    )
    .min(1)
    .max(8)
    .optional()
    .describe('Results under conditions: the first whose conditions all hold comes before "returns".'),
  /** What happens when TDG.VP.VMCALL itself fails (RAX not 0): the status is returned, or the function never returns. */
  onFailure: z.enum(['returns', 'stops']),
  /** Answers after which the function never returns, any of them, beside what `onFailure` says. */
  stopsOn: z
    .array(answerTestSchema)
    .min(1)
    .max(8)
    .optional()
    .describe('Answers after which the function never returns, any of them, beside what "onFailure" says.'),
  /** It never returns, whatever is answered. */
  neverReturns: z.literal(true).optional().describe('The function never returns, whatever is answered.'),
  /** A loop in which nothing happens any more is a stop, as UD2 and a call that never returns are. */
  loopStops: z
    .literal(true)
    .optional()
    .describe(
      'A loop in which nothing happens any more (a jump to itself, HLT or PAUSE in a loop) is a stop; absent: it is an endless loop.',
    ),
  /** The bounded retry inside of the function; absent: the instruction is executed exactly once. */
  retry: retrySchema
    .optional()
    .describe('The bounded retry inside of the function; absent: the instruction is executed exactly once.'),
  /** Values of an answer that select a branch whose arms have the same effects; those of other words are named by them. */
  branchesOn: z
    .array(answerTestSchema)
    .min(1)
    .max(8)
    .optional()
    .describe(
      'Values of an answer that select a branch whose arms have the same effects: the host may decide by them which instructions run, and nothing else.',
    ),
  /**
   * Whether the block must be as it was when the function stops after a failed TDG.VP.VMCALL. `any`: the function
   * prepares the block itself before the call. Absent: `unchanged`.
   */
  blockWhenStopped: z.enum(['unchanged', 'any']).optional(),
  /** Whether values that the untrusted side chose (the host; of SEAMCALL the TD) must be gone from every register that is no result. */
  scrubsHostValues: z.boolean(),
  /** The flag that asks for STI immediately before TDCALL; absent: the function never executes STI. */
  stiFlag: name.optional(),
  /** STI in any other form; not beside `stiFlag`. */
  sti: stiSchema.optional().describe('When STI is executed, in any other form than "stiFlag".'),
  /** Whether the function may close interrupts around the instruction and open them again behind it. */
  interruptsAtCall: z
    .literal('may-be-closed')
    .optional()
    .describe(
      'The function may close interrupts around the instruction (PUSHFQ, CLI; POPFQ) and leave them at the return as they were. Absent: at the instruction IF is what it was at the entry, or 1 behind STI.',
    ),
  /** Whether what the function loads or stores before the host runs may depend on values that the host must not learn. */
  secretAddresses: z
    .literal(true)
    .optional()
    .describe(
      'Before TDCALL the function may use addresses that depend on values of the guest which the host must not learn: a table that is looked up with such a value. Absent: the host could watch which pages or cache lines are used.',
    ),
  /** Data symbols of the image that the function may write to. */
  ownData: ownDataSchema.optional(),
  /** Its code lies where the image may be written to: such a write is judged like any other, and no reason for having no verdict. */
  writableCode: z
    .literal(true)
    .optional()
    .describe(
      'The function may write to pages that the image maps writable and executable, where "ownData" says so; absent: such a write has no verdict.',
    ),
  /** Whether the function may use the 128 bytes below RSP. Kernel code may not. */
  redZone: z.boolean(),
  /** `untouched`: no instruction of the function may change XMM, MXCSR or x87 control (kernel code). `convention`: what the calling convention says. */
  vectorState: z.enum(['untouched', 'convention']),
});

/** Major and minor number. */
const kernelVersion = z.tuple([z.number().int().min(0).max(999), z.number().int().min(0).max(999)]);

/** By what `--contract auto` tells an image of this generation from others that have functions of the same names. */
const editorsSchema = z.string().max(4096).describe('Path of this schema, for editors; it is not read.').optional();

const programEvidence = z.strictObject({
  /** The set that stubs of such an image are judged by. */
  stubs: name.optional(),
  /** Kernels, by major and minor number, where the image says which it is. */
  kernel: z.strictObject({ from: kernelVersion, before: kernelVersion.optional() }).optional(),
  /** A function that came with this generation: asked for where the image says no kernel. */
  symbol: z.string().min(1).max(4096).optional(),
});
export type ProgramEvidence = z.infer<typeof programEvidence>;

export const contractSetSchema = z
  .strictObject({
    $schema: editorsSchema,
    schema: z.literal('tdxfuzz/contracts/1'),
    name,
    title: z.string().min(1).max(200),
    /** Proposed only: an image that fits a released set as well is taken for that one. */
    neverReleased: z.literal(true).optional(),
    /** Of a set with programs; stubs are told apart by their code. */
    evidence: programEvidence.optional(),
    /** Symbol -> contract of a stub. */
    contracts: z
      .record(
        z.string().min(1).max(4096),
        contractSchema.omit({ symbol: true }).extend({ leaves: writtenLeavesSchema }),
      )
      .default({}),
    /** Name -> contract of a program; the name is the symbol where two programs do not share one. */
    programs: z.record(z.string().min(1).max(4096), programContractSchema.partial({ symbol: true })).default({}),
  })
  .refine(({ contracts, programs }) => Object.keys(contracts).length + Object.keys(programs).length > 0, {
    path: ['contracts'],
    message: 'at least one contract',
  });

export type Contract = z.infer<typeof contractSchema>;
export type WrappedInstruction = Contract['instruction'];
export type Parameter = Contract['parameters'][number];
export type { Source };

/** The contracts of one project and generation. */
export interface ContractSet {
  name: string;
  title: string;
  /** Of a set with programs; stubs are told apart by their code. */
  evidence?: ProgramEvidence;
  neverReleased?: true;
  /** Stubs, by symbol. */
  contracts: Readonly<Record<string, Contract>>;
  /** Programs, by name: the symbol where two programs do not share one. */
  programs?: Readonly<Record<string, ProgramContract>>;
}
