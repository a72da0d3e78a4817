/** Cases that are replayed first on every run: the package's own, and those that a project keeps. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';
import { type CaseFile } from './case-schema.js';
import { readCase } from './case-file.js';

/** Where a project keeps its own cases, from its top folder. */
export const PROJECT_CASES = 'tdxfuzz/cases';

export interface StoredCase {
  /** The file's name without its folder. */
  name: string;
  file: CaseFile;
}

/** Every case of a folder, by name; none if there is no such folder. @throws UsageError naming what is no folder or no case */
export function casesOf(folder: string): StoredCase[] {
  if (!existsSync(folder)) return [];
  return filesOf(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({ name, file: readCase(join(folder, name)) }));
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${shorten(folder)}: no folder of cases (${code ?? 'error'}); name another one`);
  }
}
