/** One process at a time works on a state folder. A process that was killed leaves a lock that nobody holds. */
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../errors.js';
import { shorten } from '../../text/escape.js';

const lockSchema = z.strictObject({ host: z.string(), pid: z.number().int(), started: z.string() });

/** A holder on another host shows that it lives by touching the lock this often; in milliseconds. */
const BEAT = 10_000;
const DEAD_AFTER = 6 * BEAT;

/** @throws UsageError if another process holds it */
export function lockState(folder: string): () => void {
  const path = join(folder, 'lock');
  const mine = JSON.stringify({ host: hostname(), pid: process.pid, started: startOf(process.pid) });
  try {
    writeFileSync(path, mine, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = livingHolder(path);
    if (holder !== undefined)
      throw new UsageError(`--state ${shorten(folder)}: in use by ${holder}; wait for it, or name another folder`);
    writeFileSync(path, mine);
  }
  const beat = setInterval(() => touch(path), BEAT);
  beat.unref();
  return () => {
    clearInterval(beat);
    rmSync(path, { force: true });
  };
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Somebody removed the lock: nothing depends on it any more.
  }
}

function livingHolder(path: string): string | undefined {
  let content: unknown;
  let age: number;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
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
