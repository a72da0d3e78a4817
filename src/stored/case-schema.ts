/**
 * One case as a file, schema tdxfuzz/case/2: everything that a replay needs and nothing of the run that found it. A
 * case is plain values, which stay valid when generators and neutral values change.
 */
import { z } from 'zod';
import { contractSchema } from '../contract/contract.js';
import { type ProgramContract, programContractSchema } from '../contract/program-contract.js';
import { escapeName } from '../text/escape.js';

/** A 64-bit value, as files have it. */
export const hex64 = z.string().regex(/^0x[0-9a-f]{1,16}$/, 'a 64-bit value written as 0x... in lower case');
/** The tool writes no control characters; what somebody else wrote is made safe to print. */
export const text = (most: number) => z.string().max(most).transform(escapeName);
/** Bounds: a case that was written by the tool is far below them, a hostile one is refused. */
export const MAX_PAGES = 256;
/** Symbols of the image, and symbols from outside of it. */
export const MAX_SYMBOLS = 4096;
/** Bytes of the image that nobody knows. */
export const MAX_BAD_PLACES = 4096;
export const MAX_STEPS = 64;
/** Bytes of the function that are decoded before a replay: some 20,000 instructions. */
export const MAX_CODE = 0x10000;
const PAGE_BASE64 = 5464;

export const CASE_SCHEMA = 'tdxfuzz/case/2';

const namedValues = z.record(z.string().max(100), hex64);

const signature = z.strictObject({
  property: text(100),
  clause: text(2000),
  slot: text(100),
  place: text(4300),
});

export const caseSchema = z.strictObject({
  schema: z.literal(CASE_SCHEMA),
  tool: text(50),
  target: text(4300),
  symbol: z.string().min(1).max(4096).transform(escapeName),
  image: z.strictObject({ name: text(4300), hash: z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 in hexadecimal') }),
  contract: z.strictObject({ set: text(100), body: z.union([contractSchema, programContractSchema]) }),
  model: z.strictObject({ module: text(20) }),
  /** The code and data pages that the runs touched, after relocation. */
  code: z.strictObject({
    entry: hex64,
    size: z.number().int().min(1).max(MAX_CODE),
    pages: z
      .array(
        z.strictObject({
          address: hex64,
          permissions: z.string().regex(/^[r-][w-][x-]$/),
          base64: z.string().max(PAGE_BASE64),
        }),
      )
      .min(1)
      .max(MAX_PAGES),
    symbols: z
      .array(z.strictObject({ name: text(4096), address: hex64, size: z.number().int().min(0).max(0x40000000) }))
      .max(MAX_SYMBOLS),
    externals: z.array(z.strictObject({ name: text(4096), address: hex64 })).max(MAX_SYMBOLS),
    /** GS base with which the image's per-CPU data is reached, where it is not the tool's. */
    gsBase: hex64.optional(),
    /** Entries of the exception-fixup table for the function and for what it ran; absent: none. */
    fixups: z
      .array(z.strictObject({ from: hex64, to: hex64, type: z.number().int().min(0).max(255) }))
      .max(MAX_CODE)
      .optional(),
    /** Bytes of the pages that nobody knows: a run that executes or reads them has no verdict. Absent: none. */
    badPlaces: z
      .array(z.strictObject({ address: hex64, size: z.number().int().min(1).max(0x40000000), reason: text(9000) }))
      .max(MAX_BAD_PLACES)
      .optional(),
    /** Pages that the runs touched and that there was no room for: the case cannot be replayed without the image. */
    missing: z.number().int().min(1).max(0x40000000).optional(),
  }),
  /** What happens, step by step; a single function is called once. Slots that differ from neutral; an absent one is neutral. */
  steps: z
    .array(z.strictObject({ action: text(60), values: namedValues }))
    .min(1)
    .max(MAX_STEPS),
  /** Action -> slot -> what was neutral when the case was written; absent: 0. */
  neutral: z.record(z.string().max(60), namedValues),
  /**
   * Every answer from outside that the run consumed, for people: the registers behind each kind of call, and how it ended
   * if it did not reach the module.
   */
  answers: z
    .array(z.strictObject({ call: text(20), outcome: text(30).optional(), registers: z.record(text(10), hex64) }))
    .max(64),
  expect: z
    .strictObject({ property: text(100), clause: text(2000), slot: text(100), place: text(4300), trace: text(64) })
    .nullable(),
  /** Other violations of the same finding: what accepts the finding accepts them too. */
  also: z.array(signature).max(10_000).optional(),
  /** How it was found, for information. */
  found: z.strictObject({ seed: text(1000), block: z.number().int(), index: z.number().int() }).nullable(),
});

export type CaseFile = z.infer<typeof caseSchema>;

/** The values of a case by name. */
export type StoredValues = Pick<CaseFile, 'steps' | 'neutral'>;

export function isProgramContract(body: CaseFile['contract']['body']): body is ProgramContract {
  return 'program' in body;
}
