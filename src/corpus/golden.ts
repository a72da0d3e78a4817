/**
 * Golden results: what every built-in target and every broken twin says at one seed, before anything is grouped or shrunk.
 * A net under changes that must not change a verdict; `npm run golden` writes it, golden.deep.test.ts compares.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { BLOCK_CASES, streamSeed } from '../campaign/blocks/block.js';
import { fuzz } from '../campaign/fuzz.js';
import type { TargetResult } from '../campaign/records/result.js';
import { builtInTargets } from '../campaign/targets/built-in-targets.js';
import { type AnyTarget, createPlayRunner, createRunner, isProgram } from '../campaign/targets/target.js';
import { brokenTarget, imageCache } from '../campaign/targets/twin-targets.js';
import { NO_VERDICT } from '../judge/case-runner.js';
import { batches, eachScenario } from '../scenario/batch.js';
import { Dice } from '../story/dice.js';
import { drawStory } from '../story/story.js';
import { readManifest } from '../targets/manifest.js';
import { PlayViolations } from '../triage/play-violations.js';
import { type Signature, Violations } from '../triage/violation.js';

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
  if (isProgram(target)) eachPlay(target, add, count);
  else eachCase(target, add, count);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Add = (signatures: readonly Signature[]) => void;

function eachCase(target: Exclude<AnyTarget, { program: unknown }>, add: Add, problem: (text: string) => void): void {
  const runner = createRunner(target);
  const violations = new Violations(runner);
  const predicate = fc.property(batches(runner.space, CASES.stub), ({ words }) => {
    if (words === undefined) return;
    eachScenario(runner.space, words, CASES.stub, (scenario) => {
      const violated = runner.run(scenario);
      if (violated === NO_VERDICT) problem(`no verdict: ${runner.problem}`);
      else if (violated > 0) add(violations.signatures(violated));
    });
  });
  draw(target.name, predicate);
}

function eachPlay(target: Extract<AnyTarget, { program: unknown }>, add: Add, problem: (text: string) => void): void {
  const runner = createPlayRunner(target);
  const violations = new PlayViolations(runner);
  const word = fc.noBias(fc.integer());
  const predicate = fc.property(word, word, word, word, (a, b, c, d) => {
    const dice = new Dice([a, b, c, d]);
    for (let index = 0; index < CASES.program; index++) {
      const violated = runner.run(drawStory(runner.space, dice));
      if (violated === undefined) problem(`no verdict: ${runner.play.problem}`);
      else if (violated.length > 0) add(violations.signatures(violated));
    }
  });
  draw(target.name, predicate);
}

function draw(name: string, predicate: fc.IProperty<unknown>): void {
  const details = fc.check(predicate, { seed: streamSeed(SEED, name, 0, undefined), numRuns: 1, endOnFailure: true });
  if (details.failed) throw details.errorInstance;
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
