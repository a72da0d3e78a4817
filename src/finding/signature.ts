/** From a violated clause to the signature under which hits of one cause are counted. */
import type { CaseTrace, Runner, Violation } from '../run/runner.js';
import { blame } from './blame.js';

/** Everything that distinguishes one violation from another. */
export interface Signature {
  property: string;
  clause: string;
  /** Register, field, fact or exchange that is wrong. */
  slot: string;
  /** `symbol+0x1c` of the instruction to blame. */
  place: string;
}

/** Clauses of one property that blame one instruction for one slot speak of one violation. */
export function signatureKey({ property, slot, place }: Omit<Signature, 'clause'> & { clause?: string }): string {
  return `${property}\t${slot}\t${place}`;
}

/** A violation, and the step of its trace that it is put down to; -1 if there is none. */
export interface Blamed {
  readonly signature: Signature;
  readonly step: number;
}

/** @param trace of the violation, of the case that the runner ran last */
export function blamed(runner: Runner, violation: Violation, trace: CaseTrace): Blamed {
  const { property, text, slot } = violation.clause;
  const step = blame(runner.wrong(violation), trace);
  const place = runner.place(trace.steps[step]?.address ?? runner.entry, violation);
  return { signature: { property: property.name, clause: text, slot, place }, step };
}

/**
 * Names the violations of the case that a runner ran last. The place depends on the way that the code went and on what the
 * world wrote, so it is looked up once for each such combination and remembered: broken code fails often, and tracing is
 * most of a failing case's cost.
 */
export class Signatures {
  private readonly known = new Map<string, Signature>();

  constructor(private readonly runner: Runner) {}

  of(violations: readonly Violation[]): Signature[] {
    const { runner, known } = this;
    // Looking runs the case again: what the last run left must be read before.
    const keys = violations.map((violation) => runner.placeKey(violation));
    return violations.map((violation, index) => {
      const key = keys[index];
      const remembered = key === undefined ? undefined : known.get(key);
      if (remembered !== undefined) return remembered;
      const { signature } = blamed(runner, violation, runner.trace(violation));
      if (key !== undefined) known.set(key, signature);
      return signature;
    });
  }
}
