/** What happened beside the exchanges of a play, as classes of the same names as those of single functions. */
import { describe, expect, it } from 'vitest';
import { builtInPrograms } from '../campaign/targets/built-in-targets.js';
import { DISTURBANCE } from '../play/disturbance.js';
import { FAULT } from '../scenario/layout.js';
import { caseFrom } from '../story/case-space.js';
import { stepOf } from '../story/story.js';
import { createPlayRunner } from './open-runner.js';
import { ProgramRunner } from './program-runner.js';

function runnerOf(name: string): ProgramRunner {
  const target = builtInPrograms().find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(name);
  return new ProgramRunner(target, createPlayRunner(target));
}

/** The classes of a case of one step. */
function classesOf(runner: ProgramRunner, values: Readonly<Record<string, bigint>>): string[] {
  const classes: string[] = [];
  expect(runner.run(caseFrom([stepOf(runner.player.space.actions[0], values)]))).toEqual([]);
  runner.countClasses((name) => classes.push(name));
  return classes;
}

const event = (kind: number, at = 3n): Record<string, bigint> => ({
  [DISTURBANCE.kind]: BigInt(kind),
  [DISTURBANCE.at]: at,
});

describe('the classes of a helper', () => {
  const runner = runnerOf('helper-7.3/__halt');

  it('are named whether or not a case falls into them', () => {
    expect(runner.classNames).toEqual(
      expect.arrayContaining([
        'no fault',
        'interrupt delivered',
        'NMI delivered',
        'IF clear at entry',
        'IF set at entry',
      ]),
    );
  });

  it.each([
    ['nothing', {}, ['no fault', 'IF clear at entry']],
    ['an interrupt', { if: 1n, ...event(FAULT.interrupt) }, ['interrupt delivered', 'IF set at entry']],
    ['an interrupt that is masked', event(FAULT.interrupt), ['interrupt never deliverable', 'IF clear at entry']],
    ['an NMI', event(FAULT.nmi), ['NMI delivered', 'IF clear at entry']],
    ['an NMI behind the end', event(FAULT.nmi, 5000n), ['interrupt never deliverable', 'IF clear at entry']],
  ])('tell %s', (_, values, expected) => {
    const told = classesOf(runner, values);
    expect(told).toEqual(expect.arrayContaining(expected));
    expect(told.filter((name) => /fault|interrupt|NMI|IF/.test(name))).toHaveLength(expected.length);
  });
});

it('a dispatcher is entered with interrupts on, the idle loop’s halt with interrupts off', () => {
  const flags = (name: string): string[] => runnerOf(name).classNames.filter((known) => known.startsWith('IF '));
  expect(flags('dispatcher-7.3/one-exit')).toEqual(['IF set at entry']);
  expect(flags('helper-7.3/tdx_safe_halt')).toEqual(['IF clear at entry']);
});
