/** Writes cases into a folder of results. File names come from the tool alone, never from an image or a case. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import type { CaseFile } from './case-schema.js';

/** `PROPERTY-DIGEST.json`: one name per signature and target. @throws UsageError if the folder cannot be written */
export function writeCase(folder: string, file: CaseFile): string {
  const path = join(folder, caseName(file));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
  } catch (error) {
    throw new UsageError(`${folder}: cannot write there: ${(error as Error).message}; choose another folder`);
  }
  return path;
}

export function caseName(file: CaseFile): string {
  return `${findingName(file)}.json`;
}

/** `PROPERTY-DIGEST`, of letters, digits and `-` alone. */
export function findingName({ expect, target, image }: CaseFile): string {
  const what = expect === null ? target : `${target} ${image.hash} ${expect.property} ${expect.slot} ${expect.place}`;
  const digest = createHash('sha256').update(what).digest('hex').slice(0, 10);
  const property = expect !== null && /^[a-z0-9-]{1,60}$/.test(expect.property) ? expect.property : 'case';
  return `${property}-${digest}`;
}
