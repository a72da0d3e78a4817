/**
 * Kernels as a distribution ships them, by the names of their packages: fetched with the system's own package client as it is
 * configured, and kept in a cache outside of any repository.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';

/** A kernel in the cache. */
export interface FetchedKernel {
  readonly package: string;
  /** As the package's own file says it. */
  readonly version: string;
  readonly path: string;
}

/** Names of packages of Debian and its kin; no option, no path. */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]{1,200}$/;
/** `NAME_VERSION_ARCHITECTURE.deb`: a colon of an epoch is `%3a` there. */
const PACKAGE_FILE = /^(.+?)_(.+)_[a-z0-9]+\.deb$/;
/** Folders of a package in which its kernel may lie; `*` is any one. */
const PLACES = [['boot'], ['usr', 'lib', 'modules', '*'], ['lib', 'modules', '*']] as const;
/** Milliseconds that one command of the client may take. */
const PATIENCE = 15 * 60_000;

/** `$XDG_CACHE_HOME/tdxfuzz/wild`, or the usual place of it (XDG Base Directory Specification). */
export function wildCache(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: named } = environment;
  const base = named !== undefined && named.startsWith('/') ? named : join(homedir(), '.cache');
  return join(base, 'tdxfuzz', 'wild');
}

/**
 * Fetches a package, unless the cache has it, and takes the kernel out of it.
 *
 * @throws UsageError in one line where there is no client, no such package, or no kernel in it
 */
export function fetchKernel(name: string, cache: string): FetchedKernel {
  if (!PACKAGE_NAME.test(name)) throw new UsageError(`${shorten(name)}: no name of a package`);
  const folder = join(cache, name);
  const known = kernelsIn(folder).at(0);
  if (known !== undefined) return { package: name, ...known };
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    run('apt-get', ['download', name], work, `package ${name}`);
    const file = readdirSync(work).find((entry) => PACKAGE_FILE.test(entry));
    const version = file === undefined ? undefined : PACKAGE_FILE.exec(file)?.[2];
    if (file === undefined || version === undefined)
      throw new UsageError(`package ${name}: apt-get download left no package file`);
    const tree = join(work, 'tree');
    run('dpkg-deb', ['--extract', file, tree], work, `package ${name}`);
    const kernel = findKernel(tree);
    if (kernel === undefined)
      throw new UsageError(`package ${name}: holds no kernel (vmlinuz); name the one with the image itself`);
    const place = join(work, 'done', version);
    mkdirSync(place, { recursive: true });
    copyFileSync(kernel, join(place, 'vmlinuz'));
    // In one step: a run that is cut off leaves no half of a kernel.
    renameSync(join(work, 'done'), folder);
    return { package: name, version, path: join(folder, version, 'vmlinuz') };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function kernelsIn(folder: string): { version: string; path: string }[] {
  return entriesOf(folder)
    .map((version) => ({ version, path: join(folder, version, 'vmlinuz') }))
    .filter(({ path }) => existsSync(path));
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function findKernel(tree: string): string | undefined {
  for (const place of PLACES) {
    let folders = [tree];
    for (const part of place)
      folders = folders.flatMap((folder) =>
        part === '*' ? entriesOf(folder).map((entry) => join(folder, entry)) : [join(folder, part)],
      );
    for (const folder of folders)
      for (const entry of entriesOf(folder)) if (/^vmlinu[xz](-|$)/.test(entry)) return join(folder, entry);
  }
  return undefined;
}

/** @throws UsageError where the command is missing or fails */
function run(command: string, options: readonly string[], folder: string, what: string): void {
  const { error, status, stderr } = spawnSync(command, options, { cwd: folder, encoding: 'utf8', timeout: PATIENCE });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT')
    throw new UsageError(`${what}: there is no ${command} here to fetch it with; give kernels with --image FILE`);
  if (error === undefined && status === 0) return;
  const said = stderr?.split('\n').findLast((line) => line.startsWith('E: ')) ?? error?.message ?? `status ${status}`;
  throw new UsageError(`${what}: ${command}: ${shorten(said.replace(/^E: /, ''), 300)}`);
}
