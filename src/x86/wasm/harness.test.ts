import { fc, test } from '@fast-check/vitest';
import { expect, vi } from 'vitest';
import { builtInStubs } from '../../campaign/targets/built-in-targets.js';
import { createRunner } from '../../run/open-runner.js';
import type { StubTarget } from '../../run/target.js';
import type { CaseRunner } from '../../judge/case-runner.js';
import { createObservation } from '../../observation/layout.js';
import { cases } from '../../case/arbitrary.js';
import { caseSpaceOf } from '../../scenario/case-space.js';
import { type Scenario, SLOT as SCENARIO } from '../../scenario/layout.js';
import { twinTargets } from '../../finding/twins.test.helper.js';
import type { MachineOptions } from '../machine.js';
import { expectSame } from './both-engines.test.helper.js';

/** What the harness's machines are made with: it takes no options itself. */
const chosen = vi.hoisted((): { options: MachineOptions } => ({ options: {} }));

vi.mock(import('../machine.js'), async (original) => {
  const actual = await original();
  class ChosenMachine extends actual.Machine {
    constructor(options: MachineOptions = {}) {
      super({ ...options, ...chosen.options });
    }
  }
  return { ...actual, Machine: ChosenMachine };
});

interface Pair {
  readonly name: string;
  readonly interpreted: CaseRunner;
  readonly translated: CaseRunner;
}

const TARGETS = [...builtInStubs(), ...twinTargets()];
const pairs = new Map<string, Pair>();

function pairOf(target: StubTarget): Pair {
  let pair = pairs.get(target.name);
  if (pair === undefined) {
    chosen.options = { engine: 'interpreter' };
    const interpreted = createRunner({ ...target, image: { ...target.image } });
    chosen.options = { engine: 'wasm', hotRuns: 0 };
    // An image's machine is made once: another image object gets another machine.
    const translated = createRunner({ ...target, image: { ...target.image } });
    pair = { name: target.name, interpreted, translated };
    pairs.set(target.name, pair);
  }
  return pair;
}

function sample({ interpreted }: Pair, seed: number, numRuns: number): Scenario[] {
  return fc.sample(cases(caseSpaceOf(interpreted.space)), { seed, numRuns }).map(([{ words }]) => words);
}

const ours = createObservation();
const theirs = createObservation();

function compare({ name, interpreted, translated }: Pair, scenario: Int32Array, memory: 0 | 1): void {
  interpreted.harness.run(scenario, memory, theirs);
  translated.harness.run(scenario, memory, ours);
  expect(translated.harness.machine.engine).toBe('wasm');
  expectSame(interpreted.harness.machine, translated.harness.machine, name);
  expect(Buffer.compare(Buffer.from(ours.buffer), Buffer.from(theirs.buffer)), `observation of ${name}`).toBe(0);
  expect(translated.harness.problem).toBe(interpreted.harness.problem);
}

test.prop([fc.constantFrom(...TARGETS), fc.integer(), fc.constantFrom(0 as const, 1 as const)], { numRuns: 500 })(
  'stubs and broken twins: the same observation and the same machine from both engines',
  (target, seed, memory) => {
    const pair = pairOf(target);
    for (const scenario of sample(pair, seed, 8)) {
      compare(pair, scenario, memory);
    }
    expect(pair.translated.harness.machine.translatedEntries).toBeGreaterThan(8);
  },
);

test('an interrupt at every boundary of every stub', () => {
  for (const target of builtInStubs()) {
    const pair = pairOf(target);
    const [drawn] = sample(pair, 7, 1);
    for (const base of [pair.interpreted.space.neutral, drawn]) {
      for (const kind of [1, 2]) {
        for (let at = 0; at < 60; at++) {
          const scenario = base.slice();
          scenario[2 * SCENARIO.faultKind] = kind;
          scenario[2 * SCENARIO.faultAt] = at;
          if (at % 2 === 1) scenario[2 * SCENARIO.entryFlags] |= 0x200;
          compare(pair, scenario, 0);
        }
      }
    }
  }
});
