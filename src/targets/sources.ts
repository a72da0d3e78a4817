/** Fingerprints of sources, and of everything that they include. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** In place of the hash of a file that is not there. */
export const MISSING = 'missing';

const INCLUDE = /^[ \t]*#[ \t]*include[ \t]+"([^"]+)"/gm;

/**
 * SHA-256 (hexadecimal) of a source and of every file that it includes with quotes, by path relative to `root`, the
 * source itself first. A file that is missing has the hash {@link MISSING}.
 */
export function hashSource(root: string, source: string): Record<string, string> {
  const hashes: Record<string, string> = {};
  const open = [source];
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    if (path in hashes) continue;
    const file = join(root, path);
    if (!existsSync(file)) {
      hashes[path] = MISSING;
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
