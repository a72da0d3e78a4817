import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockState } from './state-lock.js';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-lock-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const path = (): string => join(folder, 'lock');

describe('a state folder', () => {
  it('is held by one process at a time', () => {
    const unlock = lockState(folder);
    expect(() => lockState(folder)).toThrow(/in use by process \d+ on /);
    unlock();
    expect(existsSync(path())).toBe(false);
    lockState(folder)();
  });

  it.each([
    ['a process that is gone', { host: hostname(), pid: 2 ** 22 + 1, started: '5' }],
    ['another process that has the number now', { host: hostname(), pid: process.pid, started: '1' }],
    ['what is no lock', 'x'],
  ])('is free after %s', (_, content) => {
    writeFileSync(path(), JSON.stringify(content));
    const unlock = lockState(folder);
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({ pid: process.pid });
    unlock();
  });

  it('is held by a process of another host as long as that shows signs of life', () => {
    writeFileSync(path(), JSON.stringify({ host: 'another', pid: 1, started: '1' }));
    expect(() => lockState(folder)).toThrow(/in use by process 1 on another/);
    const before = new Date(Date.now() - 120_000);
    utimesSync(path(), before, before);
    lockState(folder)();
  });
});
