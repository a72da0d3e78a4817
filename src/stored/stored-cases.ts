/** Cases that are replayed first on every run: the package's own, and those that a project keeps. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { readJson } from '../files.js';
import { shorten } from '../text/escape.js';
import { type CaseFile } from './case-schema.js';
import { HINT, LARGEST_FILE, readCase, validateCase } from './case-file.js';

/** Where a project keeps its own cases, from its top folder. */
export const PROJECT_CASES = 'tdxfuzz/cases';

export interface StoredCase {
  /** The file's name without its folder. */
  readonly name: string;
  /** @throws UsageError naming the file, if it is no case */
  readonly file: CaseFile;
  /** Whether its contract may be one of that set and symbol: false spares the reading. Any may be where it is absent. */
  readonly mayBeOf?: (set: string, symbol: string) => boolean;
}

/** Every case of a folder, by name; none if there is no such folder. @throws UsageError naming what is no folder or no case */
export function casesOf(folder: string): StoredCase[] {
  return pathsOf(folder).map(([name, path]) => ({ name, file: readCase(path) }));
}

/** The package's own: files that were checked when they were packed are checked again when a target asks for them. */
export function ownCorpus(folder: string): StoredCase[] {
  return pathsOf(folder).map(([name, path]) => {
    const json = readJson(path, LARGEST_FILE, HINT);
    const { set, body } = (json as { contract: { set: string; body: { symbol: string } } }).contract;
    let file: CaseFile | undefined;
    return {
      name,
      get file() {
        return (file ??= validateCase(json, path));
      },
      mayBeOf: (asked, symbol) => set === asked && body.symbol === symbol,
    };
  });
}

function pathsOf(folder: string): [name: string, path: string][] {
  if (!existsSync(folder)) return [];
  return filesOf(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, join(folder, name)]);
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${shorten(folder)}: no folder of cases (${code ?? 'error'}); name another one`);
  }
}
