/** `npm run mutants`: tries the mutants of all built-in stubs, writes reports/mutants.json and reports/mutants.md. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import { fingerprint } from '../campaign/targets/fingerprint.js';
import type { StubTarget } from '../run/target.js';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-info.js';
import { MUTANT_CASES, MUTANTS_PATH, mutantsJson, mutantsMarkdown } from './baseline.js';
import { MutantState } from './state.js';
import { surveyAll } from './survey-all.js';

const INTERRUPTED = 130;

/** Any change of the tool makes what was found before worthless: this file changes with every source. */
function buildHash(root: string): string {
  return createHash('sha256')
    .update(readFileSync(join(root, 'dist/tsconfig.tsbuildinfo')))
    .digest('hex');
}

async function main(): Promise<void> {
  if (process.argv.length > 2) throw new UsageError(`npm run mutants takes no arguments; leave out ${process.argv[2]}`);
  const root = packageRoot();
  const targets = builtInStubs();
  const state = new MutantState(join(root, 'reports/out/mutants.jsonl'));
  const build = buildHash(root);
  const keyOf = (target: StubTarget): string => `${build} ${fingerprint(target)} ${MUTANT_CASES}`;
  let stopped = false;
  const stop = (): void => {
    if (stopped) process.exit(INTERRUPTED);
    stopped = true;
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const started = Date.now();
  let told = 0;
  const onProgress = (done: number, total: number): void => {
    if (Date.now() - told < (process.stderr.isTTY ? 1000 : 10_000) && done < total) return;
    told = Date.now();
    const left = Math.round(((told - started) * (total - done)) / done / 1000);
    const end = process.stderr.isTTY ? '\r' : '\n';
    process.stderr.write(`mutants: ${done} of ${total} bytes, ${left} s left   ${end}`);
  };
  const surveys = await surveyAll({
    targets,
    cases: MUTANT_CASES,
    state: { found: state, keyOf },
    onProgress,
    stopped: () => stopped,
  });
  if (surveys === undefined) {
    process.stderr.write('\nmutants: stopped; the same command goes on from here\n');
    process.exitCode = INTERRUPTED;
    return;
  }
  writeFileSync(join(root, MUTANTS_PATH), mutantsJson(surveys, MUTANT_CASES));
  const markdown = mutantsMarkdown(surveys, targets, MUTANT_CASES);
  writeFileSync(join(root, MUTANTS_PATH.replace(/json$/, 'md')), markdown);
  state.clear();
  process.stderr.write(`\nmutants: wrote ${MUTANTS_PATH}, ${Math.round((Date.now() - started) / 1000)} s\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`tdxfuzz: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 3;
}
