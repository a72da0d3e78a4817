/** Case files, read and checked. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { firstIssue, inconsistency } from '../contract/validate.js';
import { UsageError } from '../errors.js';
import { readJson } from '../files.js';
import { shorten } from '../text/escape.js';
import { CASE_1, case1Schema, upgradeCase } from './case-1.js';
import { CASE_SCHEMA, type CaseFile, caseSchema, isProgramContract } from './case-schema.js';

/** Bytes. */
export const LARGEST_FILE = 16 * 1024 * 1024;
export const HINT = "give the path of a case.json, or of a finding's folder";

/**
 * @param given a case file, or the folder of a finding
 * @throws UsageError with one line that names the file and what is wrong in it
 */
export function readCase(given: string): CaseFile {
  const inFolder = join(given, 'case.json');
  const path = existsSync(inFolder) ? inFolder : given;
  return validateCase(readJson(path, LARGEST_FILE, HINT), path);
}

/** @throws UsageError */
export function validateCase(json: unknown, origin: string): CaseFile {
  const version = (json as { schema?: unknown } | null)?.schema;
  if (typeof version === 'string' && version.startsWith('tdxfuzz/case/') && ![CASE_SCHEMA, CASE_1].includes(version))
    throw new UsageError(`${origin}: schema ${shorten(version, 40)} is not known to this version; update tdxfuzz`);
  const file = version === CASE_1 ? parseCase1(json, origin) : parse(caseSchema, json, origin);
  const { body } = file.contract;
  const wrong = isProgramContract(body) ? undefined : inconsistency(body);
  if (wrong !== undefined) throw new UsageError(`${origin}: contract: ${wrong}`);
  return file;
}

function parse<T extends z.ZodType>(schema: T, json: unknown, origin: string): z.infer<T> {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${origin}: not a case file: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

function parseCase1(json: unknown, origin: string): CaseFile {
  const file = parse(case1Schema, json, origin);
  const { body } = file.contract;
  const wrong = isProgramContract(body) ? undefined : inconsistency(body);
  if (wrong !== undefined) throw new UsageError(`${origin}: contract: ${wrong}`);
  const upgraded = upgradeCase(file);
  if (typeof upgraded === 'string') throw new UsageError(`${origin}: ${upgraded}; take another copy of it`);
  return upgraded;
}
