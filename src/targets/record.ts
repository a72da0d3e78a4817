/** `corpus/objects.json`: what each committed object was built from, with what, and what came out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from './read-json.js';

/** Where the record lies, relative to the package's root. */
const RECORD_PATH = 'corpus/objects.json';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hexadecimal');

const objectRecord = z.strictObject({
  /** Path of the object, relative to the package's root. */
  object: z.string().min(1),
  /** Sources in the order of linking. */
  parts: z.array(z.string().min(1)).min(1),
  /** Each source, everything that it includes, and the edit that makes a twin of them -> SHA-256. */
  sources: z.record(z.string(), hash),
  /** SHA-256 of the whole object: code, relocations and symbols. */
  sha256: hash,
  /** Name of each section that is loaded and has bytes -> SHA-256 of its bytes before relocation. */
  sections: z.record(z.string(), hash),
});

const recordSchema = z.strictObject({
  schema: z.literal('tdxfuzz/objects/2'),
  /** First line of `gcc --version`. */
  compiler: z.string().min(1),
  /** First line of the version of the assembler that gcc runs: it makes the bytes. */
  assembler: z.string().min(1),
  /** First line of the version of the linker that gcc runs. */
  linker: z.string().min(1),
  /** First line of `nasm -v`, where a source is nasm's. */
  nasm: z.string().min(1).optional(),
  /** Options in order; `ROOT` stands for the folder that the compiler runs in. */
  flags: z.strictObject({ assembly: z.array(z.string()), c: z.array(z.string()), link: z.array(z.string()) }),
  objects: z.array(objectRecord),
});

export type ObjectRecord = z.infer<typeof objectRecord>;
export type BuildFlags = z.infer<typeof recordSchema>['flags'];
export type BuildRecord = z.infer<typeof recordSchema>;

/** @throws UsageError when the record is missing or is not what its schema says */
export function readRecord(root: string): BuildRecord {
  const advice = 'write it with npm run build:targets';
  return readJson(root, RECORD_PATH, recordSchema, { missing: advice, wrong: advice });
}

/** Writes the record byte-stably. */
export function writeRecord(root: string, record: BuildRecord): void {
  writeFileSync(join(root, RECORD_PATH), `${JSON.stringify(record, null, 2)}\n`);
}
