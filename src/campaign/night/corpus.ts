/** The corpus of one target: cases that reached something new, from which others are made. */
import { createHash } from 'node:crypto';
import type { StoredValues } from '../../case/case-file.js';
import { type Coverage, CoverageSet } from '../coverage.js';
import type { EntryRecord } from '../records.js';

/** sha256 of the values of a case. */
export function valuesDigest({ scenario, story }: StoredValues): string {
  return createHash('sha256').update(JSON.stringify({ scenario, story })).digest('hex');
}

export class Corpus {
  private entries: EntryRecord[] = [];
  private turn = 0;

  get size(): number {
    return this.entries.length;
  }

  add(entry: EntryRecord): void {
    if (!this.entries.some(({ digest }) => digest === entry.digest)) this.entries.push(entry);
  }

  /** Only these stay. */
  keep(digests: readonly string[]): void {
    const kept = new Set(digests);
    this.entries = this.entries.filter(({ digest }) => kept.has(digest));
  }

  find(digest: string): EntryRecord | undefined {
    return this.entries.find((entry) => entry.digest === digest);
  }

  /** The next entry to make cases from: one after the other. */
  next(): EntryRecord | undefined {
    return this.entries.length === 0 ? undefined : this.entries[this.turn++ % this.entries.length];
  }

  all(): readonly EntryRecord[] {
    return this.entries;
  }
}

/**
 * Entries that together reach what all of them reach: at each step the one that adds most, of equals the first. That is
 * not always the smallest such set, which would be hard to find, but no entry of it could be left out of what came before.
 *
 * @returns digests
 */
export function pruned(entries: readonly EntryRecord[]): string[] {
  const covered = new CoverageSet(0n);
  const kept: string[] = [];
  const left = [...entries];
  for (;;) {
    let best = -1;
    let most = 0;
    left.forEach((entry, index) => {
      const gain = sizeOf(covered.missing(entry));
      if (gain > most) [best, most] = [index, gain];
    });
    if (best < 0) return kept;
    const [entry] = left.splice(best, 1);
    covered.add(entry);
    kept.push(entry.digest);
  }
}

function sizeOf({ reached, taken, states }: Coverage): number {
  return reached.length + taken.length / 2 + states.length;
}
