/** Companions made in bulk and one by one are the same, bit for bit: two readers of one rule. */
import { describe, expect, it } from 'vitest';
import { STATUS_CODES } from '../../models/abi/status-codes.js';
import { lowHalf, highHalf } from '../halves.js';
import { drawScenarios } from '../scenario/batch.js';
import { changeGuestSecrets, changeHostValues } from '../scenario/companion.js';
import { SCENARIO_BYTES } from '../scenario/draw-code.js';
import {
  createScenario,
  readSlot,
  type Scenario,
  scenarioSlot,
  SLOT,
  SLOT_NAMES,
  writeSlot,
} from '../scenario/layout.js';
import type { ScenarioSpace } from '../scenario/space.js';
import { CONTRACT_IDS, spaceOf } from '../scenario/spaces.test.helper.js';
import { i32 } from '../wasm/code.js';
import { createLinearMemory, instantiateFunctions } from '../wasm/host.js';
import { ModuleBuilder } from '../wasm/module.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { guestCompanion, guestMasks, hostCompanion, hostMasks } from './emit-companion.js';

const [FROM, TO, GUEST_MASKS, HOST_MASKS] = [0, 1, 2, 3].map((part) => part * SCENARIO_BYTES);
const ALL = 0xffffffff_ffffffffn;

/** The generated companions of one contract. */
class Generated {
  private readonly guest: (exposed: number) => number;
  private readonly host: () => number;
  private readonly from: Int32Array;
  private readonly to: Int32Array;

  constructor(space: ScenarioSpace) {
    const memory = createLinearMemory(4 * SCENARIO_BYTES);
    const module = new ModuleBuilder(memory.pages);
    module.function('guest', 1, (scope) => [
      guestCompanion(scope, space, FROM, TO, GUEST_MASKS, scope.parameters[0].get),
      i32.const(0),
    ]);
    module.function('host', 0, (scope) => [hostCompanion(scope, space, FROM, TO, HOST_MASKS), i32.const(0)]);
    const functions = instantiateFunctions(module.encode(), memory, {});
    this.guest = functions.guest as (exposed: number) => number;
    this.host = functions.host as () => number;
    const words = createScenario().length;
    this.from = new Int32Array(memory.buffer, FROM, words);
    this.to = new Int32Array(memory.buffer, TO, words);
    for (const [at, masks] of [
      [GUEST_MASKS, guestMasks(space)],
      [HOST_MASKS, hostMasks()],
    ] as const)
      new Int32Array(memory.buffer, at, masks.length).set(masks);
  }

  /** What the caller chose: up to the answers. */
  guestOf(scenario: Scenario, exposed: number): Int32Array {
    this.from.set(scenario);
    this.guest(exposed);
    return this.to.slice(0, 2 * SLOT.answerStatus);
  }

  /** What the world answers. */
  hostOf(scenario: Scenario): Int32Array {
    this.from.set(scenario);
    this.host();
    return this.to.slice(2 * SLOT.answerStatus);
  }
}

/** Compares every companion of a scenario; `exposed` are masks that the host may have seen. */
function expectSame(space: ScenarioSpace, generated: Generated, scenario: Scenario, exposed: readonly number[]): void {
  const companion = createScenario();
  for (const mask of exposed) {
    changeGuestSecrets(scenario, space, mask, companion);
    expectEqual(generated.guestOf(scenario, mask), companion.slice(0, 2 * SLOT.answerStatus));
  }
  changeHostValues(scenario, space, companion);
  expectEqual(generated.hostOf(scenario), companion.slice(2 * SLOT.answerStatus));
}

function expectEqual(lane: Int32Array, reference: Int32Array): void {
  // A deep comparison of the thousands of them takes a minute.
  if (Buffer.compare(Buffer.from(lane.buffer), Buffer.from(reference.buffer)) !== 0) expect(lane).toEqual(reference);
}

const MASKS = [0, 0xfc00, 0xffcc, 0x7c00, 0x0c00, 0xfcc8, 0x0020];
const R10 = scenarioSlot('answer.r10');
const KEY = scenarioSlot('companion.key');
const RFC = spaceOf('linux-rfc-2021/__tdx_hypercall');

/** The same contract, if it named more results than 0. */
const named = (...values: bigint[]): ScenarioSpace => ({
  ...RFC,
  compiled: {
    ...RFC.compiled,
    namedValues: RFC.compiled.namedValues.map((_, register) =>
      register !== REGISTER_INDEX.r10
        ? []
        : values.map((value) => ({ low: lowHalf(value), high: highHalf(value), maskLow: -1, maskHigh: -1 })),
    ),
  },
});

describe('companions in bulk are those of the reference', () => {
  it.each(CONTRACT_IDS.filter((id) => spaceOf(id).compiled.forBulk))('%s', (id) => {
    const space = spaceOf(id);
    const generated = new Generated(space);
    for (const scenario of [space.neutral, ...drawScenarios(space, [5, 6, 7, 8], 200)])
      expectSame(space, generated, scenario, MASKS);
  });

  it.each([
    ['0', named(0n)],
    ['0, RETRY and INVALID_OPERAND', named(0n, 1n, 1n << 63n)],
    ['neighbours of the complement of all ones', named(0n, 1n, 2n, ALL)],
  ])('where the contract names %s', (_, space) => {
    const generated = new Generated(space);
    const named = space.compiled.namedValues[REGISTER_INDEX.r10];
    const statuses = [0n, 1n, 2n, 1n << 63n, (1n << 63n) | 1n, ...STATUS_CODES.map(({ value }) => value)];
    const values = [...statuses, ...statuses.map((value) => value ^ ALL)];
    const isNamed = (value: bigint): boolean =>
      named.some(({ low, high }) => low === lowHalf(value) && high === highHalf(value));
    const companion = createScenario();
    for (const value of values)
      for (const key of [0n, 1n, 2n, 0x1234_5678n]) {
        const scenario = space.neutral.slice();
        writeSlot(scenario, R10, value);
        writeSlot(scenario, KEY, key);
        expectSame(space, generated, scenario, [0xfc00]);
        changeHostValues(scenario, space, companion);
        const changed = readSlot(companion, R10);
        const name = `${SLOT_NAMES[R10]} ${value.toString(16)} with key ${key}`;
        expect(isNamed(changed), name).toBe(isNamed(value));
        expect(changed === value, name).toBe(isNamed(value));
      }
  });
});
