/**
 * Runs one scenario on one target: a pure function from (target, scenario, memory) to an observation in the fixed
 * binary layout. It puts the caller's side in place, lets the machine run, and answers what the machine cannot:
 * TDCALL or SEAMCALL, external symbols, interrupts, faults that the image has a fixup for.
 */
import { highHalf, joinHalves, lowHalf, readHalves } from '../halves.js';
import type { CompiledContract } from '../contract/compiled.js';
import type { WrappedInstruction } from '../contract/contract.js';
import { symbolicName } from './functions.js';
import { END, FACT, MOMENT, VECTOR as VECTOR_STATE } from '../observation/layout.js';
import { type Scenario, SLOT } from '../scenario/layout.js';
import { hex } from '../text/hex.js';
import { SeamcallWorld } from '../world/seamcall.js';
import { TdcallWorld } from '../world/tdcall.js';
import { COMPLETES, recordAnswer, type World } from '../world/world.js';
import { environmentName } from '../x86/environment.js';
import { EXIT, PAGE_FAULT, VECTOR } from '../x86/exit.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { CallerSide } from './caller.js';
import type { Code } from './code.js';
import { Fixups, goToFixup } from './fixups.js';
import { type EngineOptions, type ExternalEnd, worldOf } from './map-world.js';
import type { StepEvents, Stepper } from './stepper.js';
import { surveyAccesses } from './survey.js';

/** Instructions that a run may execute: the longest sound stub needs fewer than 100. */
export const INSTRUCTION_BUDGET = 2048;

/** Bytes below RSP that an interrupt handler is taken to overwrite. */
export const HANDLER_FRAME = 256;
const RSP = REGISTER_INDEX.rsp;
/** 16 general registers, RIP and RFLAGS. */
const REGISTER_HALVES = 36;

const WORLDS: Readonly<Record<WrappedInstruction, () => World>> = {
  tdcall: () => new TdcallWorld(),
  seamcall: () => new SeamcallWorld(),
};

/** An instruction, and nothing besides. */
const NOTHING: StepEvents = {};

export class Harness {
  readonly machine: Machine;
  /** Why the last run has no verdict: an instruction, symbol or environment call that nothing models. */
  problem = '';
  /** Low half of RIP where the planned interrupt of the last run was delivered, 0 if it was not. */
  interruptedAt = 0;
  /** Name of the external at which the last run ended because nothing models it, or empty. */
  private unmodelled = '';
  private readonly world: World;
  private readonly fixups: Fixups;
  private readonly caller: CallerSide;
  private readonly entryLow: number;
  private readonly entryHigh: number;
  /** External index -> what reaching it means. */
  private readonly externals: readonly ExternalEnd[];
  private readonly readOnlyCode: ReadonlySet<number>;
  /** Parts of the machine's state that are observed: registers with RIP and RFLAGS, control words, XMM. */
  private readonly registers: Int32Array;
  private readonly controlWords: Int32Array;
  private readonly xmm: Int32Array;

  constructor(
    private readonly code: Code,
    private readonly compiled: CompiledContract,
    engine?: EngineOptions,
  ) {
    const { machine, ends, readOnlyCode } = worldOf(code, engine);
    this.machine = machine;
    this.externals = ends;
    this.readOnlyCode = readOnlyCode;
    this.world = WORLDS[compiled.contract.instruction]();
    this.fixups = new Fixups(code.image);
    this.caller = new CallerSide(compiled);
    this.entryLow = lowHalf(code.entry);
    this.entryHigh = highHalf(code.entry);
    this.registers = machine.state.subarray(0, REGISTER_HALVES);
    this.controlWords = machine.state.subarray(2 * STATE.MXCSR, 2 * STATE.MXCSR + 4);
    this.xmm = machine.state.subarray(2 * STATE.XMM, 2 * STATE.XMM + 64);
  }

  /**
   * @param memory 0, or 1 for companion G
   * @param observation filled in, 2 * OBSERVATION_SLOTS halves
   * @param stepper makes the run stop at every instruction: slow, for traces
   */
  run(scenario: Scenario, memory: 0 | 1, observation: Int32Array, stepper?: Stepper): void {
    this.attempt(scenario, memory, observation, stepper);
    if (this.unmodelled === '') this.observeAll(scenario, memory, observation);
    else this.nameCaller(scenario, memory, observation);
  }

  /** As `run`, observing no more than companions are compared by: registers and facts of the whole run. */
  runCompanion(scenario: Scenario, memory: 0 | 1, observation: Int32Array): void {
    this.attempt(scenario, memory, observation, undefined);
    if (this.unmodelled !== '') this.nameCaller(scenario, memory, observation);
  }

