/** The failures of one block: hits per signature, the first case of each, and which others came with it every time. */
import type { Case } from '../../case/case.js';
import { causeKey } from '../../finding/causes.js';
import { type Signature, signatureKey } from '../../finding/signature.js';
import type { FailureTotals } from '../records/merge.js';

/** All hits of one signature, with the values of the first. */
export interface Failure extends FailureTotals {
  values: Case;
}

/** A case that shows more violations than these says nothing of which belong together. */
const MOST_TOGETHER = 32;

export class Failures {
  private readonly found = new Map<string, Failure>();
  /** The same signature comes again and again as the same object. */
  private readonly names = new WeakMap<Signature, string>();

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
      if (known === undefined) {
        const together = this.others(signatures, signature);
        this.found.set(key, { signature, hits: 1, block: this.block, index, together, values: keep() });
        continue;
      }
      known.hits++;
      if (known.together.length > 0) {
        const here = new Set(this.others(signatures, signature));
        known.together = known.together.filter((name) => here.has(name));
      }
    }
  }

  private others(signatures: readonly Signature[], signature: Signature): string[] {
    if (signatures.length > MOST_TOGETHER) return [];
    const own = this.nameOf(signature);
    return [...new Set(signatures.map((other) => this.nameOf(other)))].filter((name) => name !== own).sort();
  }

  private nameOf(signature: Signature): string {
    let name = this.names.get(signature);
    if (name === undefined) this.names.set(signature, (name = causeKey(signature)));
    return name;
  }

  list(): Failure[] {
    return [...this.found.values()];
  }
}
