/** The built-in dispatcher under its reference, the reference under the properties, and what the contract decides. */
import { describe, expect, it } from 'vitest';
import { CALLS as CALL_WORDS, EXITS, REACTIONS } from '../../clause/dispatcher-words.js';
import { KVM_EXIT, KVM_RUN_FIELDS, type KvmExitName } from '../../../models/abi/kvm.js';
import { exitMoment } from '../../../models/dispatcher/moments.js';
import { builtInPrograms } from '../../campaign/targets/built-in-targets.js';
import { createPlayRunner } from '../../run/open-runner.js';
import type { ProgramTarget } from '../../run/target.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import { findAnyContract } from '../../contract/find-contract.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import type { Entry } from '../../play/play.js';
import type { PlayRunner } from '../../play/play-runner.js';
import { Dice } from '../../case/dice.js';
import { drawStory } from '../../story/case-space.js';
import { stepOf, type StoryStep } from '../../story/story.js';
import { CALLS } from './surroundings.js';

const STORIES = 1000;
const targets = builtInPrograms().filter(({ name }) => name.startsWith('dispatcher-'));

/** The entries of drawn stories in which both sides are together. */
function* drawn(runner: PlayRunner): Generator<Entry> {
  const dice = new Dice([2, 3, 5, 7]);
  for (let count = 0; count < STORIES; count++) {
    runner.run(drawStory(runner.space, dice));
    yield* runner.play.entries;
  }
}

function withOptions(target: ProgramTarget, options: Partial<ProgramContract['options']>): PlayRunner {
  const merged = { ...target.program.options, ...options } as ProgramContract['options'];
  return createPlayRunner({ ...target, program: { ...target.program, options: merged } });
}

/** Properties that some drawn story violates. */
function violated(runner: PlayRunner): string[] {
  const dice = new Dice([2, 3, 5, 7]);
  const names = new Set<string>();
  for (let count = 0; count < STORIES; count++)
    for (const { clause } of runner.run(drawStory(runner.space, dice)) ?? []) names.add(clause.property.name);
  return [...names].sort();
}

it('are these', () =>
  expect(targets.map(({ name }) => name)).toEqual(['dispatcher-7.3/one-exit', 'dispatcher-7.3/sequence']));

describe.each(targets.map((target) => [target.name, target] as const))('%s', (_, target) => {
  const runner = createPlayRunner(target);

  it('does what the reference says', () => expect(violated(runner)).toEqual([]));

  it('has no class without a story, and no story without a verdict', () => {
    const dice = new Dice([1, 1, 2, 3]);
    const seen = new Set<string>();
    for (let count = 0; count < STORIES; count++) {
      runner.run(drawStory(runner.space, dice));
      expect(runner.play.problem).toBe('');
      for (const { name, holds } of runner.session.classes) if (holds(runner.play)) seen.add(name);
    }
    expect([...seen].sort()).toEqual(runner.session.classes.map(({ name }) => name).sort());
  });

  it('has a clause for every value that the reference names, and for every exchange that could be another', () => {
    const { clauses } = runner.judge;
    const open = new Set<string>();
    for (const { expected } of drawn(runner)) {
      // Behind modifier bits a call is like any other: only whether it is one is judged.
      const beside = ['modifiers', 'bus-lock'];
      if (expected === undefined || beside.some((label) => expected.about?.includes(label))) continue;
      const { moment, values, about = [] } = expected;
      const spoken = clauses.filter(({ clause }) => clause.about === undefined || about.includes(clause.about));
      for (const name of moment === 'return' ? [] : Object.keys(values))
        if (!spoken.some(({ clause }) => clause.kind === 'agrees' && clause.moment === moment && clause.name === name))
          open.add(`${moment}.${name}`);
      for (const instead of [moment, 'call host_cpuid', 'KVM_EXIT_IO', 'return to guest', 'fail'])
        if (
          instead !== 'return' &&
          !spoken.some(({ clause }) => clause.kind === 'happens' && clause.moment === instead)
        )
          open.add(`${instead} in place of ${moment}, about ${about.join(', ')}`);
    }
    expect([...open]).toEqual([]);
  });

  it('shows every value that a clause speaks of', () => {
    const moments = new Map<string, readonly string[]>();
    for (const exit of Object.keys(KVM_EXIT) as KvmExitName[])
      moments.set(exitMoment(exit), Object.keys(KVM_RUN_FIELDS[exit]));
    for (const [moment, names] of Object.entries({ ...EXITS, ...REACTIONS }))
      if (!moment.startsWith('call ')) expect(moments.get(moment)).toEqual(expect.arrayContaining([...names]));
    const calls = [...Object.keys(CALL_WORDS), ...Object.keys(REACTIONS)].filter((name) => name.startsWith('call '));
    expect(calls.sort()).toEqual([...CALLS].sort());
  });

  it.each([
    [{ exitReasonBits: 'whole' }, 'decodes-exit-reason'],
    [{ upperHalves: 'refused' }, 'validates-all-64-bits'],
    [{ mapGpaChunk: 0x100000 }, 'chunks-map-gpa'],
    [{ userspaceErrors: 'linux-7.1' }, 'completes-userspace-exit'],
  ])('is broken under a contract with other rules: %o', (options, property) => {
    expect(violated(withOptions(target, options))).toContain(property);
  });

  it('is sound under a contract that leaves the order of errors open', () => {
    expect(violated(withOptions(target, { mapGpaErrors: 'either' }))).toEqual([]);
  });

  it.each([
    [{ mapGpaChunk: 1000 }, /dispatcher-\S+: options\.mapGpaChunk: whole pages/],
    [{ userspaceErrors: 'linux-8' }, /options\.userspaceErrors/],
    [{ chunk: 1 }, /chunk/],
  ])('refuses options that are none of its own: %o', (options, message) => {
    expect(() => withOptions(target, options)).toThrow(message);
  });
});

