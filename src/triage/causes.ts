/**
 * One finding for one cause, as a layer over violations by signature.
 *
 * Violations of one property with the same shrunken case and the same instruction, or the same decision before it, are
 * members of one finding. A violation stands under another ("also breaks") if, in its own shrunken case, it is gone once the
 * other one's expected value is in place; where that cannot be run, if no case showed it without the other. Only what comes
 * earlier in the trace can be the cause of what comes later.
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

/** What one violation says of others. */
export interface Related {
  property: string;
  slot: string;
  place: string;
  /** `symbol+0x1c` of the last conditional branch before the instruction to blame, or empty. */
  decision: string;
  /** Index of the instruction to blame in the trace of the shrunken case. */
  step: number;
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
export function causesOf(
  violations: readonly Related[],
  together: ReadonlyMap<string, ReadonlySet<string>>,
): Cause[] {
  const keys = violations.map(causeKey);
  const groups = grouped(violations);
  const isUnder = (later: number, earlier: number): boolean => {
    const { removedBy, unclear } = violations[later];
    const key = keys[earlier];
    return removedBy.includes(key) || (unclear.includes(key) && together.get(keys[later])?.has(key) === true);
  };
  // A group stands under another if each of its violations stands under some violation of it.
  const above = groups.map((group, index) =>
    groups.findIndex(
      (other, at) => at !== index && group.every((later) => other.some((earlier) => isUnder(later, earlier))),
    ),
  );
  const roots = groups.map((_, index) => rootOf(index, above));
  const causes = groups.flatMap((group, index): Cause[] => {
    if (roots[index] !== index) return [];
    const under = groups.flatMap((other, at) => (at !== index && roots[at] === index ? other : []));
    return [{ members: group, alsoBreaks: under }];
  });
  const first = ({ members }: Cause): number => Math.min(...members.map((index) => violations[index].step));
  return causes.sort((a, b) => first(a) - first(b) || a.members[0] - b.members[0]);
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
  if (a.property !== b.property || JSON.stringify(a.case.steps) !== JSON.stringify(b.case.steps)) return false;
  return a.place === b.place || (a.decision !== '' && a.decision === b.decision);
}
