/** Where the case of a finding is: what a person names is its file, or the folder that the finding has. */
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** `FOLDER` -> `FOLDER/case.json`; everything else as it is. */
export function casePath(given: string): string {
  try {
    return statSync(given).isDirectory() ? join(given, 'case.json') : given;
  } catch {
    // Who reads the file says what is wrong with it.
    return given;
  }
}
