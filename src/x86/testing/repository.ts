import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A path within the repository, from the sources and from dist alike. @throws Error outside of a checkout */
export function repositoryPath(path: string): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return join(folder, path);
    if (dirname(folder) === folder) throw new Error('the tests run from a checkout: package.json was not found');
  }
}
