/**
 * Follows every requirement to the judged clauses that speak of it, by running the built-in targets: where were they in
 * force, in how many cases, and which broken twins and mutants show that the check can fail.
 */
import type { Requirement, RequirementCheck } from '../../models/abi/requirements/requirement.js';
import { matchesGlob } from '../campaign/targets/glob.js';
import { brokenTarget, imageCache, type Images } from '../campaign/targets/twin-targets.js';
import type { AnyTarget } from '../run/target.js';
import type { MutantBaseline } from '../mutation/baseline.js';
import type { Twin } from '../targets/twin.js';
import type { Case } from '../case/case.js';
import { Watch, type WatchedClause } from './watch.js';

export interface TraceOptions {
  requirements: readonly Requirement[];
  targets: readonly AnyTarget[];
  /** Of each target. */
  cases: number;
  twins: readonly Twin[];
  mutants: MutantBaseline;
  /** The package's root, where the twins lie. */
  root: string;
}

/** What was found of one check. */
export interface TracedCheck {
  readonly check: RequirementCheck;
  /** Judged clauses that it names, over all targets. */
  clauses: number;
  /** Target -> cases in which one of them was in force; targets without any are left out. */
  readonly cases: Map<string, number>;
  /** Broken twins that fail it, by id. */
  readonly twins: Set<string>;
  /** At least so many mutants were told from correct code by it. */
  mutants: number;
}

export interface TracedRequirement {
  readonly requirement: Requirement;
  readonly checks: readonly TracedCheck[];
  /** Target -> cases in which any of the checks was in force. */
  readonly cases: Map<string, number>;
}

/** A check on one target. */
interface Link {
  readonly owner: TracedRequirement;
  readonly traced: TracedCheck;
  /** Indices of the judged clauses. */
  readonly clauses: readonly number[];
  /** The cases in which it was in force, kept where a twin has to be tried on them. */
  readonly kept: Case[];
}

export function traceRequirements(options: TraceOptions): TracedRequirement[] {
  const { requirements, targets, twins, mutants, root } = options;
  const traced = requirements.map((requirement): TracedRequirement => ({
    requirement,
    checks: requirement.checks.map((check) => ({
      check,
      clauses: 0,
      cases: new Map<string, number>(),
      twins: new Set<string>(),
      mutants: 0,
    })),
    cases: new Map(),
  }));
  const images = imageCache(root);
  for (const target of targets) {
    const watched = new Watch(target);
    const links = linksOf(watched, traced);
    countCases(watched, links, options.cases);
    for (const twin of twins.filter(({ contract }) => contract === watched.contract)) {
      creditTwin(twin, target.name, traced);
      tryTwin(twin, watched, links, images);
    }
    countMutants(target.name, traced, mutants);
  }
  return traced;
}

/** Whether it speaks of some cases only. */
function isNarrowed({ cases, having, about }: RequirementCheck): boolean {
  return cases !== undefined || having !== undefined || about !== undefined;
}

function linksOf({ target, clauses }: Watch, traced: readonly TracedRequirement[]): Link[] {
  return traced.flatMap((owner) =>
    owner.checks.flatMap((check): Link[] => {
      const named = clausesOf(check.check, target.name, clauses);
      check.clauses += named.length;
      return named.length === 0 ? [] : [{ owner, traced: check, clauses: named, kept: [] }];
    }),
  );
}

/** Indices of the judged clauses of a target that a check names. */
function clausesOf(check: RequirementCheck, target: string, clauses: readonly WatchedClause[]): number[] {
  const { about } = check;
  return clauses.flatMap((clause, index) => {
    const named = speaksOf(check, target, clause) && (about === undefined || clause.about === about);
    return named ? [index] : [];
  });
}

function speaksOf(
  { property, targets, slots }: RequirementCheck,
  target: string,
  place: { readonly property: string; readonly slot: string },
): boolean {
  return (
    place.property === property &&
    targets?.some((glob) => matchesGlob(target, glob)) !== false &&
    slots?.some((glob) => matchesGlob(place.slot, glob)) !== false
  );
}

function countCases(watched: Watch, links: readonly Link[], cases: number): void {
  if (links.length === 0) return;
  const { name } = watched.target;
  for (const values of watched.draw(cases)) {
    if (!watched.run(values)) continue;
    const owners = new Set<TracedRequirement>();
    const { inForce } = watched;
    for (const { owner, traced, clauses, kept } of links) {
      const { check } = traced;
      if (!clauses.some((index) => inForce[index] === 1)) continue;
      if (check.cases !== undefined && !watched.isOfClass(check.cases)) continue;
      if (check.having !== undefined && !watched.hasMet(check.having)) continue;
      add(traced.cases, name);
      if (isNarrowed(check)) kept.push(values);
      owners.add(owner);
    }
    for (const { cases: counted } of owners) add(counted, name);
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The museum holds that a twin is found by its property at its slot, also where the clean function holds by decode. */
function creditTwin(twin: Twin, target: string, traced: readonly TracedRequirement[]): void {
  for (const { check, twins } of traced.flatMap(({ checks }) => checks))
    if (!isNarrowed(check) && speaksOf(check, target, twin)) twins.add(twin.id);
}

/** A check of some cases only is proved by a twin that fails one of them. */
function tryTwin(twin: Twin, watched: Watch, links: readonly Link[], images: Images): void {
  const { name } = watched.target;
  let broken: Watch | undefined;
  for (const { traced, kept } of links) {
    if (!isNarrowed(traced.check) || !speaksOf(traced.check, name, twin)) continue;
    broken ??= new Watch(brokenTarget(twin, images));
    // Where the clean function holds by decode the twin need not: its clauses are its own.
    if (failsOneOf(broken, kept, clausesOf(traced.check, name, broken.clauses))) traced.twins.add(twin.id);
  }
}

function failsOneOf(broken: Watch, cases: readonly Case[], clauses: readonly number[]): boolean {
  return cases.some((values) => broken.run(values) && broken.violated.some((index) => clauses.includes(index)));
}

/**
 * One mutant may be counted under several slots, so only the largest count of a target is sure. What the baseline does not
 * say, in which cases they died, is not guessed: a check that speaks of some cases only gets none.
 */
function countMutants(target: string, traced: readonly TracedRequirement[], { targets }: MutantBaseline): void {
  const killers = Object.entries(targets.find((row) => row.target === target)?.killers ?? {});
  for (const check of traced.flatMap(({ checks }) => checks)) {
    if (isNarrowed(check.check)) continue;
    const counts = killers.filter(([killer]) => {
      const [property, slot] = killer.split(': ');
      return speaksOf(check.check, target, { property, slot });
    });
    check.mutants += Math.max(0, ...counts.map(([, count]) => count));
  }
}
