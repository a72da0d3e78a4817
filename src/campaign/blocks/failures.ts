/** The failures of one block: hits per signature, and the first case of each. */
import type { Case } from '../../case/case.js';
import { type Signature, signatureKey } from '../../triage/signature.js';
import type { FailureTotals } from '../records/merge.js';

/** All hits of one signature, with the values of the first. */
export interface Failure extends FailureTotals {
  values: Case;
}

export class Failures {
  private readonly found = new Map<string, Failure>();

  constructor(private readonly block: number) {}

  /**
   * Counts one failing case: once for each signature, however many clauses have it.
   *
   * @param keep gives the values a place of their own, where the caller uses theirs again
   */
  add(signatures: readonly Signature[], index: number, keep: () => Case): void {
    const counted = new Set<string>();
    for (const signature of signatures) {
      const key = signatureKey(signature);
      if (counted.has(key)) continue;
      counted.add(key);
      const known = this.found.get(key);
      if (known !== undefined) known.hits++;
      else this.found.set(key, { signature, hits: 1, block: this.block, index, values: keep() });
    }
  }

  list(): Failure[] {
    return [...this.found.values()];
  }
}
