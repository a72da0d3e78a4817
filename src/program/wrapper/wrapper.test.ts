/** The wrappers around SEAMCALL as programs: options, what is judged, and the clean ones beside their reference. */
import { describe, expect, it } from 'vitest';
import { builtInPrograms } from '../../campaign/targets/built-in-targets.js';
import { PlayRunner } from '../../play/play-runner.js';
import { isTogether } from '../../play/play.js';
import { Dice } from '../../case/dice.js';
import { programProperties } from '../../run/open-runner.js';
import { drawStory } from '../../story/case-space.js';
import { stepOf } from '../../story/story.js';
import { findProgram } from '../programs.js';
import { errnoOptions, retryOptions } from './options.js';

const TARGETS = builtInPrograms().filter(({ name }) => name.startsWith('seamcall-wrapper'));
const NAMES = TARGETS.map(({ name }) => name);

function runnerOf(name: string): PlayRunner {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(name);
  return new PlayRunner(target.image, target.program, findProgram(target.program.program), programProperties());
}

const STORIES = 400;

describe.each(NAMES)('%s', (name) => {
  const runner = runnerOf(name);

  it('agrees with its reference, and every value that this names is judged', () => {
    const dice = new Dice([7, 7, 7, 7]);
    const judged = new Set(
      runner.judge.clauses.flatMap(({ clause }) =>
        clause.kind === 'agrees' ? [`${clause.moment} ${clause.name}`] : [],
      ),
    );
    const moments = new Set(runner.judge.clauses.map(({ clause }) => clause.moment));
    const named = new Set<string>();
    for (let story = 0; story < STORIES; story++) {
      expect(runner.run(drawStory(runner.space, dice))).toEqual([]);
      expect(runner.play.problem).toBe('');
      for (const entry of runner.play.entries) {
        if (!isTogether(entry)) continue;
        expect(moments).toContain(entry.expected.moment);
        for (const value of Object.keys(entry.expected.values)) named.add(`${entry.expected.moment} ${value}`);
      }
    }
    expect([...named].filter((value) => !judged.has(value))).toEqual([]);
    expect(named).toContain('return rax');
  });

  it('exercises every class', () => {
    const dice = new Dice([1, 2, 3, 4]);
    const empty = new Set(runner.session.classes.map((kind) => kind.name));
    for (let story = 0; story < STORIES * 3 && empty.size > 0; story++) {
      runner.run(drawStory(runner.space, dice));
      for (const kind of runner.session.classes) if (kind.holds(runner.play)) empty.delete(kind.name);
    }
    expect([...empty]).toEqual([]);
  });

  it.each([
    ['a fault that SEAMCALL does not raise', { vector: 14n }],
    ['two ways of not reaching the module', { vector: 13n, carry: 1n }],
  ])('leaves out %s', (_, values) => {
    runner.run([stepOf(runner.space.actions[0], values)]);
    expect(runner.play.left).toEqual([0]);
  });
});

it('are four', () => {
  expect(NAMES).toEqual([
    'seamcall-wrapper-2023/seamcall',
    'seamcall-wrapper-6.8/seamcall_prerr',
    'seamcall-wrapper-6.8/seamcall_prerr_ret',
    'seamcall-wrapper-6.8/seamcall_prerr_saved_ret',
  ]);
});

describe('a stub that saves nothing', () => {
  it('is called with no leaf that writes everything', () => {
    for (const [name, left] of [
      ['seamcall-wrapper-6.8/seamcall_prerr_ret', [0]],
      ['seamcall-wrapper-6.8/seamcall_prerr_saved_ret', []],
    ] as const) {
      const runner = runnerOf(name);
      expect(runner.run([stepOf(runner.space.actions[0], { fn: 0n })])).toEqual([]);
      expect(runner.play.left).toEqual(left);
    }
  });
});

describe('options', () => {
  const contract = { symbol: 'f', source: 'here', program: 'seamcall-retry' };

  it('have defaults', () => {
    expect(retryOptions({ ...contract, options: {} })).toEqual({
      errorMap: 'linux-6.8',
      tries: 10,
      outputs: 'few',
      retryOn: ['no-entropy'],
    });
    expect(errnoOptions({ ...contract, options: {} })).toEqual({ errorMap: 'seed-002' });
  });

  it.each([
    [{ errorMap: 'linux-1.0' }, /^f: options: errorMap/],
    [{ tries: 0 }, /^f: options: tries/],
    [{ retries: 3 }, /^f: options: .*retries/],
  ])('that are wrong are one line for people', (options, message) => {
    expect(() => retryOptions({ ...contract, options })).toThrow(message);
    expect(() => retryOptions({ ...contract, options })).toThrow(/^[^\n]*$/);
  });
});
