import { expect, it } from 'vitest';
import { recordedVectors } from './recorded-vectors.test.helper.js';
import type { VectorRecord } from './vector-file.js';
import type { VectorKind } from './vector-kind.js';
import type { VectorReport } from './vector-report.js';

/*
 * A vector test is worth what it can notice: put a wrong rule in the place of a right one, and some vector must differ.
 * Wrong rules that no recorded vector notices are listed by name; the list is compared exactly, so it can neither hide a
 * rule nor grow stale when vectors are added.
 */

/** One wrong rule: what stands in the model's place. */
export type Mutation<Model> = readonly [name: string, wrong: Partial<Model>];

/**
 * Tests that each wrong rule turns some vector of `kind` red, but for those in `notCovered`: names, or the beginning of
 * names before a `*`, where every wrong rule that begins so goes unnoticed.
 *
 * @param check Judges vectors by the model with these rules put in their places.
 */
export function itNoticesWrongRules<Model>(
  kind: VectorKind,
  check: (wrong: Partial<Model>, records: readonly VectorRecord[]) => VectorReport,
  mutations: readonly Mutation<Model>[],
  notCovered: readonly string[],
): void {
  // A field that differs is noticed, and so is one that is no longer compared, or compared though it is an input.
  const vectors = recordedVectors(kind).map((record) => {
    const { fieldsCompared, fieldsTakenAsInput } = check({}, [record]);
    return { record, fieldsCompared, fieldsTakenAsInput };
  });
  const noticed = (wrong: Partial<Model>): boolean =>
    vectors.some(({ record, fieldsCompared, fieldsTakenAsInput }) => {
      try {
        const report = check(wrong, [record]);
        return (
          report.matched !== 1 ||
          report.fieldsCompared !== fieldsCompared ||
          report.fieldsTakenAsInput !== fieldsTakenAsInput
        );
      } catch {
        return true;
      }
    });

  it('the right rules turn none red', () => {
    expect(noticed({})).toBe(false);
  });

  it('every wrong rule has a name of its own', () => {
    expect(new Set(mutations.map(([name]) => name)).size).toBe(mutations.length);
  });

  it('every wrong rule turns some vector red, but for those that are listed', () => {
    const covers = (entry: string, name: string): boolean =>
      entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry;
    const survivors = mutations.filter(([, wrong]) => !noticed(wrong)).map(([name]) => name);
    const listed = mutations.map(([name]) => name).filter((name) => notCovered.some((entry) => covers(entry, name)));
    expect(survivors).toEqual(listed);
    for (const entry of notCovered)
      expect(
        survivors.some((name) => covers(entry, name)),
        entry,
      ).toBe(true);
  });
}
