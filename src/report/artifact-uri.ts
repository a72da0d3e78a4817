/** Paths as URIs: relative to a folder where they lie in it, absolute otherwise. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { escapeName } from '../text/escape.js';
import { pathInFolder } from '../text/path-in-folder.js';

/**
 * The URI reference of a path (RFC 3986), percent-encoded. Nothing is opened: the path may be any text.
 * @param path as in a result; a relative one counts from the folder
 * @param folder absolute
 */
export function artifactUri(path: string, folder: string): string {
  // Halves of surrogate pairs cannot be encoded; names in results are escaped already.
  const name = escapeName(path);
  const inside = pathInFolder(name, folder);
  if (inside === undefined) return pathToFileURL(resolve(folder, name)).href;
  return inside.split('/').map(encodeURIComponent).join('/');
}
