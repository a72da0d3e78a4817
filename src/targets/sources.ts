/** The assembly sources of the corpus, and everything that they include. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { UsageError } from '../errors.js';

/** The folders whose `.S` files become objects, relative to the package's root. */
export const SOURCE_FOLDERS = ['corpus/bugs', 'corpus/targets'] as const;

const INCLUDE = /^[ \t]*#[ \t]*include[ \t]+"([^"]+)"/gm;

/**
 * Paths of all sources below `root`: relative to it, with `/`, sorted.
 * @throws UsageError when a folder is missing
 */
export function listSources(root: string): string[] {
  return SOURCE_FOLDERS.flatMap((folder) => {
    if (!existsSync(join(root, folder))) {
      throw new UsageError(`${join(root, folder)}: no such folder; run this in a checkout of tdxfuzz`);
    }
    return readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.S'))
      .map((name) => `${folder}/${name}`);
  }).sort();
}

/** The object that a source becomes: beside it, with the ending `.o`. */
export function objectOf(source: string): string {
  return source.replace(/\.S$/, '.o');
}

/**
 * SHA-256 (hexadecimal) of a source and of every file that it includes with quotes, by path relative to `root`, the
 * source itself first. A file that is missing has the hash `missing`.
 */
export function hashSource(root: string, source: string): Record<string, string> {
  const hashes: Record<string, string> = {};
  const open = [source];
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    if (path in hashes) continue;
    const file = join(root, path);
    if (!existsSync(file)) {
      hashes[path] = 'missing';
      continue;
    }
    const text = readFileSync(file, 'utf8');
    hashes[path] = sha256(text);
    for (const [, included] of text.matchAll(INCLUDE)) open.push(posix.join(posix.dirname(path), included));
  }
  return hashes;
}

/** SHA-256, hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
