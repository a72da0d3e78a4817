/**
 * Runs one scenario on one target: a pure function from (target, scenario, memory) to an observation in the fixed
 * binary layout. It puts the caller's side in place, lets the stage run, and answers what a stub has of its world: TDCALL or
 * SEAMCALL.
 */
import { highHalf, lowHalf } from '../halves.js';
import type { FieldBytes } from '../contract/compiled-blocks.js';
import type { CompiledContract } from '../contract/compiled.js';
import type { WrappedInstruction } from '../contract/contract.js';
import type { AnswerTest } from '../contract/flow-words.js';
import { END, FACT, MOMENT, VECTOR as VECTOR_STATE } from '../observation/layout.js';
import { type Scenario, SLOT } from '../scenario/layout.js';
import { NOTHING, type StageObserver } from '../stage/observer.js';
import { type EngineOptions, type Stage, STOP } from '../stage/stage.js';
import { type RefusedAnswer, Refusals } from '../world/refusals.js';
import { SeamcallWorld } from '../world/seamcall.js';
import { TdcallWorld } from '../world/tdcall.js';
import { COMPLETES, recordAnswer, type World } from '../world/world.js';
import { environmentName } from '../x86/environment.js';
import { VECTOR } from '../x86/exit.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { CallerSide } from './caller.js';
import type { Code } from './code.js';
import type { Placement } from './placement.js';
import { stageOf } from './stage-of.js';
import { ownDataOf } from './own-data.js';
import { surveyAccesses } from './survey.js';
import { Tries } from './tries.js';

/** Instructions that a run may execute: the longest sound stub needs fewer than 100. */
export const INSTRUCTION_BUDGET = 2048;

/** More for each further try: pauses and the loop around the instruction. */
const INSTRUCTIONS_A_TRY = 512;

/** 16 general registers, RIP and RFLAGS. */
const REGISTER_HALVES = 36;

const ALL_ONES = (1n << 64n) - 1n;

const WORLDS: Readonly<Record<WrappedInstruction, (refusals?: Refusals) => World>> = {
  tdcall: (refusals) => new TdcallWorld(refusals),
  seamcall: (refusals) => new SeamcallWorld(refusals),
};

export class Harness {
  readonly stage: Stage;
  readonly machine: Machine;
  private readonly world: World;
  /** Of a function that tries again. */
  private readonly tries: Tries | undefined;
  private readonly budget: number;
  private readonly caller: CallerSide;
  private readonly entry: bigint;
  private readonly entryLow: number;
  private readonly entryHigh: number;
  /** Parts of the machine's state that are observed: registers with RIP and RFLAGS, control words, XMM. */
  private readonly registers: Int32Array;
  private readonly controlWords: Int32Array;
  private readonly xmm: Int32Array;

  constructor(
    code: Code,
    private readonly compiled: CompiledContract,
    engine?: EngineOptions,
  ) {
    this.stage = stageOf(code, engine);
    const { machine } = this.stage;
    this.machine = machine;
    const { instruction, retry } = compiled.contract;
    this.world = WORLDS[instruction](retry && new Refusals(retry.on.map(refusedAnswer)));
    this.tries = retry && new Tries(compiled);
    this.budget = INSTRUCTION_BUDGET + (retry === undefined ? 0 : retry.tries * INSTRUCTIONS_A_TRY);
    this.caller = new CallerSide(compiled, ownDataOf(code.image, compiled.contract));
    this.entry = code.entry;
    this.entryLow = lowHalf(code.entry);
    this.entryHigh = highHalf(code.entry);
    this.registers = machine.state.subarray(0, REGISTER_HALVES);
    this.controlWords = machine.state.subarray(2 * STATE.MXCSR, 2 * STATE.MXCSR + 4);
    this.xmm = machine.state.subarray(2 * STATE.XMM, 2 * STATE.XMM + 64);
  }

  /** Why the last run has no verdict: an instruction, symbol or environment call that nothing models. */
  get problem(): string {
    return this.stage.problem;
  }

  /** Low half of RIP where the planned interrupt of the last run was delivered, 0 if it was not. */
  get interruptedAt(): number {
    return this.stage.interruptedAt;
  }

  /**
   * @param memory 0, or 1 for companion G
   * @param observation filled in, 2 * OBSERVATION_SLOTS halves
   * @param observer makes the run stop at every instruction: slow, for traces
   */
  run(scenario: Scenario, memory: 0 | 1, observation: Int32Array, observer?: StageObserver): void {
    this.attempt(scenario, memory, observation, observer);
    if (this.stage.unmodelled === '') this.observeAll(memory, observation);
    else this.nameCaller(scenario, memory, observation);
  }

  /** As `run`, observing no more than companions are compared by: registers and facts of the whole run. */
  runCompanion(scenario: Scenario, memory: 0 | 1, observation: Int32Array): void {
    this.attempt(scenario, memory, observation, undefined);
    if (this.stage.unmodelled !== '') this.nameCaller(scenario, memory, observation);
  }

  private nameCaller(scenario: Scenario, memory: 0 | 1, observation: Int32Array): void {
    const { stage } = this;
    stage.trackCaller = true;
    this.attempt(scenario, memory, observation, undefined);
    stage.trackCaller = false;
  }

