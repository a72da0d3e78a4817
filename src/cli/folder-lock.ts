/** One process at a time writes to a folder. A process that was killed leaves a lock that nobody holds. */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';

/** In the folder, as long as a process writes there. */
export const LOCK = 'lock';

const lockSchema = z.strictObject({ host: z.string(), pid: z.number().int(), started: z.string() });

/** A holder on another host shows that it lives by touching the lock this often; in milliseconds. */
const BEAT = 10_000;
const DEAD_AFTER = 6 * BEAT;

/** Times that a lock which nobody holds is taken away: more than one only if others try at the same moment. */
const TRIES = 3;

/** Another process writes there now. */
export class FolderInUse extends UsageError {}

/**
 * @param option that named the folder, for messages
 * @returns what gives it back
 * @throws FolderInUse if another process holds it
 */
export function lockFolder(folder: string, option: string): () => void {
  const path = join(folder, LOCK);
  const mine = JSON.stringify({ host: hostname(), pid: process.pid, started: startOf(process.pid) });
  const refuse = (holder: string): never => {
    throw new FolderInUse(`${option} ${shorten(folder)}: in use by ${holder}; wait for it, or name another folder`);
  };
  for (let tries = 0; !made(path, mine); tries++) {
    const held = contentOf(path);
    const holder = held === undefined ? undefined : livingHolder(path, held);
    if (holder !== undefined || tries === TRIES) refuse(holder ?? 'another process');
    if (held !== undefined && !takenAway(path, held)) refuse('another process');
  }
  const beat = setInterval(() => touch(path), BEAT);
  beat.unref();
  return () => {
    clearInterval(beat);
    // Only what is ours: the lock of a host that slept too long may be another's by now.
    if (contentOf(path) === mine) rmSync(path, { force: true });
  };
}

/** Which process writes to a folder now; undefined if none does. Nothing is locked by asking. */
export function holderOf(folder: string): string | undefined {
  const path = join(folder, LOCK);
  const held = contentOf(path);
  return held === undefined ? undefined : livingHolder(path, held);
}

/** @returns false if there is one already */
function made(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Takes a lock away that nobody holds. Of two processes that see the same one, the slower may get the fresh lock of the
 * other into its hands: it looks at what it took, and puts it back.
 */
function takenAway(path: string, stale: string): boolean {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  const isStale = contentOf(aside) === stale;
  if (!isStale) putBack(aside, path);
  rmSync(aside, { force: true });
  return isStale;
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch {
    // A third process was quicker: it holds the folder now.
  }
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Somebody removed the lock: nothing depends on it any more.
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function livingHolder(path: string, held: string): string | undefined {
  let content: unknown;
  let age: number;
  try {
    content = JSON.parse(held);
    age = Date.now() - statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
  const parsed = lockSchema.safeParse(content);
  if (!parsed.success) return undefined;
  const { host, pid, started } = parsed.data;
  const lives = host === hostname() ? startOf(pid) === started && started !== '' : age < DEAD_AFTER;
  return lives ? `process ${pid} on ${shorten(host, 60)}` : undefined;
}

/** When a process started, in clock ticks since boot (proc(5), /proc/PID/stat field 22): a number that is used again gets another. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