  /** All that is left of the way to an external is its own address: what went there is found by stepping. */
  private nameCaller(scenario: Scenario, memory: 0 | 1, observation: Int32Array): void {
    let from = this.code.entry;
    const note = ({ state }: Machine): void => {
      if (this.inImage(state[2 * STATE.RIP], state[2 * STATE.RIP + 1])) from = readHalves(state, 2 * STATE.RIP);
    };
    this.attempt(scenario, memory, observation, { before: note, after: () => undefined });
    this.problem = `external symbol ${this.unmodelled}, called at ${this.where(from)}, is not modelled`;
  }

  private attempt(scenario: Scenario, memory: 0 | 1, observation: Int32Array, stepper: Stepper | undefined): void {
    const { machine } = this;
    machine.reset();
    observation.fill(0);
    this.problem = '';
    this.unmodelled = '';
    this.interruptedAt = 0;
    this.caller.enter(machine, scenario, memory, observation);
    machine.state[2 * STATE.RIP] = this.entryLow;
    machine.state[2 * STATE.RIP + 1] = this.entryHigh;
    this.observe(observation, MOMENT.initial, VECTOR_STATE.initial);
    this.world.begin(scenario);
    machine.planInterrupt(planned(scenario[2 * SLOT.faultKind]), scenario[2 * SLOT.faultAt] & 0xffff);
    this.execute(scenario, observation, stepper);
    this.conclude(observation);
  }

  /** Whether an address lies in the image, and not in what the world lends. */
  inImage(low: number, high: number): boolean {
    const address = joinHalves(low, high);
    return this.code.image.segments.some(
      (segment) => address >= segment.address && address < segment.address + BigInt(segment.size),
    );
  }

  /** Computes the placement of a scenario without running it: what `fieldAddress` speaks of. */
  placeFor(scenario: Scenario, memory: 0 | 1): void {
    this.caller.placement.place(scenario, this.caller.regionsOf(memory));
  }

  /** Address of a field of the argument block, by the present placement. */
  fieldAddress(field: string): bigint {
    return this.caller.fieldAddress(field);
  }

  private execute(scenario: Scenario, observation: Int32Array, stepper: Stepper | undefined): void {
    const { machine } = this;
    for (;;) {
      const executed = machine.instructionCount;
      const left = INSTRUCTION_BUDGET - executed;
      stepper?.before(machine);
      const exit = machine.run(stepper === undefined ? left : Math.min(1, left));
      let events: StepEvents | undefined = NOTHING;
      switch (exit) {
        case EXIT.External:
          return this.external(observation);
        case EXIT.Environment:
          events = this.call(scenario, observation);
          break;
        case EXIT.Interrupt:
          // It comes at the boundary behind the instruction of this step, and is a step of its own.
          if (stepper !== undefined && machine.instructionCount !== executed) {
            stepper.after(machine, NOTHING);
            stepper.before(machine);
          }
          this.handleInterrupt(scenario, observation);
          events = { interrupt: true };
          break;
        case EXIT.Fault:
          events = this.raise(machine.exitDetail, observation);
          if (events === undefined) this.fault(observation);
          break;
        case EXIT.Unknown:
          this.problem = `unknown instruction ${machine.unknownText}, ${this.here()}`;
          return end(observation, END.unknown, 0);
        case EXIT.Budget:
          if (machine.instructionCount >= INSTRUCTION_BUDGET) return end(observation, END.budget, 0);
          break;
      }
      if (events === undefined) return;
      stepper?.after(machine, events);
    }
  }

  /** Answers the wrapped instruction. @returns undefined when the run is over */
  private call(scenario: Scenario, observation: Int32Array): StepEvents | undefined {
    const { machine, world } = this;
    if (machine.exitDetail !== world.environment) {
      this.problem = `${environmentName(machine.exitDetail)} at ${this.here()} is not part of the contract ${this.compiled.id}`;
      end(observation, END.unknown, 0);
      return undefined;
    }
    const vector = world.answer(scenario, machine, observation);
    if (vector === COMPLETES) {
      machine.completeEnvironment();
      recordAnswer(machine, observation);
      return { call: world };
    }
    const raised = this.raise(vector, observation);
    // The code did not choose this end, whatever the vector.
    if (raised === undefined && this.problem === '') end(observation, END.faulted, vector);
    if (raised === undefined) return undefined;
    recordAnswer(machine, observation);
    observation[2 * FACT.answered] |= raised.fixup.wrote;
    return { ...raised, call: world };
  }

