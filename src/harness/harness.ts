/**
 * Runs one scenario on one target: a pure function from (target, scenario, memory) to an observation in the fixed
 * binary layout. It puts the caller's side in place, lets the machine run, and answers what the machine cannot:
 * TDCALL, external symbols, interrupts.
 */
import { highHalf, joinHalves, lowHalf, readHalves } from '../halves.js';
import type { CompiledContract } from '../contract/compiled.js';
import { SHADOW_SPACE } from '../contract/compiled.js';
import { PERCPU_BASE } from '../image/per-cpu.js';
import { symbolAt } from '../image/symbols.js';
import type { Image } from '../image/image.js';
import { BLOCK, END, FACT, MOMENT, VECTOR as VECTOR_STATE } from '../observation/layout.js';
import { parameterSlot, PLACE, type Scenario, SLOT } from '../scenario/layout.js';
import { TdcallWorld } from '../world/tdcall.js';
import { ENVIRONMENT, environmentName } from '../x86/environment.js';
import { EXIT, PAGE_FAULT, VECTOR } from '../x86/exit.js';
import { SLOT as STATE } from '../x86/layout.js';
import { Machine } from '../x86/machine.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { type ExternalEnd, mapWorld, memoryFor } from './map-world.js';
import { type NumericRegions, numericRegions, Placement } from './placement.js';
import { REGIONS } from './regions.js';
import { surveyAccesses } from './survey.js';

/** Instructions that a run may execute: the longest sound stub needs fewer than 100. */
export const INSTRUCTION_BUDGET = 2048;

/** Bytes below RSP that an interrupt handler is taken to overwrite. */
const HANDLER_FRAME = 256;
const PERCPU_LOW = lowHalf(PERCPU_BASE);
const PERCPU_HIGH = highHalf(PERCPU_BASE);
const RSP = REGISTER_INDEX.rsp;
/** RFLAGS: bit 1 is always 1; DF and TF are 0 at every call (System V and Microsoft x64 ABI). */
const RFLAGS_ALWAYS = 0x2;
const RFLAGS_CALLER = 0x00244ad5 | 0x200;

export interface Code {
  image: Image;
  /** The function's name in the image. */
  symbol: string;
  /** Address of the function's first instruction. */
  entry: bigint;
}

/** Told of every step when a run is traced. */
export interface Stepper {
  /** Before the instruction at RIP is executed. */
  before(machine: Machine): void;
  /** After it, and after the world answered if it asked; `written` = registers that the world wrote. */
  after(machine: Machine, worldWrote: number): void;
}

export class Harness {
  readonly machine: Machine;
  /** Why the last run has no verdict: an instruction, symbol or environment call that nothing models. */
  problem = '';
  /** Low half of RIP where the planned interrupt of the last run was delivered, 0 if it was not. */
  interruptedAt = 0;
  /** Name of the external at which the last run ended because nothing models it, or empty. */
  private unmodelled = '';
  private readonly world: TdcallWorld;
  private readonly placement: Placement;
  private readonly regions: readonly [NumericRegions, NumericRegions];
  private readonly entryLow: number;
  private readonly entryHigh: number;
  /** External index -> what reaching it means. */
  private readonly externals: readonly ExternalEnd[];
  private readonly readOnlyCode: ReadonlySet<number>;
  private readonly pointerSlot: number;
  private readonly pointerRegister: number;
  private readonly fieldOffsets: Int32Array;
  private readonly shadow: number;

  constructor(
    private readonly code: Code,
    private readonly compiled: CompiledContract,
  ) {
    this.machine = new Machine({ memoryBytes: memoryFor(code.image) });
    const world = mapWorld(this.machine, code);
    this.externals = world.ends;
    this.readOnlyCode = world.readOnlyCode;
    this.machine.checkpoint();
    this.world = new TdcallWorld();
    this.placement = new Placement(compiled);
    this.regions = [numericRegions(REGIONS[0]), numericRegions(REGIONS[1])];
    this.entryLow = lowHalf(code.entry);
    this.entryHigh = highHalf(code.entry);
    const place = compiled.blockParameter?.place;
    this.pointerSlot = place === undefined ? -1 : parameterSlot(place);
    this.pointerRegister = place !== undefined && 'register' in place ? REGISTER_INDEX[place.register] : -1;
    this.fieldOffsets = Int32Array.from(compiled.fields, ({ offset }) => offset);
    this.shadow = SHADOW_SPACE[compiled.contract.convention];
  }

  /**
   * @param memory 0, or 1 for companion G
   * @param observation filled in, 2 * OBSERVATION_SLOTS halves
   * @param stepper makes the run stop at every instruction: slow, for traces
   */
  run(scenario: Scenario, memory: 0 | 1, observation: Int32Array, stepper?: Stepper): void {
    this.attempt(scenario, memory, observation, stepper);
    if (this.unmodelled === '') return;
    // All that is left of the way to an external is its own address: what went there is found by stepping.
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
    this.enter(scenario, memory, observation);
    this.world.begin(scenario);
    machine.planInterrupt(planned(scenario[2 * SLOT.faultKind]), scenario[2 * SLOT.faultAt] & 0xffff);
    this.execute(scenario, observation, stepper);
    this.conclude(scenario, memory, observation);
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
    this.placement.place(scenario, this.regions[memory]);
  }

