/** Evaluates prediction rules over the binary observation: made once per target, called for every case without allocating. */
import type { CompiledContract } from '../../src/contract/compiled.js';
import { joinHalves, highHalf, lowHalf, readHalves } from '../../src/halves.js';
import { FACT } from '../../src/observation/layout.js';
import { isAliased, isNull, isSound } from '../../src/scenario/blocks.js';
import { parameterSlot, type Scenario } from '../../src/scenario/layout.js';
import type { Prediction } from './prediction.js';
import type { Computed, Guard, Origin, PredictionRule, Width } from './rule.js';

type Holds = (scenario: Scenario, observation: Int32Array) => boolean;

interface CompiledRule {
  slot: number;
  holds: readonly Holds[];
  value: Origin;
}

export class Predictor {
  private readonly rules: readonly CompiledRule[];

  constructor(rules: readonly PredictionRule[], compiled: CompiledContract) {
    const flags = compiled.flagsParameter === undefined ? -1 : parameterSlot(compiled.flagsParameter.place);
    this.rules = rules.map(({ slot, when, value }) => ({
      slot,
      holds: when.map((guard) => compileGuard(guard, flags, compiled)),
      value,
    }));
  }

  /** Fills `prediction` for one run. Register values come as they were before the first instruction. */
  predict(scenario: Scenario, observation: Int32Array, prediction: Prediction): void {
    prediction.known.fill(0);
    for (const { slot, holds, value } of this.rules) {
      if (holdsAll(holds, scenario, observation)) know(prediction, slot, value, scenario, observation);
    }
  }
}

function holdsAll(holds: readonly Holds[], scenario: Scenario, observation: Int32Array): boolean {
  for (const guard of holds) if (!guard(scenario, observation)) return false;
  return true;
}

/** @param flags scenario slot of the flags argument, or -1 */
function compileGuard(guard: Guard, flags: number, compiled: CompiledContract): Holds {
  switch (guard.kind) {
    case 'ended':
      return (_, observation) => ((guard.as >>> observation[2 * FACT.end]) & 1) === 1;
    case 'called':
      return (_, observation) => observation[2 * FACT.calls] > 0;
    case 'zero':
      return (_, observation) =>
        (observation[2 * guard.slot] === 0 && observation[2 * guard.slot + 1] === 0) === guard.is;
    case 'outcome':
      return (_, observation) => observation[2 * FACT.calls] > 0 && observation[2 * FACT.outcome] === guard.is;
    case 'flags':
      return (scenario) => (flags >= 0 && (scenario[2 * flags] & guard.bits) === guard.bits) === guard.set;
    case 'block-given':
      return (scenario) => isSound(scenario, compiled, guard.block);
    case 'value': {
      const { slot, mask, is } = guard;
      const values = new Set(guard.values.map((value) => value & mask));
      return (_, observation) => values.has(readHalves(observation, 2 * slot) & mask) === is;
    }
    case 'argument': {
      const { slot, bits, zero } = guard;
      return (scenario) => ((readHalves(scenario, 2 * slot) & bits) === 0n) === zero;
    }
    case 'null':
      return (scenario) => isNull(scenario, compiled, guard.block) === guard.is;
    case 'aliased':
      return (scenario) => isAliased(scenario, compiled, guard.block) === guard.is;
    case 'not-all': {
      const inner = guard.of.map((one) => compileGuard(one, flags, compiled));
      return (scenario, observation) => !holdsAll(inner, scenario, observation);
    }
  }
}

function know(
  { values, known }: Prediction,
  slot: number,
  value: Origin,
  scenario: Scenario,
  observation: Int32Array,
): void {
  known[slot] = 1;
  if (value.from === 'constant') {
    values[2 * slot] = value.low;
    values[2 * slot + 1] = value.high;
    return;
  }
  if (value.from === 'computed') {
    const result = compute(value.by, scenario, observation);
    values[2 * slot] = lowHalf(result);
    values[2 * slot + 1] = highHalf(result);
    return;
  }
  const from = value.from === 'scenario' ? scenario : observation;
  let low = from[2 * value.slot];
  let high = from[2 * value.slot + 1];
  if (value.from === 'observation') {
    if (value.plus !== undefined) {
      low = (low + value.plus) | 0;
      if (low >>> 0 < value.plus) high = (high + 1) | 0;
    }
    low |= value.or ?? 0;
    low &= ~(value.clear ?? 0);
  }
  values[2 * slot] = low;
  values[2 * slot + 1] = high;
  if (value.bytes !== undefined && value.bytes < 8) extend(values, 2 * slot, value);
}

/** Extends the lowest bytes of a value in place. */
function extend(values: Int32Array, at: number, { bytes = 8, signed = false }: Width): void {
  const shift = 32 - 8 * bytes;
  const low = values[at];
  values[at] = signed ? (low << shift) >> shift : (low << shift) >>> shift;
  values[at + 1] = signed ? values[at] >> 31 : 0;
}

const WORD = 64;

/** Unsigned. */
function compute(by: Computed, scenario: Scenario, observation: Int32Array): bigint {
  const valueOf = (one: Computed): bigint => compute(one, scenario, observation);
  const cut = (value: bigint): bigint => BigInt.asUintN(WORD, value);
  switch (by.op) {
    case 'value': {
      const { of } = by;
      if (of.from === 'constant') return joinHalves(of.low, of.high);
      const value = readHalves(of.from === 'scenario' ? scenario : observation, 2 * of.slot);
      const bits = 8 * (of.bytes ?? 8);
      return of.signed === true ? cut(BigInt.asIntN(bits, value)) : BigInt.asUintN(bits, value);
    }
    case 'or':
      return by.of.map(valueOf).reduce((all, value) => all | value);
    case 'and':
      return by.of.map(valueOf).reduce((all, value) => all & value);
    case 'add':
      return cut(by.of.map(valueOf).reduce((sum, value) => sum + value));
    case 'shl':
      return cut(valueOf(by.of) << by.bits);
    case 'shr':
      return valueOf(by.of) >> by.bits;
    case 'low':
      return BigInt.asUintN(Number(by.bits), valueOf(by.of));
    case 'signed':
      return cut(BigInt.asIntN(Number(by.bits), valueOf(by.of)));
  }
}
