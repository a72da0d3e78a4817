/** Packages are fetched with the system's own client: here a false one, and none. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchKernel, wildCache } from './packages.js';

const PATH = process.env['PATH'];
let folder = '';
let cache = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-wild-'));
  cache = join(folder, 'cache');
});
afterEach(() => {
  process.env['PATH'] = PATH;
  rmSync(folder, { recursive: true, force: true });
});

function command(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  process.env['PATH'] = `${folder}:/usr/bin:/bin`;
}

/** A client that knows one package, in whose file the kernel lies at a place. */
function client(place = 'boot/vmlinuz-1.2'): void {
  command(
    'apt-get',
    `echo "$2" >> ${join(folder, 'asked')}
[ "$1 $2" = "download linux-one" ] || { echo "W: something" >&2; echo "E: Unable to locate package $2" >&2; exit 100; }
echo archive > linux-one_5%3a1.2-3_amd64.deb`,
  );
  command('dpkg-deb', `[ "$1" = --extract ] || exit 1\nmkdir -p "$3/$(dirname ${place})" && cp "$2" "$3/${place}"`);
}

describe('a package', () => {
  test.each(['boot/vmlinuz-1.2', 'usr/lib/modules/1.2/vmlinuz', 'lib/modules/1.2/vmlinux'])(
    'has its kernel at %s, which is kept with its version',
    (place) => {
      client(place);
      const kernel = fetchKernel('linux-one', cache);
      expect(kernel).toMatchObject({ package: 'linux-one', version: '5%3a1.2-3' });
      expect(readFileSync(kernel.path, 'utf8')).toBe('archive\n');
      expect(kernel.path.startsWith(cache)).toBe(true);
      expect(readdirSync(cache)).toEqual(['linux-one']);
    },
  );

  test('is asked for once', () => {
    client();
    expect(fetchKernel('linux-one', cache)).toEqual(fetchKernel('linux-one', cache));
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('linux-one\n');
  });

  test('that there is not, in the words of the client, and nothing is left', () => {
    client();
    expect(() => fetchKernel('linux-two', cache)).toThrow(
      /^package linux-two: apt-get: Unable to locate package linux-two$/,
    );
    expect(readdirSync(cache)).toEqual([]);
  });

  test('without a kernel in it', () => {
    client('boot/config-1.2');
    expect(() => fetchKernel('linux-one', cache)).toThrow(/^package linux-one: holds no kernel/);
    expect(existsSync(join(cache, 'linux-one'))).toBe(false);
  });

  test.each(['-o=Dir::Etc=/tmp', '../linux', 'Linux', '', 'a b', 'linux\n'])('%j is no name of one', (name) => {
    client();
    expect(() => fetchKernel(name, cache)).toThrow(/no name of a package/);
    expect(existsSync(join(folder, 'asked'))).toBe(false);
  });
});

test('a system without a client: said, with what to do', () => {
  process.env['PATH'] = folder;
  expect(() => fetchKernel('linux-one', cache)).toThrow(
    /^package linux-one: there is no apt-get here to fetch it with; give kernels with --image FILE$/,
  );
});

test('the cache lies where the system has caches', () => {
  expect(wildCache({ XDG_CACHE_HOME: '/var/own' })).toBe('/var/own/tdxfuzz/wild');
  expect(wildCache({ XDG_CACHE_HOME: 'here' })).toMatch(/\/\.cache\/tdxfuzz\/wild$/);
  expect(wildCache({})).toMatch(/^\/.*\/\.cache\/tdxfuzz\/wild$/);
});