  /** Address of a field of the argument block, by the present placement. */
  fieldAddress(field: string): bigint {
    const offset = this.fieldOffsets[this.compiled.fieldIndex.get(field) ?? 0];
    const address = joinHalves(this.placement.blockLow, this.placement.blockHigh);
    return address + BigInt(offset);
  }

  private enter(scenario: Scenario, memory: 0 | 1, observation: Int32Array): void {
    const { machine, placement } = this;
    const { state } = machine;
    const regions = this.regions[memory];
    placement.place(scenario, regions);
    for (let register = 0; register < 16; register++) {
      const slot = SLOT.entry[register];
      if (slot < 0) continue;
      state[2 * register] = scenario[2 * slot];
      state[2 * register + 1] = scenario[2 * slot + 1];
    }
    state[2 * RSP] = placement.stackLow;
    state[2 * RSP + 1] = placement.stackHigh;
    state[2 * STATE.RIP] = this.entryLow;
    state[2 * STATE.RIP + 1] = this.entryHigh;
    state[2 * STATE.RFLAGS] = (scenario[2 * SLOT.entryFlags] & RFLAGS_CALLER) | RFLAGS_ALWAYS;
    state[2 * STATE.FS_BASE] = state[2 * STATE.GS_BASE] = PERCPU_LOW;
    state[2 * STATE.FS_BASE + 1] = state[2 * STATE.GS_BASE + 1] = PERCPU_HIGH;
    enterVectorState(state, memory);
    machine.poke64(placement.stackLow, placement.stackHigh, regions.returnLow, regions.returnHigh);
    for (let index = 0; index < 4; index++) {
      const slot = 2 * (SLOT.entryStack + index);
      const address = placement.stackLow + 8 + this.shadow + 8 * index;
      machine.poke64(address, placement.stackHigh, scenario[slot], scenario[slot + 1]);
    }
    if (this.pointerSlot >= 0) this.enterBlock(scenario);
    observation.set(state.subarray(0, 36), 2 * MOMENT.initial);
    observation.set(state.subarray(2 * STATE.MXCSR, 2 * STATE.MXCSR + 4), 2 * VECTOR_STATE.initial);
    observation.set(state.subarray(2 * STATE.XMM, 2 * STATE.XMM + 64), 2 * VECTOR_STATE.initial + 4);
    this.readBlock(observation, BLOCK.initial);
    observation[2 * FACT.returnAddress] = regions.returnLow;
    observation[2 * FACT.returnAddress + 1] = regions.returnHigh;
  }

  private enterBlock(scenario: Scenario): void {
    const { machine, placement } = this;
    if (this.pointerRegister >= 0) {
      machine.state[2 * this.pointerRegister] = placement.blockLow;
      machine.state[2 * this.pointerRegister + 1] = placement.blockHigh;
    } else {
      const address = placement.stackLow + 8 + this.shadow + 8 * (this.pointerSlot - SLOT.entryStack);
      machine.poke64(address, placement.stackHigh, placement.blockLow, placement.blockHigh);
    }
    if (!placement.blockMapped) return;
    for (let field = 0; field < this.fieldOffsets.length; field++) {
      const slot = 2 * (SLOT.blockField + field);
      const address = (placement.blockLow + this.fieldOffsets[field]) | 0;
      // The second half of a partly mapped block is nowhere.
      if (machine.peek64(address, placement.blockHigh))
        machine.poke64(address, placement.blockHigh, scenario[slot], scenario[slot + 1]);
    }
  }

  private readBlock(observation: Int32Array, first: number): void {
    const { machine, placement } = this;
    if (this.pointerSlot < 0 || !placement.blockMapped) return;
    for (let field = 0; field < this.fieldOffsets.length; field++) {
      const address = (placement.blockLow + this.fieldOffsets[field]) | 0;
      if (!machine.peek64(address, placement.blockHigh)) continue;
      observation[2 * (first + field)] = machine.peekLow;
      observation[2 * (first + field) + 1] = machine.peekHigh;
    }
  }

