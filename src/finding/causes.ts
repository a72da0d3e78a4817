/**
 * One finding for one cause, as a layer over violations by signature.
 *
 * Violations of one property with the same shrunken case and the same instruction, or the same decision before it, are
 * members of one finding. So are several values behind one decision that all change where none may, or all stay where each
 * must change: what a jump over six stores does wrong shows in six cases, of which each needs an answer of its own.
 * A violation stands under another ("also breaks") if it is about the same value and the same instruction, or if, in its own
 * shrunken case, it is gone once the other one's expected value is in place; where that cannot be run, if no case showed it without the other, and the other
 * comes earlier in the trace or is about the way that the code took.
 *
 * Everything here is computed from what is recorded of each violation, so that shards can be merged.
 */
import { createHash } from 'node:crypto';
import { type Signature, signatureKey } from './signature.js';

/** Hexadecimal digits by which a signature is named where it would be too long. */
const DIGITS = 12;

/** A signature as relations name it. */
export function causeKey(signature: Omit<Signature, 'clause'>): string {
  return createHash('sha256').update(signatureKey(signature)).digest('hex').slice(0, DIGITS);
}

export type Manner = 'changes' | 'stays' | 'other';

/** What one violation says of others. */
export interface Related {
  property: string;
  slot: string;
  place: string;
  /** `symbol+0x1c` of the last conditional branch before the instruction to blame; empty: none lies before it. */
  decision: string;
  /** Index of the instruction to blame in the trace of the shrunken case. */
  step: number;
  /** What is wrong of a value: it changes where it must not, or stays where it must change. */
  manner: Manner;
  /** Violations without which it is gone, and those of which that could not be tried: causeKey. */
  removedBy: readonly string[];
  unclear: readonly string[];
  case: { steps: unknown };
}

/** One finding: indices of violations. */
export interface Cause {
  /** The first one is what the finding is named after. */
  members: number[];
  alsoBreaks: number[];
}

/** @param together by causeKey: the violations that were in every case that showed this one */
export function causesOf(violations: readonly Related[], together: ReadonlyMap<string, ReadonlySet<string>>): Cause[] {
  const keys = violations.map(causeKey);
  const groups = grouped(violations);
  const isUnder = (later: number, earlier: number): boolean => {
    const { removedBy, unclear, slot, place } = violations[later];
    // One value that one instruction made wrong, said by two properties.
    if (slot === violations[earlier].slot && place === violations[earlier].place) return true;
    const key = keys[earlier];
    return removedBy.includes(key) || (unclear.includes(key) && together.get(keys[later])?.has(key) === true);
  };
  // A group stands under another if each of its violations stands under some violation of it.
  const stands = (group: readonly number[], other: readonly number[]): boolean =>
    group.every((later) => other.some((earlier) => isUnder(later, earlier)));
  const first = (group: readonly number[]): number => Math.min(...group.map((index) => violations[index].step));
  // Of two that remove each other the earlier one is the cause.
  const above = groups.map((group, index) =>
    groups.findIndex(
      (other, at) =>
        at !== index &&
        stands(group, other) &&
        (!stands(other, group) || first(other) < first(group) || (first(other) === first(group) && at < index)),
    ),
  );
  const roots = groups.map((_, index) => rootOf(index, above));
  const causes = groups.flatMap((group, index): Cause[] => {
    if (roots[index] !== index) return [];
    const under = groups.flatMap((other, at) => (at !== index && roots[at] === index ? other : []));
    return [{ members: group, alsoBreaks: under }];
  });
  return causes.sort((a, b) => first(a.members) - first(b.members) || a.members[0] - b.members[0]);
}

/** Follows who stands under whom; a ring, which no trace can show, stands for itself. */
function rootOf(start: number, above: readonly number[]): number {
  const seen = new Set<number>();
  let at = start;
  while (above[at] >= 0) {
    if (seen.has(at)) return Math.min(...seen);
    seen.add(at);
    at = above[at];
  }
  return at;
}

/** Violations of one property with one shrunken case that blame one instruction, or lie behind one decision. */
function grouped(violations: readonly Related[]): number[][] {
  const groups: number[][] = [];
  violations.forEach((violation, index) => {
    const same = groups.find((members) => members.some((other) => isOne(violation, violations[other])));
    if (same === undefined) groups.push([index]);
    else same.push(index);
  });
  return groups;
}

function isOne(a: Related, b: Related): boolean {
  if (a.property !== b.property) return false;
  if (a.place === b.place) return true;
  if (a.decision !== b.decision) return false;
  if (JSON.stringify(a.case.steps) === JSON.stringify(b.case.steps)) return true;
  return a.manner !== 'other' && a.manner === b.manner;
}
