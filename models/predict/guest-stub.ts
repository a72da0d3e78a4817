/**
 * What a stub around TDCALL must have done, from its contract, the arguments it was given, and the answer that it got
 * (the registers recorded behind the instruction). This model says nothing of what the module may answer, and never
 * imports models/module: otherwise one wrong rule there would cancel itself out here.
 */
import { highHalf, lowHalf } from '../../src/halves.js';
import { BLOCK, END, FACT, MOMENT, RFLAGS_OFFSET } from '../../src/observation/layout.js';
import type { CompiledContract } from '../../src/contract/compiled.js';
import type { Contract, Source } from '../../src/contract/contract.js';
import { parameterSlot, placeIsSound, type Scenario, SLOT } from '../../src/scenario/layout.js';
import { REGISTER_INDEX, type RegisterName } from '../../src/x86/registers.js';
import type { Prediction } from './prediction.js';

/** RFLAGS.IF (Intel SDM volume 1, 3.4.3). */
const IF = 0x200;
const RAX = REGISTER_INDEX.rax;
const RSP = REGISTER_INDEX.rsp;
const R10 = REGISTER_INDEX.r10;

/** Computes predictions for one contract; made once per target, then called for every case without allocating. */
export class GuestStubPredictor {
  /** Register index -> where its value at the call comes from: a field (>= 0), a scenario slot (-2 - slot), a constant, or -1. */
  private readonly inputField = new Int16Array(16).fill(-1);
  private readonly inputSlot = new Int16Array(16).fill(-1);
  private readonly constants = new Int32Array(32);
  private readonly isConstant = new Uint8Array(16);
  /** Field index -> register that it receives, or -1. */
  private readonly outputRegister: Int8Array;
  private readonly outputFlag: number;
  private readonly needsStatusSuccess: boolean;
  private readonly needsR10Success: boolean;
  private readonly flagsSlot: number;
  private readonly stiBit: number;
  private readonly contract: Contract;

  constructor(private readonly compiled: CompiledContract) {
    const { contract } = compiled;
    this.contract = contract;
    for (const [name, source] of Object.entries(contract.inputs) as [RegisterName, Source][]) {
      this.setInput(REGISTER_INDEX[name], source);
    }
    this.outputRegister = Int8Array.from(compiled.fields, ({ name }) => {
      const register = contract.outputs.fields[name];
      return register === undefined ? -1 : REGISTER_INDEX[register];
    });
    let flag = 0;
    for (const condition of contract.outputs.when) {
      if (typeof condition === 'object') flag |= compiled.flagBits.get(condition.flag) ?? 0;
    }
    this.outputFlag = flag;
    this.needsStatusSuccess = contract.outputs.when.includes('status-success');
    this.needsR10Success = contract.outputs.when.includes('r10-success');
    this.flagsSlot = compiled.flagsParameter === undefined ? -1 : parameterSlot(compiled.flagsParameter.place);
    this.stiBit = contract.stiFlag === undefined ? 0 : (compiled.flagBits.get(contract.stiFlag) ?? 0);
  }

  private setInput(register: number, source: Source): void {
    if ('field' in source) {
      this.inputField[register] = this.compiled.fieldIndex.get(source.field) ?? -1;
    } else if ('constant' in source) {
      const value = BigInt(source.constant);
      this.constants[2 * register] = lowHalf(value);
      this.constants[2 * register + 1] = highHalf(value);
      this.isConstant[register] = 1;
    } else {
      const parameter = this.contract.parameters.find(({ name }) => name === source.parameter);
      if (parameter !== undefined) this.inputSlot[register] = parameterSlot(parameter.place);
    }
  }

  /** Fills `prediction` for one run. Register values come as they were before the first instruction. */
  predict(scenario: Scenario, observation: Int32Array, prediction: Prediction): void {
    prediction.known.fill(0);
    const place = scenario[2 * SLOT.blockPlace];
    // A block that the stub's own frame overwrites, or that is missing, determines nothing.
    const blockGiven = placeIsSound(place);
    this.predictCall(scenario, observation, prediction, blockGiven || this.compiled.blockParameter === undefined);
    if (observation[2 * FACT.end] === END.returned) this.predictReturn(scenario, observation, prediction);
    if (blockGiven) this.predictBlock(scenario, observation, prediction);
  }

