import { fc, test } from '@fast-check/vitest';
import { expect, test as plain } from 'vitest';
import type { Failure } from '../blocks/failures.js';
import { NO_COVERAGE } from './coverage.js';
import { type FailureTotals, Merge, type Totals } from './merge.js';

function mergeTotals<F extends FailureTotals>(parts: readonly Totals<F>[]): Totals<F> {
  const merge = new Merge<F>();
  for (const part of parts) merge.add(part);
  return merge.totals();
}

const signature = fc.record({
  property: fc.constantFrom('p', 'q'),
  clause: fc.constant('c'),
  slot: fc.constantFrom('final.rax', 'final.rbx'),
  place: fc.constantFrom('f+0x0', 'f+0x1'),
});
const failure = (block: number): fc.Arbitrary<Failure> =>
  fc.record({
    signature,
    hits: fc.integer({ min: 1, max: 9 }),
    block: fc.constant(block),
    index: fc.nat(999),
    together: fc.subarray(['a', 'b']),
    values: fc.constant([{ action: 'call', words: new Int32Array([block]) }]),
  });
const block = (number: number): fc.Arbitrary<Totals<Failure>> =>
  fc.record({
    cases: fc.nat(1000),
    executions: fc.nat(3000),
    inForce: fc.tuple(fc.nat(9), fc.nat(9)).map((counts) => [...counts]),
    classes: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(9)),
    coverage: fc.record({
      reached: fc.uniqueArray(fc.integer({ min: -4, max: 9 })),
      taken: fc.constantFrom([], [1, 3], [1, 5, 2, 3]),
      states: fc.subarray(['a', 'b']),
    }),
    failures: fc.uniqueArray(failure(number), {
      selector: ({ signature: { property, slot, place } }) => [property, slot, place].join(),
    }),
  });
const blocks = fc.nat(6).chain((count) => fc.tuple(...Array.from({ length: count }, (_, number) => block(number))));

test.prop([blocks.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))])(
  'the merge of blocks does not depend on the order in which they came',
  ([ordered, shuffled]) => {
    const before = structuredClone(shuffled);
    const merged = mergeTotals(shuffled);
    expect(merged).toEqual(mergeTotals(ordered));
    expect(JSON.stringify(merged.failures)).toBe(JSON.stringify(mergeTotals(ordered).failures));
    // Nothing that was handed over is changed.
    expect(shuffled).toEqual(before);
  },
);

test.prop([blocks])('all cases and all hits are in the merge, and the earliest case of each signature', (all) => {
  const merged = mergeTotals(all);
  const sum = (of: (result: Totals<Failure>) => number): number => all.reduce((total, result) => total + of(result), 0);
  expect(merged.cases).toBe(sum(({ cases }) => cases));
  expect(merged.executions).toBe(sum(({ executions }) => executions));
  expect(merged.failures.reduce((total, { hits }) => total + hits, 0)).toBe(
    sum(({ failures }) => failures.reduce((total, { hits }) => total + hits, 0)),
  );
  for (const { signature: wanted, block: first } of merged.failures) {
    const same = all.filter(({ failures }) =>
      failures.some((each) => JSON.stringify(each.signature) === JSON.stringify(wanted)),
    );
    expect(first).toBe(Math.min(...same.map((result) => all.indexOf(result))));
  }
  const reached = new Set(all.flatMap(({ coverage }) => coverage.reached));
  expect(merged.coverage.reached).toEqual([...reached].sort((a, b) => a - b));
  for (const name of ['a', 'b', 'c']) expect(merged.classes[name] ?? 0).toBe(sum(({ classes }) => classes[name] ?? 0));
});

plain('the problem that is told is that of the earliest block', () => {
  const result: Totals<Failure> = {
    cases: 1,
    executions: 1,
    inForce: [],
    classes: {},
    coverage: NO_COVERAGE,
    failures: [],
  };
  const merged = mergeTotals([
    { ...result, problem: { text: 'late', block: 2 } },
    { ...result, problem: { text: 'early', block: 1 } },
    result,
  ]);
  expect(merged.problem?.text).toBe('early');
  expect(mergeTotals([]).cases).toBe(0);
});
