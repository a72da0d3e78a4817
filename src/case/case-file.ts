/**
 * One case as a file, schema tdxfuzz/case/1: everything that a replay needs and nothing of the run that found it. A
 * case is plain values, which stay valid when generators change.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { contractSchema } from '../contract/contract.js';
import { type ProgramContract, programContractSchema } from '../contract/program-contract.js';
import { firstIssue, inconsistency } from '../contract/validate.js';
import { UsageError } from '../errors.js';
import { SLOT_NAMES } from '../scenario/layout.js';
import { escapeName, shorten } from '../text/escape.js';

/** A 64-bit value, as files have it. */
export const hex64 = z.string().regex(/^0x[0-9a-f]{1,16}$/, 'a 64-bit value written as 0x... in lower case');
/** The tool writes no control characters; what somebody else wrote is made safe to print. */
export const text = (most: number) => z.string().max(most).transform(escapeName);
/** Bounds: a case that was written by the tool is far below them, a hostile one is refused. */
const MAX_PAGES = 256;
const MAX_STEPS = 64;
/** Bytes of the function that are decoded before a replay: some 20,000 instructions. */
export const MAX_CODE = 0x10000;
const PAGE_BASE64 = 5464;

export const caseSchema = z.strictObject({
  schema: z.literal('tdxfuzz/case/1'),
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
      .max(4096),
    externals: z.array(z.strictObject({ name: text(4096), address: hex64 })).max(4096),
    /** GS base with which the image's per-CPU data is reached, where it is not the tool's. */
    gsBase: hex64.optional(),
    /** Entries of the exception-fixup table for the function and for what it ran; absent: none. */
    fixups: z
      .array(z.strictObject({ from: hex64, to: hex64, type: z.number().int().min(0).max(255) }))
      .max(MAX_CODE)
      .optional(),
  }),
  /** Slots that differ from neutral; an absent one is neutral. */
  scenario: z.record(z.string(), hex64),
  /** The steps of a program's case; its scenario is empty. A value that is absent is neutral. */
  story: z
    .array(z.strictObject({ action: text(60), values: z.record(z.string(), hex64) }))
    .min(1)
    .max(MAX_STEPS)
    .optional(),
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
  /** How it was found, for information. */
  found: z.strictObject({ seed: text(1000), block: z.number().int(), index: z.number().int() }).nullable(),
});

export type CaseFile = z.infer<typeof caseSchema>;

/** The values of a case by name: a scenario, or a story. */
export type StoredValues = Pick<CaseFile, 'scenario' | 'story'>;

const LARGEST_FILE = 16 * 1024 * 1024;

/**
 * @param given a case file, or the folder of a finding
 * @throws UsageError with one line that names the file and what is wrong in it
 */
export function readCase(given: string): CaseFile {
  const inFolder = join(given, 'case.json');
  const path = existsSync(inFolder) ? inFolder : given;
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const reason = unreadable(error as NodeJS.ErrnoException);
    throw new UsageError(`${path}: ${reason}; give the path of a case.json, or of a finding's folder`);
  }
  if (bytes.length > LARGEST_FILE) throw new UsageError(`${path}: larger than any case file (${LARGEST_FILE} bytes)`);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new UsageError(`${path}: not JSON; is the file truncated?`);
  }
  return validateCase(json, path);
}

/** @throws UsageError */
export function validateCase(json: unknown, origin: string): CaseFile {
  const version = (json as { schema?: unknown } | null)?.schema;
  if (typeof version === 'string' && version.startsWith('tdxfuzz/case/') && version !== 'tdxfuzz/case/1') {
    throw new UsageError(`${origin}: schema ${shorten(version, 40)} is not known to this version; update tdxfuzz`);
  }
  const parsed = caseSchema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${origin}: not a case file: ${firstIssue(parsed.error)}`);
  for (const slot of Object.keys(parsed.data.scenario)) {
    if (!SLOT_NAMES.includes(slot)) throw new UsageError(`${origin}: scenario: unknown slot ${shorten(slot, 60)}`);
  }
  const { body } = parsed.data.contract;
  const program = isProgramContract(body);
  if (program !== (parsed.data.story !== undefined))
    throw new UsageError(`${origin}: a story and the contract of a program go together; take another copy of it`);
  const wrong = program ? undefined : inconsistency(body);
  if (wrong !== undefined) throw new UsageError(`${origin}: contract: ${wrong}`);
  return parsed.data;
}

export function isProgramContract(body: CaseFile['contract']['body']): body is ProgramContract {
  return 'program' in body;
}

function unreadable({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file';
  return code === 'EISDIR' ? 'is a folder without a case.json' : message;
}
