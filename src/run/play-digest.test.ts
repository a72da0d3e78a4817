import { expect, test } from 'vitest';
import { Dice } from '../case/dice.js';
import { PlayRunner } from '../play/play-runner.js';
import { imageOf, STUB, STUB_PROPERTIES, stubContract } from '../play/stub-program.test.helper.js';
import { drawStory } from '../story/case-space.js';
import { type DigestedEntry, playDigest } from './play-digest.js';

const runner = new PlayRunner(
  imageOf('corpus/targets/guest-6.7.o'),
  stubContract('__tdcall_saved_ret'),
  STUB,
  STUB_PROPERTIES,
);
runner.run(drawStory(runner.space, new Dice([1, 2, 3, 4])));
/** In a form in which parts can be put in place of others. */
const entries = runner.play.entries.map(({ step, observed, answer }): DigestedEntry => {
  if (observed === undefined) return { step, observed, answer };
  const { moment, values, pathLow, pathHigh } = observed;
  return { step, observed: { moment, values, pathLow, pathHigh }, answer };
});
const plain = playDigest({ entries });
const at = entries.findIndex(({ observed }) => observed?.moment === 'return');

/** The digest with one entry changed. */
const changed = (index: number, change: (entry: DigestedEntry) => Partial<DigestedEntry>): string =>
  playDigest({ entries: entries.map((entry, other) => (other === index ? { ...entry, ...change(entry) } : entry)) });

/** The digest with one value at the return changed. */
const withValue = (name: string, value: bigint): string =>
  changed(at, ({ observed }) => ({
    observed: observed && { ...observed, values: { ...observed.values, [name]: value } },
  }));

test('a digest depends on the way, on every value that an exchange shows, and on every answer', () => {
  expect(plain).toMatch(/^[0-9a-f]{64}$/);
  expect(changed(at, () => ({}))).toBe(plain);
  expect(at).toBeGreaterThan(0);
  const way = changed(at, ({ observed }) => ({ observed: observed && { ...observed, pathLow: observed.pathLow ^ 1 } }));
  expect(way).not.toBe(plain);
  for (const name of ['rax', 'rbx', 'stray', 'field.r10']) {
    expect(entries[at].observed?.values, name).toHaveProperty([name]);
    expect(withValue(name, 0x77n), name).not.toBe(plain);
  }
  expect(changed(0, ({ answer }) => ({ answer: { ...answer, r10: 0x77n } }))).not.toBe(plain);
  expect(playDigest({ entries: entries.slice(0, -1) })).not.toBe(plain);
});

test('a digest depends on the vector of a fault', () => {
  const fault = (vector: bigint): string =>
    changed(at, ({ observed }) => ({ observed: observed && { ...observed, moment: 'fault', values: { vector } } }));
  expect(fault(13n)).not.toBe(fault(14n));
});

test('a digest says nothing of what exchanges began to show when cases had been stored', () => {
  for (const name of ['vector-state', 'below']) {
    expect(entries[at].observed?.values, name).toHaveProperty([name]);
    expect(withValue(name, 0x77n), name).toBe(plain);
  }
});
