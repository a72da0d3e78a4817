/** The end of a night: what it came to is told in its result, and joins the history. */
import { type Session, sessionsOf } from './sessions.js';
import { causesOfTarget, type RunResult, type TargetResult } from '../campaign/records/result.js';
import type { Origin } from '../campaign/records/origin.js';
import type { CampaignRecord } from '../campaign/records/records.js';
import type { History, Night } from './nights.js';
import { type Standing, standingOf } from './standing.js';

export interface EndedNight {
  history: History;
  standing: Standing;
  /** The result, which says of itself what is new. */
  result: RunResult;
}

/**
 * @param history before this night
 * @param former records that the state had when this night began
 * @param cases of this night
 */
export function endNight(
  history: History,
  former: readonly CampaignRecord[],
  result: RunResult,
  cases: number,
): EndedNight {
  const { targets, tool } = result.result;
  const { start = new Date(0).toISOString(), end = start, interrupted } = result.run;
  const standing = standingOf(targets, history.open, start);
  const causes = targets.flatMap(causesOfTarget);
  const { fresh, still, gone, open } = standing;
  const resumed = former.length > 0;
  const night: Night = {
    id: idOf(start, history),
    start,
    end,
    ended: interrupted ? 'interrupted' : 'whole',
    tool,
    ...originOf(result.run),
    resumed,
    cases,
    ...coverageOf(targets),
    findings: causes.filter(({ isAccepted }) => !isAccepted).length,
    accepted: causes.filter(({ isAccepted }) => isAccepted).length,
    counts: { fresh: fresh.length, still: still.length, gone: gone.length },
    fresh,
    gone,
  };
  const known = new Set(history.nights.map(({ id }) => id));
  const killed = sessionsOf(former)
    .filter(({ id, end: last }) => last === undefined && !known.has(id))
    .map((session, index) => killedNight(session, tool, history.nights.length + index > 0));
  const nights = [...history.nights, ...killed, night];
  return {
    history: { ...history, nights, open },
    standing,
    result: {
      ...result,
      run: { ...result.run, night: { number: nights.length, resumed, fresh, still, gone } },
    },
  };
}

/** Nights that came to their end have a name of their own here: nothing else refers to it. */
function idOf(start: string, { nights }: History): string {
  return `${start} ${nights.length}`;
}

/** Where it ran, as far as that was told. */
function originOf({ host, command, commit }: Origin): Origin {
  return {
    ...(host !== undefined && { host }),
    ...(command !== undefined && { command }),
    ...(commit !== undefined && { commit }),
  };
}

function killedNight(session: Session, tool: string, resumed: boolean): Night {
  const { id, start, cases } = session;
  return {
    id,
    start,
    ended: 'killed',
    tool,
    ...originOf(session),
    resumed,
    cases,
    reached: 0,
    reachable: 0,
    findings: 0,
    accepted: 0,
    counts: { fresh: 0, still: 0, gone: 0 },
    fresh: [],
    gone: [],
  };
}

/** Instructions and directions of branches, of all functions of all targets. */
export function coverageOf(targets: readonly Pick<TargetResult, 'coverage'>[]): { reached: number; reachable: number } {
  let [reached, reachable] = [0, 0];
  for (const { coverage } of targets)
    for (const one of coverage) {
      reached += one.reached.length + one.taken.length;
      reachable += one.instructions + one.directions;
    }
  return { reached, reachable };
}
