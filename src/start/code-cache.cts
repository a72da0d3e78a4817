/**
 * Loads the chunks of the bundle with V8's code cache: half of the start of a short run is compiling. What a command compiled
 * in its first run is kept beside the bundle, one folder for each version of Node and each command; a cache that V8 rejects,
 * or that cannot be read or written, costs time and nothing else.
 */
import fs = require('node:fs');
import Module = require('node:module');
import path = require('node:path');
import vm = require('node:vm');

/** Beside the tool's own modules: the files of the bundle have the hash of their contents in their names. */
const BUNDLE = path.join(__dirname, '../../bundle');

interface Loadable {
  _compile: (this: Module, content: string, filename: string) => unknown;
}

type Wrapped = (
  exports: unknown,
  require: NodeJS.Require,
  module: Module,
  filename: string,
  folder: string,
) => undefined;

/** Loads one entry of the bundle. @param command names the folder of the cache */
function load(entry: 'main' | 'worker', command: string): void {
  const folder = path.join(BUNDLE, `cache-${process.version}-${process.arch}`, command);
  const fresh = new Map<string, vm.Script>();
  const modules = Module.prototype as unknown as Loadable;
  const compile = modules._compile;
  modules._compile = function (content, filename) {
    if (path.dirname(filename) !== BUNDLE) return compile.call(this, content, filename);
    const cached = readIfAny(path.join(folder, path.basename(filename)));
    const script = new vm.Script(Module.wrap(content), {
      filename,
      ...(cached !== undefined && { cachedData: cached }),
    });
    if (cached === undefined || script.cachedDataRejected === true) fresh.set(path.basename(filename), script);
    const run = script.runInThisContext() as Wrapped;
    return run.call(this.exports, this.exports, Module.createRequire(filename), this, filename, BUNDLE);
  };
  // By then the functions that the command needs are compiled.
  process.once('exit', () => keep(folder, fresh));
  require(path.join(BUNDLE, entries()[entry]));
}

/** @throws Error where the package was not built to its end */
function entries(): Record<string, string> {
  const text = readIfAny(path.join(BUNDLE, 'entries.json'));
  if (text === undefined) throw new Error('the package is not built: npm run build');
  return JSON.parse(text.toString('utf8')) as Record<string, string>;
}

function readIfAny(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

function keep(folder: string, fresh: ReadonlyMap<string, vm.Script>): void {
  if (fresh.size === 0) return;
  try {
    fs.mkdirSync(folder, { recursive: true });
    for (const [name, script] of fresh) {
      const file = path.join(folder, name);
      const temporary = `${file}.${process.pid}`;
      fs.writeFileSync(temporary, script.createCachedData());
      fs.renameSync(temporary, file);
    }
  } catch {
    // Somebody else's folder, or a full disk.
  }
}

export = { load };
