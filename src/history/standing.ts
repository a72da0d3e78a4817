/** What is new in a result, what still stands and since when, and what is gone, beside what stood before. */
import {
  causesOfTarget,
  type CauseResult,
  type FindingResult,
  type LocatedFinding,
  type StandingFinding,
  type TargetResult,
} from '../campaign/records/result.js';
import { compareTarget } from '../gate/compare.js';
import { escapeName } from '../text/escape.js';
import type { OpenFinding } from './nights.js';

export interface Standing {
  /** One for each cause that no rule accepts, and that did not stand before. */
  fresh: LocatedFinding[];
  /** One for each cause that stood before and that no rule accepts. */
  still: StandingFinding[];
  /** Of targets that were judged: what stood before and is found no longer. */
  gone: StandingFinding[];
  /** What stands now, accepted or not, and what nothing can be said of. */
  open: OpenFinding[];
}

/**
 * @param open what stood before
 * @param now when what is new was first seen
 */
export function standingOf(targets: readonly TargetResult[], open: readonly OpenFinding[], now: string): Standing {
  const standing: Standing = { fresh: [], still: [], gone: [], open: [] };
  const names = new Set(targets.map(({ target }) => escapeName(target)));
  for (const target of targets)
    judge(
      target,
      open.filter((one) => one.target === escapeName(target.target)),
      now,
      standing,
    );
  // Of what was not run tonight nothing is known.
  standing.open.push(...open.filter(({ target }) => !names.has(target)));
  return standing;
}

function judge(target: TargetResult, before: readonly OpenFinding[], now: string, standing: Standing): void {
  const violations = before.flatMap((one) => one.violations);
  // Where the builds of several nights are mixed, places may have moved.
  const prints = new Set(before.map(({ fingerprint }) => fingerprint));
  const fingerprint = prints.size === 1 ? [...prints][0] : '';
  const { known, gone } = compareTarget(
    target,
    before.length === 0 ? undefined : { fingerprint, findings: violations },
  );
  const wasOf = new Map(known.map((one) => [keyOf(one), keyOf({ ...one, place: one.was })]));
  const standsStill = new Set<OpenFinding>();
  for (const cause of causesOfTarget(target)) {
    const all = [cause.finding, ...cause.others, ...cause.alsoBreaks];
    const keys = new Set(all.flatMap((finding) => wasOf.get(keyOf(finding)) ?? []));
    const former = before.filter((one) => one.violations.some((violation) => keys.has(keyOf(violation))));
    for (const one of former) standsStill.add(one);
    const since = former.map((one) => one.since).sort()[0];
    const named = located(target, cause);
    if (!cause.isAccepted) {
      if (since === undefined) standing.fresh.push(named);
      else standing.still.push({ ...named, since });
    }
    standing.open.push({
      ...named,
      since: since ?? now,
      accepted: cause.isAccepted,
      fingerprint: target.fingerprint,
      violations: all.map(({ property, slot, place }) => ({ property, slot, place: escapeName(place) })),
    });
  }
  const away = new Set(gone.map(keyOf));
  for (const one of before) {
    if (standsStill.has(one)) continue;
    if (one.violations.every((violation) => away.has(keyOf(violation)))) standing.gone.push(sinceOf(one));
    else standing.open.push(one);
  }
}

function located({ target }: TargetResult, { finding: { property, slot, place } }: CauseResult): LocatedFinding {
  return { target: escapeName(target), property, slot, place: escapeName(place) };
}

function sinceOf({ target, property, slot, place, since }: OpenFinding): StandingFinding {
  return { target, property, slot, place, since };
}

function keyOf({ property, slot, place }: Pick<FindingResult, 'property' | 'slot' | 'place'>): string {
  return JSON.stringify([property, slot, escapeName(place)]);
}

/** The targets, with every finding of a cause that stood before accepted: what remains is new. */
export function onlyFresh(targets: readonly TargetResult[], { still }: Pick<Standing, 'still'>): TargetResult[] {
  const sinceOfKey = new Map(still.map((one) => [`${one.target} ${keyOf(one)}`, one.since]));
  return targets.map((target) => {
    const reasons = new Map<FindingResult, string>();
    for (const cause of causesOfTarget(target)) {
      const since = sinceOfKey.get(`${escapeName(target.target)} ${keyOf(cause.finding)}`);
      if (since === undefined) continue;
      for (const finding of [cause.finding, ...cause.others, ...cause.alsoBreaks])
        reasons.set(finding, `it stands since ${since}`);
    }
    const findings = target.findings.map((finding) => {
      const reason = reasons.get(finding);
      return finding.accepted !== undefined || reason === undefined ? finding : { ...finding, accepted: { reason } };
    });
    return { ...target, findings };
  });
}
