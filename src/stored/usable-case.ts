/** A case file that is to be kept: one that can be replayed. */
import { UsageError } from '../errors.js';
import { readCase } from './case-file.js';
import type { CaseFile } from './case-schema.js';
import { openCase } from './open-case.js';

/**
 * @param path of a case file, or of the folder of a finding
 * @throws UsageError with one line that names the file, for whatever `replay` could not run either
 */
export function usableCase(path: string): CaseFile {
  const file = readCase(path);
  const { runner, values } = openCase(file, path);
  runner.run(values);
  if (runner.problem !== '') throw new UsageError(`${path}: no verdict: ${runner.problem}; take another copy of it`);
  return file;
}
