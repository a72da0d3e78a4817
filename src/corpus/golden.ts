/**
 * Golden results: what every built-in target and every broken twin says at one seed, before anything is grouped or shrunk.
 * A net under changes that must not change a verdict; `npm run golden` writes it, golden.deep.test.ts compares.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { BLOCK_CASES, streamSeed, WORDS } from '../campaign/blocks/block.js';
import { fuzz } from '../campaign/fuzz.js';
import type { TargetResult } from '../campaign/records/result.js';
import { builtInTargets } from '../campaign/targets/built-in-targets.js';
import { openRunner } from '../run/open-runner.js';
import { type AnyTarget, isProgram } from '../run/target.js';
import { brokenTarget, imageCache } from '../campaign/targets/twin-targets.js';
import { readManifest } from '../targets/manifest.js';
import { type Signature, Signatures } from '../finding/signature.js';

/** Where the golden results lie, relative to the package's root. */
export const GOLDEN_PATH = 'corpus/golden/violations.json';
const SEED = 'golden';
/** Cases whose violations are recorded. */
const CASES = { stub: 1000, program: 500 } as const;
/** Cases behind the `result`: of a stub so many that they are computed in bulk. */
const RESULT_CASES = { stub: BLOCK_CASES, program: CASES.program } as const;

export interface Golden {
  seed: string;
  cases: typeof CASES;
  resultCases: typeof RESULT_CASES;
  /** Built-in target -> sha256 of its `result` as JSON, and of the parts of it, so that a difference says where it is. */
  results: Record<string, Record<string, string>>;
  /** Built-in target, or id of a twin -> `property | slot | place | clause`, with how many cases violate it so. */
  violations: Record<string, Record<string, number>>;
}

/** @param root of the package */
export async function goldenResults(root: string, chosen: (name: string) => boolean = () => true): Promise<Golden> {
  const images = imageCache(root);
  const builtIn = builtInTargets().filter(({ name }) => chosen(name));
  const twins = readManifest(root).map((twin) => brokenTarget(twin, images));
  const all = [...builtIn, ...twins.filter(({ name }) => chosen(name))];
  const { result } = await fuzz({
    targets: builtIn,
    seed: SEED,
    budget: { runsOf: (index) => (isProgram(builtIn[index]) ? RESULT_CASES.program : RESULT_CASES.stub) },
    workers: 1,
  });
  return {
    seed: SEED,
    cases: CASES,
    resultCases: RESULT_CASES,
    results: Object.fromEntries(result.targets.map((target) => [target.target, digests(target)])),
    violations: Object.fromEntries(all.map((target) => [target.name, violationsOf(target)])),
  };
}

/** The parts of a result that differ for different reasons. */
const PARTS = ['executions', 'properties', 'classes', 'coverage', 'findings', 'fingerprint'] as const;

function digests(target: TargetResult): Record<string, string> {
  const parts = PARTS.map((part) => [part, sha256(target[part]).slice(0, 12)]);
  return { result: sha256(target), ...(Object.fromEntries(parts) as Record<string, string>) };
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** The violated clauses of the first cases of a target, or why a case has no verdict; counted. */
function violationsOf(target: AnyTarget): Record<string, number> {
  const counts = new Map<string, number>();
  const count = (text: string): void => void counts.set(text, (counts.get(text) ?? 0) + 1);
  const add = (signatures: readonly Signature[]): void => {
    for (const { property, slot, place, clause } of signatures) count(`${property} | ${slot} | ${place} | ${clause}`);
  };
  const runner = openRunner(target);
  const signatures = new Signatures(runner);
  const predicate = fc.property(WORDS, (words) =>
    runner.space.each(words, isProgram(target) ? CASES.program : CASES.stub, (values) => {
      const violations = runner.run(values);
      if (violations === undefined) count(`no verdict: ${runner.problem}`);
      else if (violations.length > 0) add(signatures.of(violations));
    }),
  );
  const seed = streamSeed(SEED, target.name, 0, undefined);
  const details = fc.check(predicate, { seed, numRuns: 1, endOnFailure: true });
  if (details.failed) throw details.errorInstance;
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** One line for each difference, with the target first. */
export function goldenDifferences(golden: Golden, now: Golden): string[] {
  return [...differences('result', golden.results, now.results), ...differences('', golden.violations, now.violations)];
}

type Table<V> = Readonly<Record<string, Readonly<Record<string, V>>>>;

function differences<V extends string | number>(what: string, golden: Table<V>, now: Table<V>): string[] {
  const names = new Set([...Object.keys(golden), ...Object.keys(now)]);
  return [...names].flatMap((name) => {
    const [before, after] = [golden[name], now[name]];
    if (before === undefined) return [`${name}: ${what} a new target`];
    if (after === undefined) return [`${name}: ${what} the target is gone`];
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys]
      .filter((key) => before[key] !== after[key])
      .map((key) => `${name}: ${what} ${key}: ${before[key] ?? 'none'} -> ${after[key] ?? 'none'}`);
  });
}
