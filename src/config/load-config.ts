/**
 * Finds and loads a project's configuration. It is user code, and runs with all the rights of the user, as a build script
 * does: look at it before you run the tool in somebody else's checkout, or use --no-config.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { readJson, readText } from '../files.js';
import { shorten } from '../text/escape.js';
import { type Config, validateConfig } from './config.js';

/** Names of a configuration; a folder has one of them at most. */
export const CONFIG_NAMES = ['ts', 'mts', 'js', 'mjs', 'json'].map((extension) => `tdxfuzz.config.${extension}`);

const LARGEST_FILE = 1024 * 1024;
const HINT = 'give a configuration file, or --no-config';

export interface LoadedConfig {
  config: Config;
  /** As the user or this tool named it, for messages; undefined if there is none. */
  file: string | undefined;
  /** Absolute; paths in the configuration start here. */
  folder: string;
}

/**
 * @param asked path of a configuration, `false` for none, undefined to look in the folder
 * @param library what `import ... from 'tdxfuzz'` gives to the configuration: the package that runs, installed or not
 * @throws UsageError with one line that names the file, and the line where user code failed
 */
export async function loadConfig(
  folder: string,
  asked: string | false | undefined,
  library: () => Promise<object>,
): Promise<LoadedConfig> {
  if (asked === false) return { config: {}, file: undefined, folder: resolve(folder) };
  const file = asked ?? onlyConfig(folder);
  if (file === undefined) return { config: {}, file, folder: resolve(folder) };
  const path = resolve(folder, file);
  const value = path.endsWith('.json') ? readJson(path, LARGEST_FILE, HINT) : await run(path, file, await library());
  if (typeof value !== 'object' || value === null)
    throw new UsageError(`${shorten(file)}: exports no configuration; write: export default defineConfig({ ... })`);
  return { config: validated(value, file, path), file, folder: dirname(path) };
}

/** The configuration of a folder. Of two of them one would be passed over unseen. @throws UsageError */
function onlyConfig(folder: string): string | undefined {
  const [first, second] = CONFIG_NAMES.filter((name) => existsSync(join(folder, name)));
  if (second !== undefined)
    throw new UsageError(`${first} and ${second}: two configurations; remove one, or name one with --config`);
  return first;
}

/** A path of the configuration in the folder, as one from the working folder. */
export function fromHere(folder: string, path: string): string {
  return relative('.', resolve(folder, path)) || '.';
}

/** What a module exports by default. */
async function run(path: string, file: string, library: object): Promise<unknown> {
  readText(path, LARGEST_FILE, HINT);
  // Nothing is written: no cache on the disk. Nothing is remembered: a second load in one process reads again.
  const { createJiti } = await import('jiti');
  const jiti = createJiti(path, { fsCache: false, moduleCache: false, virtualModules: { tdxfuzz: library } });
  // User code that ends the process, or waits for what never comes, would pass for a run that found nothing.
  const onExit = (): void => {
    process.stderr.write(
      `tdxfuzz: ${shorten(file)}: ended the process while it was loaded (process.exit?), so that nothing was run; mend it, or use --no-config\n`,
    );
    process.exitCode = 2;
  };
  process.prependOnceListener('exit', onExit);
  try {
    return await jiti.import(path, { default: true });
  } catch (error) {
    throw failed(error, path, file);
  } finally {
    process.off('exit', onExit);
  }
}

/** A getter of the configuration is user code as well. */
function validated(value: object, file: string, path: string): Config {
  try {
    return validateConfig(value, file);
  } catch (error) {
    throw error instanceof UsageError ? error : failed(error, path, file);
  }
}

/** One line for whatever user code threw: what, and at which line of the file. */
function failed(error: unknown, path: string, file: string): UsageError {
  const message = error instanceof Error ? String(error.message) : typeof error === 'string' ? error : 'threw no Error';
  const [first = ''] = message.split('\n').filter((line) => line.trim() !== '');
  const at = lineIn(error, path);
  return new UsageError(
    `${shorten(file)}${at}: ${shorten(first.trim() || 'failed', 300)}; mend it, or use --no-config`,
  );
}

/** `:3:15` of the innermost frame in the file, or of the parser's message; empty if neither says. */
function lineIn(error: unknown, path: string): string {
  if (!(error instanceof Error)) return '';
  const text = `${error.stack ?? ''}\n${error.message}`;
  const at = text.indexOf(`${path}:`);
  return at < 0 ? '' : (/^:\d+(:\d+)?/.exec(text.slice(at + path.length))?.[0] ?? '');
}
