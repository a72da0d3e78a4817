/**
 * `fuzz --watch`: the run again whenever one of its files changes. Each run is a process of its own, so that a configuration
 * is read anew and a crash of one build ends nothing.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CONFIG_NAMES } from '../config/load-config.js';
import { configuredFiles } from '../config/config-targets.js';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-info.js';
import { shorten } from '../text/escape.js';
import { onInterrupt } from './interrupt.js';
import { casesPath, expectationPath, openConfig, type ProjectFlags } from './project.js';

/** Milliseconds between two looks, and for which a file must have stayed the same: a linker writes for a while. */
const LOOK = 300;

/** @returns the status of the last run, when the user ends it */
export async function watchProject(images: readonly string[], flags: ProjectFlags): Promise<number> {
  const words = process.argv.slice(2).filter((word) => word !== '--watch');
  const interrupt = onInterrupt();
  let status = 0;
  try {
    let files = await watchedFiles(images, flags);
    while (!interrupt.stopped()) {
      const before = stateOf(files);
      status = await runOnce(words);
      if (interrupt.stopped()) break;
      process.stderr.write(`tdxfuzz: watching ${files.length} files; Ctrl-C ends it\n`);
      const changed = await change(files, before, interrupt.stopped);
      if (changed === undefined) break;
      process.stderr.write(`tdxfuzz: ${shorten(changed)} changed\n`);
      files = await watchedFiles(images, flags).catch((error: unknown) => {
        // A configuration that is just being written: the run says what is wrong with it.
        if (error instanceof UsageError) return files;
        throw error;
      });
    }
  } finally {
    interrupt.release();
  }
  return status;
}

/** @throws UsageError where there is nothing to watch: the built-in targets do not change */
async function watchedFiles(images: readonly string[], flags: ProjectFlags): Promise<string[]> {
  const loaded = await openConfig(flags);
  const configured = images.length > 0 ? images : configuredFiles(loaded);
  if (configured.length === 0)
    throw new UsageError('--watch: the built-in targets do not change; name an image, or write a configuration');
  const cases = casesPath(flags, loaded);
  return [
    ...new Set([
      // A member of an archive: the archive.
      ...configured.map((path) => (existsSync(path) ? path : path.replace(/\([^()]*\)$/, ''))),
      ...(flags.contract !== undefined && existsSync(flags.contract) ? [flags.contract] : []),
      ...(loaded.file === undefined ? CONFIG_NAMES : [loaded.file]),
      expectationPath(flags, loaded),
      cases,
      ...(existsSync(cases) && statSync(cases).isDirectory()
        ? readdirSync(cases).map((name) => join(cases, name))
        : []),
    ]),
  ];
}

/** A file that is not there has a state too. */
function stateOf(files: readonly string[]): Map<string, string> {
  return new Map(
    files.map((path) => {
      const about = statSync(path, { throwIfNoEntry: false });
      return [path, about === undefined ? '' : `${about.mtimeMs} ${about.size} ${about.ino}`];
    }),
  );
}

/** @returns the file that changed first, when all have come to rest */
async function change(
  files: readonly string[],
  before: ReadonlyMap<string, string>,
  stopped: () => boolean,
): Promise<string | undefined> {
  const differing = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string | undefined =>
    files.find((path) => one.get(path) !== other.get(path));
  let first: string | undefined;
  for (let last = before; !stopped();) {
    await wait(LOOK);
    const now = stateOf(files);
    first ??= differing(before, now);
    if (first !== undefined && differing(last, now) === undefined) return first;
    last = now;
  }
  return undefined;
}

function runOnce(words: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const main = join(packageRoot(), 'dist/src/cli/main.js');
    const child = spawn(process.execPath, [main, ...words], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
}