  private execute(scenario: Scenario, observation: Int32Array, stepper: Stepper | undefined): void {
    const { machine } = this;
    for (;;) {
      const executed = machine.instructionCount;
      const left = INSTRUCTION_BUDGET - executed;
      stepper?.before(machine);
      const exit = machine.run(stepper === undefined ? left : Math.min(1, left));
      switch (exit) {
        case EXIT.External:
          if (this.external(observation)) return;
          break;
        case EXIT.Environment:
          if (machine.exitDetail !== ENVIRONMENT.Tdcall) {
            this.problem = `${environmentName(machine.exitDetail)} at ${this.where(readHalves(machine.state, 2 * STATE.RIP))} is not part of the contract ${this.compiled.id}`;
            return end(observation, END.unknown, 0);
          }
          this.world.answer(scenario, machine, observation);
          machine.completeEnvironment();
          this.world.record(machine, observation);
          break;
        case EXIT.Interrupt:
          // It comes at the boundary behind the instruction of this step, and is a step of its own.
          if (stepper !== undefined && machine.instructionCount !== executed) {
            stepper.after(machine, 0);
            stepper.before(machine);
          }
          this.handleInterrupt(scenario, observation);
          break;
        case EXIT.Fault:
          return this.fault(observation);
        case EXIT.Unknown:
          this.problem = `unknown instruction ${machine.unknownText}, ${this.where(readHalves(machine.state, 2 * STATE.RIP))}`;
          return end(observation, END.unknown, 0);
        case EXIT.Budget:
          if (machine.instructionCount >= INSTRUCTION_BUDGET) return end(observation, END.budget, 0);
          break;
      }
      stepper?.after(machine, exit === EXIT.Environment ? this.world.wrote : 0);
    }
  }

  /** @returns whether the run is over */
  private external(observation: Int32Array): boolean {
    const { name, end: kind } = this.externals[this.machine.exitDetail];
    if (kind === END.unknown) this.unmodelled = name;
    end(observation, kind, this.machine.exitDetail);
    return true;
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
      if (!machine.peek64(address, stackHigh)) return;
      machine.poke64(address, stackHigh, scenario[2 * SLOT.faultValue], scenario[2 * SLOT.faultValue + 1]);
    }
  }

  private fault(observation: Int32Array): void {
    const { machine, placement } = this;
    const vector = machine.exitDetail;
    if (vector === VECTOR.UD || vector === VECTOR.BP) return end(observation, END.trapped, vector);
    if (vector === VECTOR.PF && this.writesCode()) {
      this.problem = `${this.where(readHalves(machine.state, 2 * STATE.RIP))} writes to code that the image maps writable and executable: self-modifying code is not modelled`;
      return end(observation, END.unknown, 0);
    }
    end(observation, END.faulted, vector);
    observation[2 * FACT.faultAddress] = machine.faultAddressLow;
    observation[2 * FACT.faultAddress + 1] = machine.faultAddressHigh;
    if (vector !== VECTOR.PF) return;
    const offset = (machine.faultAddressLow - placement.blockLow) >>> 0;
    const size = this.compiled.contract.block?.size ?? 0;
    if (machine.faultAddressHigh === placement.blockHigh && offset < size) observation[2 * FACT.faultOnBlock] = 1;
  }

  /** Whether the page fault is a write to a page that the image, but not the machine, lets be written. */
  private writesCode(): boolean {
    const { machine, readOnlyCode } = this;
    if (readOnlyCode.size === 0 || (machine.faultErrorCode & PAGE_FAULT.W) === 0) return false;
    const { faultAddressLow: low, faultAddressHigh: high } = machine;
    return readOnlyCode.has(((low >>> 12) | (high << 20)) >>> 0);
  }

  private conclude(scenario: Scenario, memory: 0 | 1, observation: Int32Array): void {
    const { machine } = this;
    const { state } = machine;
    observation.set(state.subarray(0, 36), 2 * MOMENT.final);
    observation.set(state.subarray(2 * STATE.MXCSR, 2 * STATE.MXCSR + 4), 2 * VECTOR_STATE.final);
    observation.set(state.subarray(2 * STATE.XMM, 2 * STATE.XMM + 64), 2 * VECTOR_STATE.final + 4);
    this.readBlock(observation, BLOCK.final);
    observation[2 * FACT.instructions] = machine.instructionCount;
    observation[2 * FACT.path] = machine.pathHashLow;
    observation[2 * FACT.path + 1] = machine.pathHashHigh;
    observation[2 * FACT.addresses] = machine.addressHashLow;
    observation[2 * FACT.addresses + 1] = machine.addressHashHigh;
    if (memory === 0)
      surveyAccesses(machine, this.placement, this.regions[0], this.writableBlock(scenario), this.shadow, observation);
  }

  /** Bytes of the block that the function may write to: none where the caller gave none. */
  private writableBlock(scenario: Scenario): number {
    const place = scenario[2 * SLOT.blockPlace];
    return place === PLACE.unmapped || place === PLACE.null ? 0 : (this.compiled.contract.block?.size ?? 0);
  }

  private where(address: bigint): string {
    const found = symbolAt(this.code.image, address);
    return found === undefined ? `0x${address.toString(16)}` : `${found.symbol.name}+0x${found.offset.toString(16)}`;
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

/** MXCSR and x87 control as after reset of the FPU by the ABI (psABI 3.2.3); XMM holds graffiti of its own. */
function enterVectorState(state: Int32Array, memory: 0 | 1): void {
  state[2 * STATE.MXCSR] = 0x1f80;
  state[2 * STATE.X87_CW] = 0x037f;
  for (let word = 0; word < 64; word++) state[2 * STATE.XMM + word] = (0x33300000 | word) ^ -memory;
}
