/** Where the package's own files are, from source and from dist alike, and which version it is. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/** The folder that holds the package's package.json. @throws Error if the package is damaged */
export function packageRoot(): string {
  if (root !== undefined) return root;
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return (root = folder);
    if (dirname(folder) === folder) throw new Error('tdxfuzz: package.json of the package was not found');
  }
}

export function toolVersion(): string {
  const json = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return json.version;
}
