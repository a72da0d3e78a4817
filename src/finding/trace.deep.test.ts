import { isDeepStrictEqual } from 'node:util';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import {
  call,
  clear,
  external,
  jmp,
  jumpThrough,
  jumpTo,
  NOP,
  type Piece,
  pop,
  push,
  RET,
  set32,
  STI,
  TDCALL,
  UD2,
} from '../harness/made-function.test.helper.js';
import type { Harness } from '../harness/harness.js';
import { createObservation, END, FACT, MOMENT, slotValue } from '../observation/layout.js';
import { cases } from '../case/arbitrary.js';
import type { Scenario } from '../scenario/layout.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { caseOf, runnerOf } from './made-runner.test.helper.js';
import { stubRunner, twinRunner } from './twins.test.helper.js';
import { recordTrace } from '../run/stub-trace.js';
import { Recorder, type Step } from '../run/trace.js';

const RUNNERS = [
  ...builtInStubs().map((target) => stubRunner(target)),
  ...['retry-forever-6.3', 'jump-through-r11-6.4', 'missing-pop-6.7', 'null-output-5.19'].map(twinRunner),
];

/** Steps in which an instruction was executed; the one at which a run trapped or faulted was not. */
const executed = (steps: readonly Step[]): Step[] =>
  steps.filter(
    ({ interrupt, before, after }, index) => !interrupt && (index < steps.length - 1 || moved(before, after)),
  );
const moved = (before: Int32Array, after: Int32Array): boolean => before[32] !== after[32] || before[33] !== after[33];

/** A run with an observer that records it. */
function observed(
  harness: Harness,
  scenario: Scenario,
  memory: 0 | 1,
): { steps: readonly Step[]; observation: Int32Array } {
  const observation = createObservation();
  const recorder = new Recorder((low, high) => harness.stage.holds(low, high));
  harness.run(scenario, memory, observation, recorder);
  return { steps: recorder.steps, observation };
}

test.prop([fc.nat(RUNNERS.length - 1), fc.integer(), fc.constantFrom(0 as const, 1 as const)], { numRuns: 120 })(
  'a trace is the run, step by step',
  (which, seed, memory) => {
    const { reference, space } = RUNNERS[which];
    const { harness } = reference;
    const [[{ words: scenario }]] = fc.sample(cases(space), { seed, numRuns: 1 });
    const observation = createObservation();
    harness.run(scenario, memory, observation);
    const state = harness.machine.state.slice();
    const steps = recordTrace(harness, scenario, memory);
    expect(harness.machine.state).toEqual(state);
    const other = observed(harness, scenario, memory);
    expect(other.observation).toEqual(observation);
    expect(isDeepStrictEqual(other.steps, steps)).toBe(true);
    expect(harness.machine.state).toEqual(state);
    const last = steps[steps.length - 1];
    expect(last.after).toEqual(state.subarray(0, last.after.length));
    expect(executed(steps)).toHaveLength(observation[2 * FACT.instructions]);
    expect(steps.filter(({ interrupt }) => interrupt)).toHaveLength(observation[2 * FACT.interrupts]);
    // Each step begins where the one before it ended.
    for (let index = 1; index < steps.length; index++) {
      expect(steps[index].before).toEqual(steps[index - 1].after);
      expect(steps[index].address & 0xffffffffn).toBe(BigInt(steps[index - 1].after[32] >>> 0));
    }
    const events = steps.reduce((sum, step) => sum + step.events.length, 0);
    expect(events).toBe(harness.machine.eventCount * EVENT_WORDS);
  },
);

describe('a trace of a made function', () => {
  const trace = (
    pieces: readonly Piece[],
    values: Readonly<Record<string, bigint>> = {},
    externals: readonly string[] = [],
  ): { steps: readonly Step[]; observation: Int32Array } => {
    const runner = runnerOf(pieces, undefined, undefined, { externals });
    const [{ words }] = caseOf(runner, values);
    return observed(runner.reference.harness, words, 0);
  };
  const texts = (steps: readonly Step[]): (string | undefined)[] =>
    steps.map(({ instruction }) => instruction?.text.split(/\s/)[0]);

  plain('ends with the instruction that ended it', () => {
    expect(texts(trace([NOP, RET]).steps)).toEqual(['nop', 'ret']);
    expect(texts(trace([NOP, UD2]).steps)).toEqual(['nop', 'ud2']);
    expect(texts(trace([NOP, call(external(0))], {}, ['panic']).steps)).toEqual(['nop', 'call']);
    expect(trace([NOP, jmp(-2)]).steps).toHaveLength(2048);
  });

  plain('a jump to where no code is adds no step', () => {
    const { steps, observation } = trace([clear('r11'), jumpThrough('r11')]);
    expect(texts(steps)).toEqual(['xor', 'jmp']);
    expect(slotValue(observation, MOMENT.final + 16)).toBe(0n);
  });

  plain('code that the world lends is marked', () => {
    const { steps } = trace([NOP, jumpTo(external(0))], {}, ['__x86_return_thunk']);
    expect(steps.map(({ worlds }) => worlds)).toEqual([false, false, true]);
  });

  plain('what the world wrote stands at TDCALL alone', () => {
    const { steps } = trace([clear('rax'), set32('rcx', 0x400), TDCALL, NOP, RET], { 'answer.r10': 3n });
    expect(steps.map(({ worldWrote }) => worldWrote)).toEqual([0, 0, 0x401, 0, 0]);
    const failed = trace([clear('rax'), set32('rcx', 0x400), TDCALL, RET], { 'answer.status': 3n });
    expect(failed.steps.map(({ worldWrote }) => worldWrote)).toEqual([0, 0, 1, 0]);
  });

  plain.each([0, 1, 2, 3])('an interrupt before instruction %i is a step of its own', (at) => {
    const { steps, observation } = trace([push('rbx'), pop('rbx'), NOP, RET], {
      'fault.kind': 2n,
      'fault.at': BigInt(at),
    });
    expect(observation[2 * FACT.end]).toBe(END.returned);
    expect(steps.map(({ interrupt }) => interrupt)).toEqual([0, 1, 2, 3, 4].map((index) => index === at));
    expect(texts(steps.filter(({ interrupt }) => !interrupt))).toEqual(['push', 'pop', 'nop', 'ret']);
  });

  plain('an interrupt behind TDCALL is no answer of the world', () => {
    const pieces = [clear('rax'), set32('rcx', 0x400), STI, TDCALL, NOP, RET];
    const { steps } = trace(pieces, { 'fault.kind': 1n, 'fault.at': 0n });
    expect(steps.map(({ interrupt, worldWrote }) => (interrupt ? 'interrupt' : worldWrote))).toEqual([
      0,
      0,
      0,
      0x401,
      'interrupt',
      0,
      0,
    ]);
  });

  plain('events stand at the instruction that made them', () => {
    const { steps } = trace([push('rbx'), STI, pop('rbx'), RET]);
    expect(steps.map(({ events }) => (events.length === 0 ? 0 : events[EVENT_WORD.KIND]))).toEqual([
      EVENT.Push,
      EVENT.Sti,
      EVENT.Pop,
      EVENT.Pop,
    ]);
  });
});
