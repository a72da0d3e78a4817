/** What a night of several shards adds to those before it: each shard has a history of its own, and what one knew the others count as known. */
import type { RunResult, TargetResult } from '../campaign/records/result.js';
import type { History, OpenFinding } from './nights.js';
import { standingOf } from './standing.js';

const NOT_KNOWN = '0'.repeat(64);

/** @returns undefined where no shard is a night's */
export function mergedNight(
  histories: readonly History[],
  targets: readonly TargetResult[],
): RunResult['run']['night'] | undefined {
  const last = histories.flatMap(({ nights }) => nights.at(-1) ?? []);
  if (last.length === 0) return undefined;
  const tonight = last.map(({ start }) => start).sort()[0];
  // What stood before tonight: what still does, and what is gone since.
  const open = histories.flatMap((history) => history.open.filter(({ since }) => since < tonight));
  const gone = last.flatMap((night) =>
    night.gone.map((one): OpenFinding => ({
      ...one,
      accepted: false,
      fingerprint: NOT_KNOWN,
      violations: [{ property: one.property, slot: one.slot, place: one.place }],
    })),
  );
  const standing = standingOf(targets, [...open, ...gone], tonight);
  return {
    number: Math.max(...histories.map(({ nights }) => nights.length)),
    resumed: last.some(({ resumed }) => resumed),
    fresh: standing.fresh,
    still: standing.still,
    gone: earliest(standing.gone),
  };
}

type Gone = NonNullable<RunResult['run']['night']>['gone'];

/** Several shards may have known the same. */
function earliest(gone: Gone): Gone {
  const found = new Map<string, Gone[number]>();
  for (const one of gone) {
    const key = JSON.stringify([one.target, one.property, one.slot, one.place]);
    const known = found.get(key);
    if (known === undefined || one.since < known.since) found.set(key, one);
  }
  return [...found.values()];
}
