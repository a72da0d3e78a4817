/** Runs made by hand, and what the model says of them. */
import { compileContract, type CompiledContract } from '../../src/contract/compiled.js';
import type { Contract } from '../../src/contract/contract.js';
import { builtInContract } from '../../src/contract/find-contract.js';
import {
  BLOCK,
  createObservation,
  END,
  type EndName,
  FACT,
  FIRST_ANSWER,
  type Moment,
  type ObservedRegister,
  registerSlot,
} from '../../src/observation/layout.js';
import { createScenario, PLACE, type PlaceName, readSlot, scenarioSlot, writeSlot } from '../../src/scenario/layout.js';
import { REGISTER_NAMES, type RegisterName } from '../../src/x86/registers.js';
import { createPrediction } from './prediction.js';
import { Predictor } from './predictor.js';
import { stubRules } from './stub.js';

/** A run of one stub, made by hand; what is not stated is graffiti. */
export class Run {
  readonly compiled: CompiledContract;
  private readonly scenario = createScenario();
  private readonly observation = createObservation();

  constructor(id: string, change: Partial<Contract> = {}) {
    const { set, contract } = builtInContract(id);
    this.compiled = compileContract({ ...contract, ...change }, set.name);
    for (let slot = 0; slot < this.observation.length / 2; slot++)
      writeSlot(this.observation, slot, 0xbad0_0000_bad0_0000n + BigInt(slot));
    this.entry('rflags', 2n).fact('calls', 0).fact('outcome', 0).ended('returned').place('valid');
    this.compiled.fields.forEach((_, field) => this.field(field, 0xf1e1d000n + BigInt(field)));
    this.answer('rsp', 0n).initial('rsp', 0xffff8000_00001000n).initial('rflags', 2n);
  }
  private put(slot: number, value: bigint): this {
    writeSlot(this.observation, slot, value);
    return this;
  }
  private register(moment: Moment, name: ObservedRegister, value: bigint): this {
    return this.put(registerSlot(moment, name), value);
  }
  initial(name: ObservedRegister, value: bigint): this {
    return this.register('initial', name, value);
  }
  /** What came back behind the instruction; the call was made. */
  answer(name: RegisterName, value: bigint): this {
    return this.register('answer', name, value).fact('calls', name === 'rsp' ? 0 : 1);
  }
  /** What came back behind the first call of a function that tries again. */
  first(name: RegisterName, value: bigint): this {
    return this.put(FIRST_ANSWER + REGISTER_NAMES.indexOf(name), value);
  }
  field(index: number, value: bigint): this {
    return this.put(BLOCK.initial + index, value);
  }
  fact(name: keyof typeof FACT, value: number): this {
    return this.put(FACT[name], BigInt(value));
  }
  ended(name: EndName): this {
    return this.fact('end', END[name]);
  }
  /** An entry register or stack parameter of the scenario. */
  entry(name: string, value: bigint): this {
    writeSlot(this.scenario, scenarioSlot(`entry.${name}`), value);
    return this;
  }
  place(name: PlaceName): this {
    writeSlot(this.scenario, scenarioSlot('block.place'), BigInt(PLACE[name]));
    return this;
  }
  /** What the model says of a fact. */
  predictFact(name: keyof typeof FACT): bigint | undefined {
    const prediction = createPrediction();
    new Predictor(stubRules(this.compiled), this.compiled).predict(this.scenario, this.observation, prediction);
    return prediction.known[FACT[name]] === 1 ? readSlot(prediction.values, FACT[name]) : undefined;
  }
  /** Everything that the model says. */
  predict(): {
    call: Record<string, bigint>;
    /** RFLAGS at the first call. */
    flagsAtCall: bigint | undefined;
    final: Record<string, bigint>;
    block: Record<string, bigint>;
    other: number;
  } {
    const prediction = createPrediction();
    // Whatever an earlier case left behind must not show.
    prediction.known.fill(1);
    new Predictor(stubRules(this.compiled), this.compiled).predict(this.scenario, this.observation, prediction);
    let left = prediction.known.filter((known) => known === 1).length;
    const known = (names: readonly ObservedRegister[], moment: Moment): Record<string, bigint> => {
      const slots = names.map((name) => [name, registerSlot(moment, name)] as const);
      return pick(slots);
    };
    const pick = (slots: readonly (readonly [string, number])[]): Record<string, bigint> => {
      const found = slots.filter(([, slot]) => prediction.known[slot] === 1);
      left -= found.length;
      return Object.fromEntries(found.map(([name, slot]) => [name, readSlot(prediction.values, slot)]));
    };
    return {
      call: known(REGISTER_NAMES, 'call'),
      flagsAtCall: known(['rflags'], 'call').rflags,
      final: known([...REGISTER_NAMES, 'rflags', 'rip'], 'final'),
      block: pick(this.compiled.fields.map(({ name }, index) => [name, BLOCK.final + index] as const)),
      other: left,
    };
  }
}

/** The value that `Run` gives field number `index` of the block at the entry. */
export const given = (index: number): bigint => 0xf1e1d000n + BigInt(index);
export const HIGH = 0x1_00000000n;
/** RSP at the return: 8 above the entry. */
export const BALANCED = { rsp: 0xffff8000_00001008n };
