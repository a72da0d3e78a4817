import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type Coverage, CoverageSet } from '../records/coverage.js';
import type { EntryRecord } from '../records/records.js';
import { Corpus, pruned } from './corpus.js';

const entry = (digest: number, coverage: Partial<Coverage>): EntryRecord => ({
  kind: 'entry',
  target: 't',
  digest: digest.toString(16).padStart(64, '0'),
  values: { steps: [], neutral: {} },
  reached: [],
  taken: [],
  states: [],
  ...coverage,
});

const union = (entries: readonly EntryRecord[]): Coverage => {
  const covered = new CoverageSet(0n);
  for (const one of entries) covered.add(one);
  return covered.coverage();
};

describe('pruning', () => {
  const coverage = fc.record({
    reached: fc.uniqueArray(fc.nat(12), { maxLength: 6 }),
    taken: fc.constantFrom<number[]>([], [1, 2], [1, 4, 3, 9]),
    states: fc.subarray(['a', 'b', 'c']),
  });
  test.prop([fc.array(coverage, { maxLength: 12 })])(
    'keeps all that was reached, and nothing that adds nothing',
    (list) => {
      const entries = list.map((one, index) => entry(index, one));
      const digests = pruned(entries);
      const kept = digests.map((digest) => entries.find((one) => one.digest === digest) as EntryRecord);
      expect(union(kept)).toEqual(union(entries));
      kept.forEach((_, index) => {
        const before = kept.slice(0, index);
        expect(union([...before, kept[index]])).not.toEqual(union(before));
      });
    },
  );

  it('prefers one case that does it all', () => {
    const entries = [entry(1, { reached: [1] }), entry(2, { reached: [2] }), entry(3, { reached: [1, 2] })];
    expect(pruned(entries)).toEqual([entries[2].digest]);
  });
});

describe('a corpus', () => {
  it('hands out its entries in turn, and forgets those that are not kept', () => {
    const corpus = new Corpus();
    expect(corpus.next()).toBeUndefined();
    const [a, b] = [entry(1, { reached: [1] }), entry(2, { reached: [2] })];
    for (const one of [a, b, a]) corpus.add(one);
    expect(corpus.size).toBe(2);
    expect([corpus.next(), corpus.next(), corpus.next()]).toEqual([a, b, a]);
    corpus.keep([b.digest]);
    expect([corpus.next(), corpus.next()]).toEqual([b, b]);
  });

  it('knows what it lacks', () => {
    const corpus = new Corpus();
    corpus.add(entry(1, { reached: [1, 2], taken: [1, 2] }));
    expect(corpus.isMissing({ reached: [2], taken: [1, 2], states: [] })).toBe(false);
    expect(corpus.isMissing({ reached: [2], taken: [1, 5], states: [] })).toBe(true);
    expect(corpus.isMissing({ reached: [], taken: [], states: ['s'] })).toBe(true);
  });
});
