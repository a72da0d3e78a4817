/**
 * Who runs next in a night. Three of four turns go to the target that made progress last, counted in the time spent on it
 * since: so what still makes progress gets time, and what does not falls back until the others have waited as long. The
 * fourth turn is the floor: it goes to the target that had least time of all. What is new in this state comes first.
 */

/** What the schedule knows of one target; times in milliseconds of computing. */
export interface Turn {
  /** The target is not what it was when this state was last used, or was not in it. */
  isNew: boolean;
  spent: number;
  /** Since it last reached or found something new. */
  idle: number;
}

/** Every so many turns are the floor. */
const FLOOR_EVERY = 4;
/** What is new has this much before anything else. */
const HEAD_START = 5000;

/**
 * @param turn number of the turn, from 0
 * @returns index of the target
 */
export function nextTarget(targets: readonly Turn[], turn: number): number {
  const fresh = targets.flatMap((target, index) => (target.isNew && target.spent < HEAD_START ? [index] : []));
  if (fresh.length > 0) return least(fresh, (index) => targets[index].spent);
  const isFloor = turn % FLOOR_EVERY === FLOOR_EVERY - 1;
  return least([...targets.keys()], (index) => targets[index][isFloor ? 'spent' : 'idle']);
}

/** Of equals the first. */
function least(indices: readonly number[], cost: (index: number) => number): number {
  return indices.reduce((best, index) => (cost(index) < cost(best) ? index : best), indices[0]);
}
