/** The world's answer as WebAssembly reproduces what the module itself answered, and what the model answers to anything. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { GPR } from '../../models/abi/registers.js';
import { TDCALL_LEAVES } from '../../models/abi/tdcall-leaves.js';
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { leafOf, rejectRax } from '../../models/module/dispatch.js';
import { MODULE_1_5_01, type ModuleModel } from '../../models/module/model.js';
import { transferRule, type TransferRule } from '../../models/module/transfer-rule.js';
import { checkVectors } from '../../models/module/vectors.js';
import { VectorFields } from '../../models/vectors/vector-fields.js';
import { readVectorFile } from '../../models/vectors/vector-file.js';
import { ENTRY_TO_TD } from '../../models/vectors/vector-outcomes.js';
import { Random } from '../bench/random.js';
import { createObservation, FACT, MOMENT } from '../observation/layout.js';
import { packageRoot } from '../package-info.js';
import { createScenario, SLOT } from '../scenario/layout.js';
import { i32 } from '../wasm/code.js';
import { createLinearMemory, instantiateFunctions } from '../wasm/host.js';
import { ModuleBuilder } from '../wasm/module.js';
import { TdcallWorld } from '../world/tdcall.js';
import { layoutFor } from '../x86/layout.js';
import { Machine } from '../x86/machine.js';
import { type AnswerInput, answerTdcall } from './emit-answer.js';

const RULES = [true, false].map((noRbpMod) => transferRule({ ...REFERENCE_CONFIGURATION, noRbpMod }));
const VECTORS = (kind: string): string => join(packageRoot(), `corpus/vectors/module-1.5.01-${kind}.jsonl.gz`);

/** The generated function, on a memory of its own. */
class Answer {
  /** Calls that it left to the reference. */
  givenUp = 0;
  readonly scenario: Int32Array;
  readonly observation: Int32Array;
  readonly registers: Int32Array;
  private readonly run: (scenario: number, observation: number) => number;

  constructor(rules: readonly TransferRule[] = RULES) {
    const layout = layoutFor(4096, 16);
    const scenarioAt = layout.totalBytes;
    const observationAt = scenarioAt + 4096;
    const memory = createLinearMemory(observationAt + 8192);
    const module = new ModuleBuilder(memory.pages);
    const input: AnswerInput = {
      layout,
      rules: [rules[0], rules[1]],
      usualMask: USUAL_MASK,
      eventStart: observationAt + 8184,
      entryFlags: scenarioAt + 8 * SLOT.entryFlags,
    };
    module.function('run', 2, (scope) => {
      const [scenario, observation] = scope.parameters;
      return [answerTdcall(scope, input, scenario, observation, true), i32.const(0)];
    });
    const { run } = instantiateFunctions(module.encode(), memory, {});
    this.run = () => (run as (a: number, b: number) => number)(scenarioAt, observationAt);
    this.scenario = new Int32Array(memory.buffer, scenarioAt, createScenario().length);
    this.observation = new Int32Array(memory.buffer, observationAt, createObservation().length);
    this.registers = new Int32Array(memory.buffer, layout.slots, 32);
  }

  /** @returns false if it was left to the reference */
  answer(guest: Int32Array, answers: Int32Array, status: readonly [number, number], noRbpMod: boolean): boolean {
    const { scenario, registers } = this;
    this.observation.fill(0);
    scenario.fill(0);
    registers.set(guest);
    for (let register = 0; register < 16; register++) {
      const slot = SLOT.answer[register];
      if (slot >= 0) scenario.set(answers.subarray(2 * register, 2 * register + 2), 2 * slot);
    }
    scenario.set(status, 2 * SLOT.answerStatus);
    scenario[2 * SLOT.rbpMod] = noRbpMod ? 0 : 1;
    const done = this.run(0, 0) === 0;
    if (!done) this.givenUp++;
    return done;
  }

  get exited(): boolean {
    return this.observation[2 * FACT.hostExits] === 1;
  }
}

/** R10 to R15: some vectors have this mask, most another. */
const USUAL_MASK = 0xfc00;

const NOTHING = new Int32Array(32);

/** The module model with the generated answer in the place of every rule that it implements. */
function generatedModel(answer: Answer): ModuleModel {
  const guest = new Int32Array(32);
  return {
    ...MODULE_1_5_01,
    rejectRax: (_, low, high) => {
      guest.fill(0);
      guest.set([low, high]);
      // A mask that is always refused: leaf 0 then says so itself.
      guest[2 * GPR.RCX] = 2;
      answer.answer(guest, NOTHING, [0, 0], true);
      const [rule] = RULES;
      return answer.registers[0] === rule.refusedRax[0] && answer.registers[1] === rule.refusedRax[1];
    },
    vmcallMaskIsLegal: ({ noRbpMod }, low, high) => {
      guest.fill(0);
      guest[2 * GPR.RCX] = low;
      guest[2 * GPR.RCX + 1] = high;
      return !answer.answer(guest, NOTHING, [0, 0], noRbpMod) || answer.exited;
    },
    vmcallReject: (before, out) => {
      answer.answer(before, NOTHING, [0, 0], true);
      out.set(answer.registers);
    },
    vmcallReturn: (before, xmm, host, hostXmm, out, xmmOut) => {
      MODULE_1_5_01.vmcallReturn(before, xmm, host, hostXmm, out, xmmOut);
      // Which RBP rule holds has been decided before: the more permissive one takes all legal masks.
      if (answer.answer(before, host, [0, 0], false)) out.set(answer.registers);
    },
  };
}

