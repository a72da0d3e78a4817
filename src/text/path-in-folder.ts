/** Paths as people name them: from the folder that they are in, where they lie in it. */
import { realpathSync } from 'node:fs';
import { isAbsolute, posix, relative, resolve, sep } from 'node:path';

/**
 * @param path a relative one counts from the folder
 * @param folder absolute
 * @returns the path from the folder, with slashes; undefined if it lies elsewhere
 */
export function pathInFolder(path: string, folder: string): string | undefined {
  const inside = relative(folder, resolve(folder, path)).split(sep).join(posix.sep);
  return inside === '' || inside === '..' || inside.startsWith('../') || isAbsolute(inside) ? undefined : inside;
}

/** A path from the current folder where it lies in it, otherwise as it is. Compilers name that folder as the shell does. */
export function shownPath(path: string, folder = process.cwd(), shell = process.env['PWD']): string {
  return pathInFolder(path, folder) ?? (isSame(shell, folder) ? pathInFolder(path, shell) : undefined) ?? path;
}

/** Whether the shell calls the folder by a name of its own, through symbolic links. */
function isSame(shell: string | undefined, folder: string): shell is string {
  if (shell === undefined || shell === folder || !isAbsolute(shell)) return false;
  try {
    return realpathSync(shell) === realpathSync(folder);
  } catch {
    return false;
  }
}
