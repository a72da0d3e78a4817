/** Files at the edge: read within bounds, folders made level by level, files replaced in one step. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from './errors.js';
import { escapeName, shorten } from './text/escape.js';

/**
 * The text of a regular file.
 *
 * @param most bytes
 * @param hint what to give in its place, for the message
 * @throws UsageError with one line that names the file
 */
export function readText(path: string, most: number, hint: string): string {
  const refuse = (what: string): never => {
    throw new UsageError(`${shorten(path)}: ${what}; ${hint}`);
  };
  try {
    const about = statSync(path);
    if (about.isDirectory()) refuse('a folder');
    // A pipe or a device might never end.
    if (!about.isFile()) refuse('not a regular file');
    if (about.size > most) refuse(`${about.size} bytes, at most ${most} are read`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    return refuse(code === 'ENOENT' || code === 'ENOTDIR' ? 'no such file' : `cannot be read (${code ?? 'error'})`);
  }
}

/** The value in a JSON file. @throws UsageError as {@link readText}, and for what is no JSON */
export function readJson(path: string, most: number, hint: string): unknown {
  const text = readText(path, most, hint);
  try {
    return JSON.parse(text);
  } catch (error) {
    // What JSON.parse says quotes the text, line ends and all.
    throw new UsageError(`${shorten(path)}: not JSON (${escapeName((error as Error).message)}); is it truncated?`);
  }
}

/** Makes a folder and those above it. @throws Error of the file system */
export function makeFolders(folder: string): void {
  // One level at a time: a recursive mkdir never comes back from some file systems (/proc).
  const parent = dirname(folder);
  if (parent !== folder && !existsSync(parent)) makeFolders(parent);
  if (existsSync(folder)) return;
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another run may make the same folder at the same time.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Replaces a file in one step: whoever reads it sees the old text or the new one, also after a kill.
 *
 * @throws UsageError if it cannot be written
 */
export function replaceFile(path: string, text: string): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    makeFolders(dirname(path));
    const file = openSync(temporary, 'wx');
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${shorten(path)}: cannot be written (${code ?? 'error'}); name a place that you can write to`,
    );
  }
}