  private attempt(
    scenario: Scenario,
    memory: 0 | 1,
    observation: Int32Array,
    observer: StageObserver | undefined,
  ): void {
    const { stage, machine } = this;
    stage.reset();
    stage.entered = this.entry;
    stage.observer = observer;
    stage.loopStops = this.compiled.contract.loopStops === true;
    stage.writableCode = this.compiled.contract.writableCode === true;
    observation.fill(0);
    stage.enterState(memory);
    this.caller.enter(machine, scenario, memory, observation);
    machine.state[2 * STATE.RIP] = this.entryLow;
    machine.state[2 * STATE.RIP + 1] = this.entryHigh;
    this.observe(observation, MOMENT.initial, VECTOR_STATE.initial);
    this.world.begin(scenario);
    stage.planInterrupt(
      scenario[2 * SLOT.faultKind],
      scenario[2 * SLOT.faultAt] & 0xffff,
      scenario[2 * SLOT.faultValue],
      scenario[2 * SLOT.faultValue + 1],
    );
    this.execute(scenario, observation);
    stage.observer = undefined;
    this.conclude(observation);
  }

  /** Where everything of the last run lay. */
  get placement(): Placement {
    return this.caller.placement;
  }

  /** Computes the placement of a scenario without running it: what `fieldAddress` speaks of. */
  placeFor(scenario: Scenario, memory: 0 | 1): void {
    this.caller.placement.place(scenario, this.caller.regionsOf(memory));
  }

  /** Address of a field of the argument block, by the present placement. */
  fieldAddress(field: string): bigint {
    return this.caller.fieldAddress(field);
  }

  /** Bytes of a field of an argument block. */
  fieldSize(field: string): FieldBytes {
    return this.caller.fieldSize(field);
  }

  private execute(scenario: Scenario, observation: Int32Array): void {
    const { stage } = this;
    for (;;) {
      const stop = stage.run(this.budget);
      switch (stop) {
        case STOP.environment:
          if (!this.call(scenario, observation)) {
            stage.observer?.after(this.machine, NOTHING);
            return;
          }
          break;
        case STOP.external:
          stage.refuseExternal(this.entry);
          return end(observation, END.unknown, stage.detail);
        case STOP.budget:
        case STOP.unknown:
          return end(observation, stop, 0);
        case STOP.faulted:
          end(observation, stop, stage.detail);
          return this.observeFault(observation);
        default:
          return end(observation, stop, stage.detail);
      }
    }
  }

  /** Answers the wrapped instruction. @returns whether the run goes on */
  private call(scenario: Scenario, observation: Int32Array): boolean {
    const { stage, machine, world } = this;
    if (stage.detail !== world.environment) {
      stage.problem = `${environmentName(stage.detail)} at ${stage.here()} is not part of the contract ${this.compiled.id}`;
      end(observation, END.unknown, 0);
      return false;
    }
    this.tries?.atCall(machine, observation);
    const vector = world.answer(scenario, machine, observation);
    if (vector === COMPLETES) {
      machine.completeEnvironment();
      this.recordAnswer(observation);
      stage.observer?.after(machine, { call: world });
      return true;
    }
    const wrote = stage.takeFault(vector);
    if (wrote === undefined) {
      // The code did not choose this end, whatever the vector.
      if (stage.problem === '') end(observation, END.faulted, vector);
      else end(observation, END.unknown, 0);
      return false;
    }
    this.recordAnswer(observation);
    observation[2 * FACT.answered] |= wrote;
    stage.observer?.after(machine, { fixup: { vector, wrote }, call: world });
    return true;
  }

  /** Of a function that tries again the last answer is the one that counts. */
  private recordAnswer(observation: Int32Array): void {
    const { machine, tries } = this;
    if (tries === undefined) recordAnswer(machine, observation);
    else tries.atAnswer(machine, observation);
  }

  private observeFault(observation: Int32Array): void {
    const { machine } = this;
    const { faultAddressLow: low, faultAddressHigh: high } = machine;
    observation[2 * FACT.faultAddress] = low;
    observation[2 * FACT.faultAddress + 1] = high;
    if (this.stage.detail === VECTOR.PF && this.caller.inBlock(low, high)) observation[2 * FACT.faultOnBlock] = 1;
  }

  private observe(observation: Int32Array, moment: number, vector: number): void {
    observation.set(this.registers, 2 * moment);
    observation.set(this.controlWords, 2 * vector);
    observation.set(this.xmm, 2 * vector + 4);
  }

  private conclude(observation: Int32Array): void {
    const { machine } = this;
    this.observe(observation, MOMENT.final, VECTOR_STATE.final);
    observation[2 * FACT.interrupts] = this.stage.interrupts;
    observation[2 * FACT.instructions] = machine.instructionCount;
    observation[2 * FACT.path] = machine.pathHashLow;
    observation[2 * FACT.path + 1] = machine.pathHashHigh;
    observation[2 * FACT.addresses] = machine.addressHashLow;
    observation[2 * FACT.addresses + 1] = machine.addressHashHigh;
  }

  /** What only a base run is judged by: the block, and where the accesses went. */
  private observeAll(memory: 0 | 1, observation: Int32Array): void {
    const { machine, caller } = this;
    caller.readBlocks(machine, observation);
    surveyAccesses(machine, caller.writableMemory(memory), observation);
  }
}

function refusedAnswer(test: AnswerTest): RefusedAnswer {
  const is = 'is' in test;
  return {
    register: REGISTER_INDEX[test.answer],
    mask: BigInt(test.mask ?? ALL_ONES),
    values: (is ? test.is : test.isNot).map(BigInt),
    is,
  };
}

function end(observation: Int32Array, kind: number, detail: number): void {
  observation[2 * FACT.end] = kind;
  observation[2 * FACT.endDetail] = detail;
}
