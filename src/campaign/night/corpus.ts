/** The corpus of one target: cases that reached something new, from which others are made. */
import { type Coverage, CoverageSet, coverageSize } from '../records/coverage.js';
import type { EntryRecord } from '../records/records.js';

export class Corpus {
  private entries: EntryRecord[] = [];
  private readonly covered = new CoverageSet(0n);
  private turn = 0;

  get size(): number {
    return this.entries.length;
  }

  add(entry: EntryRecord): void {
    if (this.entries.some(({ digest }) => digest === entry.digest)) return;
    this.entries.push(entry);
    this.covered.add(entry);
  }

  /** Only these stay. */
  keep(digests: readonly string[]): void {
    const kept = new Set(digests);
    this.entries = this.entries.filter(({ digest }) => kept.has(digest));
  }

  /** Whether some of this is reached by no entry. */
  isMissing(coverage: Coverage): boolean {
    return coverageSize(this.covered.missing(coverage)) > 0;
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
      const gain = coverageSize(covered.missing(entry));
      if (gain > most) [best, most] = [index, gain];
    });
    if (best < 0) return kept;
    const [entry] = left.splice(best, 1);
    covered.add(entry);
    kept.push(entry.digest);
  }
}
