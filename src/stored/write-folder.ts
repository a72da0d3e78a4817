/** Writes a folder of files, of which every name is the tool's own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';

/** File name -> content. */
export type FolderFiles = Readonly<Record<string, string | Uint8Array>>;

const FOLDER = /^[a-z0-9-]{1,80}$/;
const FILE = /^[A-Za-z0-9]+(\.[a-z0-9]+)?$/;
const LONGEST_FILE = 40;

/**
 * @param parent made if it is not there
 * @param name letters, digits and `-`
 * @returns the folder's path
 * @throws UsageError if it cannot be written
 * @throws RangeError for a name that nothing in the tool would have made
 */
export function writeFolder(parent: string, name: string, files: FolderFiles): string {
  if (!FOLDER.test(name)) throw new RangeError(`no name of a folder: ${JSON.stringify(name)}`);
  for (const file of Object.keys(files))
    if (file.length > LONGEST_FILE || !FILE.test(file))
      throw new RangeError(`no name of a file: ${JSON.stringify(file)}`);
  const folder = join(parent, name);
  try {
    mkdirSync(folder, { recursive: true });
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  } catch (error) {
    throw new UsageError(`${folder}: cannot write there: ${(error as Error).message}; choose another folder`);
  }
  return folder;
}
