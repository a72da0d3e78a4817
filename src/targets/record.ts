/** `corpus/objects.json`: what each committed object was built from, with what, and what came out. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.js';

/** Where the record lies, relative to the package's root. */
export const RECORD_PATH = 'corpus/objects.json';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hexadecimal');

const objectRecord = z.strictObject({
  /** Path of the object, relative to the package's root. */
  object: z.string().min(1),
  source: z.string().min(1),
  /** The source and everything that it includes -> SHA-256. */
  sources: z.record(z.string(), hash),
  /** SHA-256 of the whole object: code, relocations and symbols. */
  sha256: hash,
  /** Name of each section that is loaded and has bytes -> SHA-256 of its bytes before relocation. */
  sections: z.record(z.string(), hash),
});

const recordSchema = z.strictObject({
  schema: z.literal('tdxfuzz/objects/1'),
  /** First line of `gcc --version`. */
  compiler: z.string().min(1),
  /** First line of the version of the assembler that gcc runs: it makes the bytes. */
  assembler: z.string().min(1),
  /** Options in order; `ROOT` stands for the package's root, in which the compiler runs. */
  flags: z.array(z.string()),
  objects: z.array(objectRecord),
});

export type ObjectRecord = z.infer<typeof objectRecord>;
export type BuildRecord = z.infer<typeof recordSchema>;

/** @throws UsageError when the record is missing or is not what its schema says */
export function readRecord(root: string): BuildRecord {
  const path = join(root, RECORD_PATH);
  if (!existsSync(path)) throw new UsageError(`${path}: no such file; write it with npm run build:targets`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`${path}: not JSON; write it with npm run build:targets`);
  }
  const parsed = recordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${path}: ${issue.path.join('.')}: ${issue.message}; write it with npm run build:targets`);
}

/** Writes the record byte-stably. */
export function writeRecord(root: string, record: BuildRecord): void {
  writeFileSync(join(root, RECORD_PATH), `${JSON.stringify(record, null, 2)}\n`);
}
