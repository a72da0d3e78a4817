/** Reads the JSON files that say what the corpus is made of. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';

/** What to do about a file that is missing, and about one that is wrong. */
export interface Advice {
  missing: string;
  wrong: string;
}

/**
 * Reads and checks a file.
 * @param path relative to `root`
 * @throws UsageError when it is missing, no JSON, or not what the schema says
 */
export function readJson<T>(root: string, path: string, schema: z.ZodType<T>, advice: Advice): T {
  const file = join(root, path);
  if (!existsSync(file)) throw new UsageError(`${file}: no such file; ${advice.missing}`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new UsageError(`${file}: not JSON; ${advice.wrong}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${file}: ${shorten(issue.path.join('.'))}: ${issue.message}; ${advice.wrong}`);
}
