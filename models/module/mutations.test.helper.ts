import { expect, it } from 'vitest';
import { GPR_NAMES } from '../abi/registers.js';
import { MODULE_1_5_01, type ModuleModel } from './model.js';
import { recordedVectors } from './recorded-vectors.test.helper.js';
import { checkVectors, type ModelledKind } from './vectors.js';

/*
 * A vector test is worth what it can notice: put a wrong rule in the place of a right one, and some vector must differ.
 * Wrong rules that no recorded vector notices are listed by name; the list is compared exactly, so it can neither hide a
 * rule nor grow stale when vectors are added.
 */

/** One wrong rule. */
export type Mutation = readonly [name: string, wrong: Partial<ModuleModel>];

/** The registers that the vectors record. */
export const RECORDED = GPR_NAMES.filter((name) => name !== 'RSP');

/**
 * Tests that each wrong rule turns some vector of `kind` red, but for those in `notCovered`: names, or the beginning of
 * names before a `*`, where every wrong rule that begins so goes unnoticed.
 */
export function itNoticesWrongRules(
  kind: ModelledKind,
  mutations: readonly Mutation[],
  notCovered: readonly string[],
): void {
  const vectors = recordedVectors(kind);
  // A field that differs is noticed, and so is one that is no longer compared: vectors.test.ts holds that all are.
  const noticed = (wrong: Partial<ModuleModel>): boolean =>
    vectors.some((record) => {
      try {
        const report = checkVectors(kind, [record], kind, { ...MODULE_1_5_01, ...wrong });
        return report.matched !== 1 || report.fieldsTakenAsInput > 0;
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