it.each(['kvm-6.16', 'kvm-7.2', 'kvm-7.3'])('%s can be played', (set) => {
  for (const [index, name] of ['one-exit', 'sequence'].entries()) {
    const { program } = findAnyContract(`${set}/${name}`, CONTRACT_SETS);
    if (program === undefined) throw new Error('no program');
    const runner = createPlayRunner({ ...targets[index], program });
    expect(runner.run([stepOf(runner.space.actions[0])])).toEqual([]);
  }
});

describe('a story', () => {
  const [, sequence] = targets;
  const runner = createPlayRunner(sequence);

  function step(action: string, values: Record<string, bigint> = {}): StoryStep {
    const found = runner.space.actions.find(({ name }) => name === action);
    if (found === undefined) throw new Error(`no action ${action}`);
    return stepOf(found, values);
  }

  function moments(...story: StoryStep[]): (string | undefined)[] {
    expect(runner.run(story)).toEqual([]);
    return runner.play.entries.map(({ observed }) => observed?.moment).filter((moment) => moment !== 'return');
  }

  it('leaves out what cannot happen now', () => {
    expect(moments(step('complete'), step('wake'), step('HLT'), step('CPUID'))).toEqual([
      'call host_halt',
      'return to guest',
    ]);
    expect(runner.play.left).toEqual([0, 1, 3]);
    moments(step('HLT'), step('wake'), step('CPUID'));
    expect(runner.play.left).toEqual([]);
  });

  it('interleaves two conversions and a vCPU that is never completed', () => {
    const story = [
      step('MapGPA', { vcpu: 0n }),
      step('GetQuote', { vcpu: 2n }),
      step('MapGPA', { vcpu: 1n, r12: 0x1000n }),
      step('complete', { vcpu: 0n }),
      step('complete', { vcpu: 1n, ret: 5n }),
      step('complete', { vcpu: 0n }),
      step('complete', { vcpu: 1n, ret: 11n }),
    ];
    expect(moments(...story)).toEqual([
      'KVM_EXIT_HYPERCALL',
      'KVM_EXIT_TDX',
      'KVM_EXIT_HYPERCALL',
      'KVM_EXIT_HYPERCALL',
      'fail',
      'return to guest',
      'return to guest',
    ]);
  });

  it('creates the TD with its first exit', () => {
    const address = 1n << 47n;
    expect(moments(step('GetQuote', { r12: address, created: 1n }))).toEqual(['KVM_EXIT_TDX']);
    expect(moments(step('GetQuote', { r12: address }))).toEqual(['return to guest']);
    expect(moments(step('MapGPA', { created: 2n }))).toEqual(['return to guest']);
  });

  it('ends for every vCPU when the TD is given up', () => {
    expect(moments(step('other exit', { rax: 49n }), step('CPUID', { vcpu: 1n }))).toEqual([
      'call host_vm_bugged',
      'fail',
    ]);
    expect(runner.play.left).toEqual([1]);
  });
});
