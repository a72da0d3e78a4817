import { describe, expect, it } from 'vitest';
import { CALL, caseOf, caseSpaceOf } from '../scenario/case-space.js';
import { writeSlot } from '../scenario/layout.js';
import { spaceOf } from '../scenario/spaces.test.helper.js';
import { caseSpaceOf as storyCaseSpaceOf } from '../story/case-space.js';
import { uniform } from '../story/draws.js';
import { cases, drawCases } from './arbitrary.js';
import { type Case, copyCase, differing, slotOf, stepOf } from './case.js';
import { Dice } from './dice.js';
import { spliceCase } from './splice.js';

/** So many cases made of one: each of its own dice and donor. */
const COUNT = 300;
const MOST_CHANGES = 8;

describe('a case of a single function', () => {
  const scenarios = spaceOf('linux-6.7/__tdcall_saved_ret');
  const space = caseSpaceOf(scenarios);
  const parent = caseOf(scenarios.neutral);
  const donors = drawCases(space, [1, 2, 3, 4], COUNT);
  const children = donors.map((donor, index) => spliceCase(space, parent, donor, new Dice([index, 0, 0, 0])));
  const changed = children.map((child) => differing(space, child).map(({ slot }) => slot));

  it('takes a few values from the donor, and keeps the others', () => {
    for (const [index, child] of children.entries()) {
      expect(child.map(({ action }) => action)).toEqual([CALL]);
      // The leaf brings its mask with it, and the other way round.
      expect(changed[index].length).toBeLessThanOrEqual(MOST_CHANGES + 1);
      for (const slot of changed[index]) expect(slotOf(child[0], slot)).toBe(slotOf(donors[index][0], slot));
    }
    const counts = new Set(changed.map(({ length }) => length));
    for (const count of [1, 2, 3, 4]) expect(counts).toContain(count);
  });

  it('changes every value that is drawn in some child, and no other', () => {
    const drawn = new Set(donors.flatMap((donor) => differing(space, donor).map(({ slot }) => slot)));
    const taken = new Set(changed.flat());
    expect([...taken].filter((slot) => !drawn.has(slot))).toEqual([]);
    expect(taken.size).toBeGreaterThan(0.9 * drawn.size);
  });

  it('leaves parent and donor alone, and follows from the dice', () => {
    const [donor] = donors;
    const before = [copyCase(parent), copyCase(donor)];
    const make = (seed: number): Case => spliceCase(space, parent, donor, new Dice([seed, 2, 3, 4]));
    for (const [{ words }] of Array.from({ length: 20 }, (_, seed) => make(seed))) words.fill(-1);
    expect([parent, donor]).toEqual(before);
    expect(make(1)).toEqual(make(1));
    expect(new Set(Array.from({ length: 20 }, (_, seed) => String(make(seed)[0].words))).size).toBeGreaterThan(10);
  });

  it('takes leaf and mask from one draw: which masks may be asked for depends on the leaf', () => {
    const { leafSlot, maskSlot } = scenarios;
    expect([leafSlot, maskSlot].every((slot) => slot >= 0)).toBe(true);
    const donor = scenarios.neutral.slice();
    for (const slot of [leafSlot, maskSlot]) writeSlot(donor, slot, slotOf(parent[0], slot) ^ 0x5a5an);
    let together = 0;
    for (let seed = 0; seed < COUNT; seed++) {
      const child = spliceCase(space, parent, caseOf(donor), new Dice([seed, 5, 5, 5]));
      const slots = differing(space, child).map(({ slot }) => slot);
      if (slots.length === 0) continue;
      expect(new Set(slots)).toEqual(new Set([leafSlot, maskSlot]));
      together++;
    }
    expect(together).toBeGreaterThan(5);
  });
});

describe('a case of several steps', () => {
  const slot = { neutral: 0n, meaning: 'a value', draw: uniform };
  const space = storyCaseSpaceOf({
    actions: [
      { name: 'write', sentence: 'writes', slots: { a: slot, b: slot } },
      { name: 'wait', sentence: 'waits', slots: {} },
    ],
    steps: { least: 2, most: 5 },
  });
  const [WRITE] = space.actions;
  const parent = [1n, 2n, 3n].map((a) => stepOf(WRITE, { a, b: a }));
  const donors = drawCases(space, [1, 2, 3, 4], COUNT);
  const children = donors.map((donor, index) => spliceCase(space, parent, donor, new Dice([index, 0, 0, 0])));
  const textOf = ([...steps]: Case): string[] => steps.map(({ action, words }) => `${action} ${words.join(' ')}`);
  const own = textOf(parent);

  it('stays a case of its space', () => {
    const arbitrary = cases(space);
    const lengths = children.map(({ length }) => length);
    expect(Math.min(...lengths)).toBe(2);
    expect(Math.max(...lengths)).toBe(5);
    expect(children.every((child) => arbitrary.canShrinkWithoutContext(child))).toBe(true);
  });

  it('has steps taken out, put in, repeated, and values that come from the donor', () => {
    const texts = children.map(textOf);
    const some = (holds: (steps: string[], index: number) => boolean): boolean => texts.some(holds);
    expect(some((steps) => steps.length === 2 && steps.every((step) => own.includes(step)))).toBe(true);
    expect(some((steps) => steps.some((step, at) => own.includes(step) && steps[at + 1] === step))).toBe(true);
    expect(some((steps, index) => steps.some((step) => textOf(donors[index]).includes(step)))).toBe(true);
    // One value of the donor beside one of the parent.
    const mixed = children.filter((child, index) =>
      child.some((step) => {
        if (step.action !== 'write') return false;
        const [a, b] = [slotOf(step, 0), slotOf(step, 1)];
        const donor = donors[index].filter(({ action }) => action === 'write');
        return b > 0n && b <= 3n && donor.some((from) => slotOf(from, 0) === a);
      }),
    );
    expect(mixed.length).toBeGreaterThan(0);
  });

  it('holds nothing but values of the parent and of the donor', () => {
    for (const [index, child] of children.entries()) {
      const known = [parent, donors[index]].map((given) =>
        given.flatMap((step) => (step.action === 'write' ? [slotOf(step, 0), slotOf(step, 1)] : [])),
      );
      const values = child.flatMap((step) => (step.action === 'write' ? [slotOf(step, 0), slotOf(step, 1)] : []));
      expect(values.filter((one) => !known.flat().includes(one))).toEqual([]);
    }
  });

  it('has no step in a place that is another one’s: a change of one changes no other, nor parent or donor', () => {
    const before = [textOf(parent), donors.map(textOf)];
    for (const child of children) {
      expect(new Set(child.map(({ words }) => words)).size).toBe(child.length);
      for (const { words } of child) words.fill(-1);
    }
    expect([textOf(parent), donors.map(textOf)]).toEqual(before);
  });
});
