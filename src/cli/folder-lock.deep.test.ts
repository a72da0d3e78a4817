import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../package-info.js';
import { lockFolder } from './folder-lock.js';
import { run } from './run-cli.test.helper.js';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-lock-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const path = (): string => join(folder, 'lock');

describe('a state folder', () => {
  it('is held by one process at a time', () => {
    const unlock = lockFolder(folder, '--state');
    expect(() => lockFolder(folder, '--state')).toThrow(/in use by process \d+ on /);
    unlock();
    expect(existsSync(path())).toBe(false);
    lockFolder(folder, '--state')();
  });

  it.each([
    ['a process that is gone', { host: hostname(), pid: 2 ** 22 + 1, started: '5' }],
    ['another process that has the number now', { host: hostname(), pid: process.pid, started: '1' }],
    ['what is no lock', 'x'],
  ])('is free after %s', (_, content) => {
    writeFileSync(path(), JSON.stringify(content));
    const unlock = lockFolder(folder, '--state');
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({ pid: process.pid });
    unlock();
  });

  it('is held by a process of another host as long as that shows signs of life', () => {
    writeFileSync(path(), JSON.stringify({ host: 'another', pid: 1, started: '1' }));
    expect(() => lockFolder(folder, '--state')).toThrow(/in use by process 1 on another/);
    const before = new Date(Date.now() - 120_000);
    utimesSync(path(), before, before);
    lockFolder(folder, '--state')();
  });
});

describe('of many processes that see the same lock of a dead one', () => {
  it('one takes it at a time', async () => {
    const script = `
      import { lockFolder } from ${JSON.stringify(join(packageRoot(), 'dist/src/cli/folder-lock.js'))};
      while (Date.now() < Number(process.argv[1]));
      try {
        lockFolder(process.argv[2], '--state');
        process.stdout.write('got it');
        setTimeout(() => undefined, 1500);
      } catch (error) {
        process.stdout.write(String(error.message));
      }`;
    for (let round = 0; round < 2; round++) {
      writeFileSync(path(), JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1, started: '5' }));
      // All of them begin at the same moment, and none ends before the others have tried.
      const start = `${Date.now() + 1200}`;
      const args = ['--input-type=module', '-e', script, start, folder];
      const told = await Promise.all(Array.from({ length: 6 }, () => run(process.execPath, args)));
      const texts = told.map(({ stdout }) => stdout);
      expect(texts.filter((text) => text === 'got it')).toHaveLength(1);
      for (const text of texts)
        expect(text).toMatch(/^(got it|--state \S+: in use by .*; wait for it, or name another folder)$/);
      rmSync(path());
    }
  });
});