  /** Lets the fixup of the instruction at RIP take an exception. @returns undefined where none does, or none that is modelled */
  private raise(vector: number, observation: Int32Array): Required<Pick<StepEvents, 'fixup'>> | undefined {
    const { machine } = this;
    const fixup = this.fixups.at(machine);
    if (fixup === undefined) return undefined;
    const wrote = goToFixup(machine, fixup, vector);
    if (wrote !== undefined) return { fixup: { vector, wrote } };
    this.problem = `the exception-fixup entry for ${this.here()} has type ${fixup.type}, which is not modelled`;
    end(observation, END.unknown, 0);
    return undefined;
  }

  private external(observation: Int32Array): void {
    const { name, end: kind } = this.externals[this.machine.exitDetail];
    if (kind === END.unknown) this.unmodelled = name;
    end(observation, kind, this.machine.exitDetail);
  }

  /** The handler runs on the same stack and leaves its traces below RSP. */
  private handleInterrupt(scenario: Scenario, observation: Int32Array): void {
    const { machine } = this;
    const { state } = machine;
    observation[2 * FACT.interrupts]++;
    this.interruptedAt = state[2 * STATE.RIP];
    const stackLow = state[2 * RSP];
    const stackHigh = state[2 * RSP + 1];
    for (let offset = 8; offset <= HANDLER_FRAME; offset += 8) {
      const address = (stackLow - offset) | 0;
      // Where the stack ends nothing more is left behind; on a CPU the next fault would be a double one.
      if (!machine.isWritable(address, stackHigh) || !machine.isWritable((address + 7) | 0, stackHigh)) return;
      machine.poke64(address, stackHigh, scenario[2 * SLOT.faultValue], scenario[2 * SLOT.faultValue + 1]);
    }
  }

  private fault(observation: Int32Array): void {
    if (this.problem !== '') return;
    const { machine } = this;
    const vector = machine.exitDetail;
    if (vector === VECTOR.UD || vector === VECTOR.BP) return end(observation, END.trapped, vector);
    if (vector === VECTOR.PF && this.writesCode()) {
      this.problem = `${this.here()} writes to code that the image maps writable and executable: self-modifying code is not modelled`;
      return end(observation, END.unknown, 0);
    }
    end(observation, END.faulted, vector);
    observation[2 * FACT.faultAddress] = machine.faultAddressLow;
    observation[2 * FACT.faultAddress + 1] = machine.faultAddressHigh;
    if (vector !== VECTOR.PF) return;
    if (this.caller.inBlock(machine.faultAddressLow, machine.faultAddressHigh)) observation[2 * FACT.faultOnBlock] = 1;
  }

  /** Whether the page fault is a write to a page that the image, but not the machine, lets be written. */
  private writesCode(): boolean {
    const { machine, readOnlyCode } = this;
    if (readOnlyCode.size === 0 || (machine.faultErrorCode & PAGE_FAULT.W) === 0) return false;
    const { faultAddressLow: low, faultAddressHigh: high } = machine;
    return readOnlyCode.has(((low >>> 12) | (high << 20)) >>> 0);
  }

  private observe(observation: Int32Array, moment: number, vector: number): void {
    observation.set(this.registers, 2 * moment);
    observation.set(this.controlWords, 2 * vector);
    observation.set(this.xmm, 2 * vector + 4);
  }

  private conclude(observation: Int32Array): void {
    const { machine } = this;
    this.observe(observation, MOMENT.final, VECTOR_STATE.final);
    observation[2 * FACT.instructions] = machine.instructionCount;
    observation[2 * FACT.path] = machine.pathHashLow;
    observation[2 * FACT.path + 1] = machine.pathHashHigh;
    observation[2 * FACT.addresses] = machine.addressHashLow;
    observation[2 * FACT.addresses + 1] = machine.addressHashHigh;
  }

  /** What only a base run is judged by: the block, and where the accesses went. */
  private observeAll(scenario: Scenario, memory: 0 | 1, observation: Int32Array): void {
    const { machine, caller } = this;
    caller.readBlock(machine, observation);
    const block = caller.writableBlock(scenario);
    surveyAccesses(machine, caller.placement, caller.regionsOf(memory), block, caller.shadow, observation);
  }

  /** The instruction at RIP. */
  private here(): string {
    return this.where(readHalves(this.machine.state, 2 * STATE.RIP));
  }

  private where(address: bigint): string {
    return symbolicName(this.code.image, address) ?? hex(address);
  }
}

/** Scenario value -> kind of Machine.planInterrupt; anything unknown is none. */
function planned(kind: number): 0 | 1 | 2 {
  return kind === 1 || kind === 2 ? kind : 0;
}

function end(observation: Int32Array, kind: number, detail: number): void {
  observation[2 * FACT.end] = kind;
  observation[2 * FACT.endDetail] = detail;
}