describe('the generated answer', () => {
  let answer: Answer;
  beforeAll(() => {
    answer = new Answer();
  });

  it('reproduces every TDVMCALL vector; masks with XMM registers are left to the reference', () => {
    const file = VECTORS('vmcall');
    const records = readVectorFile(file);
    answer.givenUp = 0;
    const report = checkVectors('vmcall', records, file, generatedModel(answer));
    expect(report.mismatches).toEqual([]);
    expect(report.matched).toBe(records.length);
    const withXmm = records.filter(({ line, value }) => {
      const fields = new VectorFields({ line, value }, file);
      return fields.registers('guest_in')[2 * GPR.RCX] >>> 16 !== 0 && fields.text('outcome') !== ENTRY_TO_TD;
    });
    expect(answer.givenUp).toBe(2 * withXmm.length);
    expect(records.length - withXmm.length).toBeGreaterThan(150);
  });

  it('reproduces every recorded leaf, given its status and the values that came back', () => {
    const file = VECTORS('tdcall');
    let compared = 0;
    for (const record of readVectorFile(file)) {
      const fields = new VectorFields(record, file);
      const guest = fields.registers('guest_in');
      const rejected = rejectRax(REFERENCE_CONFIGURATION, guest[0], guest[1]);
      if (fields.text('outcome') !== ENTRY_TO_TD || (leafOf(guest[0]) === 0 && !rejected)) continue;
      const out = fields.registers('guest_out');
      expect(answer.answer(guest, out, [out[0], out[1]], false)).toBe(true);
      expect([...answer.registers], `line ${record.line}`).toEqual([...out]);
      compared++;
    }
    expect(compared).toBeGreaterThan(60);
  });

  it('a wrong rule is seen', () => {
    const file = VECTORS('vmcall');
    const wrong = RULES.map((rule) => ({ ...rule, vmcallReservedLow: rule.vmcallReservedLow & ~2 }));
    const report = checkVectors('vmcall', readVectorFile(file), file, generatedModel(new Answer(wrong)));
    expect(report.mismatches.length).toBeGreaterThan(0);
  });

  it('equals what the reference world answers, for every leaf, random masks, statuses and versions', () => {
    const random = new Random();
    random.seed(1, 2, 3, 4);
    const machine = new Machine({ memoryBytes: 4096 });
    const world = new TdcallWorld();
    const leaves = TDCALL_LEAVES.map(({ leaf }) => leaf);
    const guest = new Int32Array(32);
    const answers = new Int32Array(32);
    let exits = 0;
    for (let round = 0; round < 20_000; round++) {
      for (let word = 0; word < 32; word++) {
        guest[word] = random.next();
        answers[word] = random.next();
      }
      const strange = random.chance(32) ? random.next() & 0xff0000 : 0;
      guest[0] = random.chance(128)
        ? 0
        : (random.chance(16) ? random.below(64) : leaves[random.below(leaves.length)]) | strange;
      guest[1] = random.chance(8) ? 1 : 0;
      if (random.chance(200)) guest[2 * GPR.RCX + 1] = 0;
      if (random.chance(200)) guest[2 * GPR.RCX] &= random.chance(128) ? 0xffcc : 0xffec;
      const status: [number, number] = random.chance(128)
        ? [0, 0]
        : [random.next(), random.chance(128) ? random.next() : 0xc0000b0a | 0];
      const noRbpMod = random.chance(128);
      if (!answer.answer(guest, answers, status, noRbpMod)) continue;
      machine.reset();
      machine.state.set(guest);
      const observation = createObservation();
      world.begin(answer.scenario.slice());
      world.answer(answer.scenario.slice(), machine, observation);
      expect([...answer.registers]).toEqual([...machine.state.subarray(0, 32)]);
      for (const fact of [FACT.calls, FACT.hostExits, FACT.answered, FACT.stiBeforeCall])
        expect(answer.observation[2 * fact], `fact ${fact}`).toBe(observation[2 * fact]);
      const call = 2 * MOMENT.call;
      expect([...answer.observation.subarray(call, call + 32)]).toEqual([...observation.subarray(call, call + 32)]);
      exits += observation[2 * FACT.hostExits];
    }
    expect(exits).toBeGreaterThan(1000);
  });
});
