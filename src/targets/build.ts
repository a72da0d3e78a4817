/**
 * `npm run build:targets`: builds the corpus's objects and writes `corpus/objects.json`.
 * `npm run build:targets -- --check`: says for each object whether it is in step; exits 1 when one is not.
 * Runs in the package's root, as npm does.
 */
import { UsageError } from '../errors.js';
import { buildObjects } from './build-objects.js';
import { checkObjects } from './check.js';
import { findToolchain } from './toolchain.js';

async function check(root: string): Promise<number> {
  const toolchain = findToolchain() ?? 'none';
  const checks = await checkObjects(root, toolchain);
  for (const { object, state, error, detail } of checks) {
    console.log(`${error ? 'error' : 'ok'} ${object}: ${state}${detail === '' ? '' : ` (${detail})`}`);
  }
  if (toolchain === 'none') console.log('not rebuilt: no gcc');
  return checks.some(({ error }) => error) ? 1 : 0;
}

async function build(root: string): Promise<number> {
  for (const { object, sha256 } of (await buildObjects(root)).objects) console.log(`${sha256.slice(0, 16)} ${object}`);
  return 0;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.length === 0) return build(process.cwd());
  if (args.length === 1 && args[0] === '--check') return check(process.cwd());
  throw new UsageError(`build:targets: unknown arguments ${args.join(' ')}; give nothing, or --check`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
