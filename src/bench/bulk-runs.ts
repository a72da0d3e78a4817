/**
 * Bare executions the way campaigns make them: registers, argument block and return address placed, the stub run with every
 * event recorded, TDCALL answered by the module's rule, the end observed, and the memory reset, all in linear memory.
 */
import { LaneRunner } from '../lane/lane-runner.js';
import type { StubTarget } from '../run/target.js';
import { createRunner } from '../run/open-runner.js';
import { Harness } from '../harness/harness.js';
import { BLOCK, createObservation, END, FACT, MOMENT } from '../observation/layout.js';
import { drawScenarios } from '../scenario/batch.js';
import { FAULT, PLACE, type Scenario, SLOT } from '../scenario/layout.js';
import { type Contender, repeatFor } from './contender.js';

const WORDS = [0x62656e63, 0x68, 0, 1] as const;
/** Scenarios that are run in turn. */
const SCENARIOS = 200;
/** Runs between two looks at the clock. */
const BATCH = 2000;
const INTERRUPT_FLAG = 0x200;
/** The flag of the contracts that asks for STI. */
const NO_STI = ~2;

export class BulkExecutions {
  private readonly execute: (count: number) => number;
  private readonly bulk: LaneRunner;

  /** @param exact an interrupt is planned that never comes @throws Error if a run differs from the reference's */
  constructor(
    private readonly target: StubTarget,
    private readonly exact: boolean,
  ) {
    const runner = createRunner(target);
    const bulk = LaneRunner.of(runner);
    if (bulk === undefined) throw new Error(`bench: ${target.name} cannot be translated`);
    this.bulk = bulk;
    const flags = runner.space.flagsSlot;
    const change = (scenario: Scenario): void => this.simplify(scenario, flags);
    this.execute = bulk.executions(WORDS, SCENARIOS, change);
    const scenarios = drawScenarios(runner.space, WORDS, SCENARIOS);
    scenarios.forEach(change);
    this.compare(new Harness(runner.target, runner.compiled), scenarios);
  }

  /** What the native contenders get: a valid block, success, and no flag that ends in a signal on a CPU. */
  private simplify(scenario: Scenario, flags: number): void {
    const set = (slot: number, value: number): void => {
      scenario[2 * slot] = value;
      scenario[2 * slot + 1] = 0;
    };
    set(SLOT.blockPlace, PLACE.valid);
    set(SLOT.answerStatus, 0);
    set(SLOT.faultKind, this.exact ? FAULT.interrupt : FAULT.none);
    // It is pending from the start on, and IF is 0.
    set(SLOT.faultAt, 0);
    set(SLOT.entryFlags, scenario[2 * SLOT.entryFlags] & ~INTERRUPT_FLAG);
    if (flags >= 0) scenario[2 * flags] &= NO_STI;
  }

  private compare(harness: Harness, scenarios: readonly Scenario[]): void {
    const reference = createObservation();
    scenarios.forEach((scenario, index) => {
      harness.run(scenario, 0, reference);
      const givenUp = this.execute(index + 1);
      const own = this.bulk.observation(0);
      const same =
        reference[2 * FACT.end] === END.returned &&
        [FACT.instructions, FACT.path, FACT.calls].every((slot) => own[2 * slot] === reference[2 * slot]) &&
        sameRegisters(own, reference);
      if (givenUp !== 0 || !same)
        throw new Error(`bench: ${this.target.name}: run ${index} in bulk is not the reference's`);
    });
  }

  contender(name: string): Contender {
    const batch = (): number => {
      this.execute(BATCH);
      return BATCH;
    };
    return { name, measure: (milliseconds) => repeatFor(milliseconds, batch) };
  }
}

/** The registers at the end: more is observed in judged cases alone. */
function sameRegisters(one: Int32Array, other: Int32Array): boolean {
  for (let word = 2 * MOMENT.final; word < 2 * BLOCK.initial; word++) if (one[word] !== other[word]) return false;
  return true;
}