  private predictCall(scenario: Scenario, observation: Int32Array, prediction: Prediction, blockKnown: boolean): void {
    for (let register = 0; register < 16; register++) {
      const slot = MOMENT.call + register;
      if (this.isConstant[register] === 1) {
        know(prediction, slot, this.constants, register);
      } else if (this.inputSlot[register] >= 0) {
        know(prediction, slot, scenario, this.inputSlot[register]);
      } else if (this.inputField[register] >= 0 && blockKnown) {
        know(prediction, slot, observation, BLOCK.initial + this.inputField[register]);
      }
    }
  }

  private predictReturn(scenario: Scenario, observation: Int32Array, prediction: Prediction): void {
    if (observation[2 * FACT.calls] > 0) {
      const status = MOMENT.answer + RAX;
      const failed = observation[2 * status] !== 0 || observation[2 * status + 1] !== 0;
      const fromR10 = this.contract.returns === 'r10' || (this.contract.returns === 'status-or-r10' && !failed);
      know(prediction, MOMENT.final + RAX, observation, fromR10 ? MOMENT.answer + R10 : status);
    }
    // RET pops the return address: RSP is 8 higher, with a carry into the high half.
    const low = (observation[2 * (MOMENT.initial + RSP)] + 8) | 0;
    const carry = low >>> 0 < 8 ? 1 : 0;
    prediction.values[2 * (MOMENT.final + RSP)] = low;
    prediction.values[2 * (MOMENT.final + RSP) + 1] = (observation[2 * (MOMENT.initial + RSP) + 1] + carry) | 0;
    prediction.known[MOMENT.final + RSP] = 1;
    const flags = MOMENT.final + RFLAGS_OFFSET;
    know(prediction, flags, observation, MOMENT.initial + RFLAGS_OFFSET);
    if (this.flag(scenario, this.stiBit)) prediction.values[2 * flags] |= IF;
  }

  private predictBlock(scenario: Scenario, observation: Int32Array, prediction: Prediction): void {
    const end = observation[2 * FACT.end];
    const stopped = end === END.trapped || end === END.stopped;
    if (stopped && this.contract.blockWhenStopped === 'any') return;
    const written = this.writesOutputs(scenario, observation);
    // Whether a stub that was stopped or faulted half-way had stored already is open; that a failed call of one that
    // stops leaves the block alone is the contract (facts/linux.md 1.6).
    const returned = observation[2 * FACT.end] === END.returned;
    for (let field = 0; field < this.outputRegister.length; field++) {
      const register = this.outputRegister[field];
      if (register < 0 || !written) know(prediction, BLOCK.final + field, observation, BLOCK.initial + field);
      else if (returned) know(prediction, BLOCK.final + field, observation, MOMENT.answer + register);
    }
  }

  private writesOutputs(scenario: Scenario, observation: Int32Array): boolean {
    if (observation[2 * FACT.calls] === 0) return false;
    if (this.outputFlag !== 0 && !this.flag(scenario, this.outputFlag)) return false;
    const status = MOMENT.answer + RAX;
    const failed = observation[2 * status] !== 0 || observation[2 * status + 1] !== 0;
    if (failed && (this.needsStatusSuccess || this.contract.onFailure === 'stops')) return false;
    const result = MOMENT.answer + R10;
    return !this.needsR10Success || (observation[2 * result] === 0 && observation[2 * result + 1] === 0);
  }

  private flag(scenario: Scenario, bits: number): boolean {
    return bits !== 0 && this.flagsSlot >= 0 && (scenario[2 * this.flagsSlot] & bits) === bits;
  }
}

/** The value of `slot` is the one that `from` has at `source`. */
function know(prediction: Prediction, slot: number, from: Int32Array, source: number): void {
  prediction.values[2 * slot] = from[2 * source];
  prediction.values[2 * slot + 1] = from[2 * source + 1];
  prediction.known[slot] = 1;
}
