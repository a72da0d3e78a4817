/** What holds for every stub, whatever it wraps: the registers at the call, the block, and the stack at the return. */
import { highHalf, lowHalf } from '../../src/halves.js';
import type { CompiledContract } from '../../src/contract/compiled.js';
import type { Condition, Source } from '../../src/contract/contract.js';
import { BLOCK, END, MOMENT } from '../../src/observation/layout.js';
import { parameterSlot, SLOT } from '../../src/scenario/layout.js';
import { REGISTER_INDEX, type RegisterName } from '../../src/x86/registers.js';
import { answerGuards } from './answer-guards.js';
import type { Computed, Guard, Origin, PredictionRule } from './rule.js';

/** RAX behind the instruction. */
export const STATUS = MOMENT.answer + REGISTER_INDEX.rax;
/** The run came back to its caller. */
export const RETURNED: Guard = { kind: 'ended', as: 1 << END.returned };
/** The status is 0. */
export const SUCCEEDED: Guard = { kind: 'zero', slot: STATUS, is: true };
const NOT_STOPPED: Guard = { kind: 'ended', as: ~((1 << END.trapped) | (1 << END.stopped)) };
const RESULT = MOMENT.answer + REGISTER_INDEX.r10;

/** The registers at the call. A block that the stub's own frame overwrites, or that is missing, determines nothing. */
export function callRules(compiled: CompiledContract): PredictionRule[] {
  return (Object.entries(compiled.contract.inputs) as [RegisterName, Source][]).flatMap(([name, source]) => {
    const origin = inputOrigin(compiled, source);
    if (origin === undefined) return [];
    const when: Guard[] = readsField(source) && compiled.blockParameter !== undefined ? [{ kind: 'block-given' }] : [];
    return [{ slot: MOMENT.call + REGISTER_INDEX[name], when, value: origin }];
  });
}

function readsField(source: Source): boolean {
  return 'field' in source || partsOf(source).some(readsField);
}

/** The operands of an operation. */
function partsOf(source: Source): readonly Source[] {
  if ('or' in source) return source.or;
  if ('and' in source) return source.and;
  if ('add' in source) return source.add;
  if ('shl' in source) return [source.shl];
  if ('shr' in source) return [source.shr];
  if ('low' in source) return [source.low];
  return 'signed' in source ? [source.signed] : [];
}

function inputOrigin(compiled: CompiledContract, source: Source): Origin | undefined {
  const { contract, fieldIndex } = compiled;
  if ('field' in source) {
    const field = fieldIndex.get(source.field);
    return field === undefined ? undefined : { from: 'observation', slot: BLOCK.initial + field };
  }
  if ('constant' in source) {
    const value = BigInt(source.constant);
    return { from: 'constant', low: lowHalf(value), high: highHalf(value) };
  }
  if ('parameter' in source) {
    const parameter = contract.parameters.find(({ name }) => name === source.parameter);
    return parameter === undefined ? undefined : { from: 'scenario', slot: parameterSlot(parameter.place) };
  }
  const by = computed(compiled, source);
  return by === undefined ? undefined : { from: 'computed', by };
}

/** Undefined where an operand is: validation refuses such contracts. */
function computed(compiled: CompiledContract, source: Source): Computed | undefined {
  const parts = partsOf(source);
  if (parts.length === 0) {
    const of = inputOrigin(compiled, source);
    return of === undefined || of.from === 'computed' ? undefined : { op: 'value', of };
  }
  const of = parts.map((part) => computed(compiled, part)).filter((part) => part !== undefined);
  if (of.length < parts.length) return undefined;
  if ('or' in source) return { op: 'or', of };
  if ('and' in source) return { op: 'and', of };
  if ('add' in source) return { op: 'add', of };
  if ('shl' in source) return { op: 'shl', of: of[0], bits: BigInt(source.by) };
  if ('shr' in source) return { op: 'shr', of: of[0], bits: BigInt(source.by) };
  if ('low' in source) return { op: 'low', of: of[0], bits: BigInt(source.bits) };
  return 'signed' in source ? { op: 'signed', of: of[0], bits: BigInt(source.bits) } : undefined;
}

/** RET pops the return address. */
export const RETURN_POPS: PredictionRule = {
  slot: MOMENT.final + REGISTER_INDEX.rsp,
  when: [RETURNED],
  value: { from: 'observation', slot: MOMENT.initial + REGISTER_INDEX.rsp, plus: 8 },
};

/**
 * The fields of the block. Whether a stub that was stopped or faulted half-way had stored already is open; that a failed
 * call of one that stops leaves the block alone is the contract (facts/linux.md 1.6).
 *
 * @param answered when there are outputs at all
 */
export function blockRules(compiled: CompiledContract, answered: Guard): PredictionRule[] {
  const { contract, fields } = compiled;
  const given: Guard[] = [{ kind: 'block-given' }, ...(contract.blockWhenStopped === 'any' ? [NOT_STOPPED] : [])];
  const written = [answered, ...writesOutputs(compiled)];
  return fields.flatMap(({ name }, field): PredictionRule[] => {
    const slot = BLOCK.final + field;
    const unchanged: Origin = { from: 'observation', slot: BLOCK.initial + field };
    const output = contract.outputs.fields[name];
    if (output === undefined) return [{ slot, when: given, value: unchanged }];
    const stored: Origin = { from: 'observation', slot: MOMENT.answer + REGISTER_INDEX[output] };
    return [
      { slot, when: [...given, { kind: 'not-all', of: written }], value: unchanged },
      { slot, when: [...given, RETURNED, ...written], value: stored },
    ];
  });
}

/** When the contract says that the outputs of an answered call are stored. */
function writesOutputs(compiled: CompiledContract): Guard[] {
  const { contract } = compiled;
  const { when } = contract.outputs;
  const needsSuccess = when.includes('status-success') || contract.onFailure === 'stops';
  // One guard for all flags, and the others behind it.
  const flags = when.filter((one) => typeof one === 'object' && 'flag' in one);
  const others = when.filter((one) => typeof one === 'object' && !('flag' in one));
  return [
    ...conditionGuards(compiled, flags),
    ...(needsSuccess ? [SUCCEEDED] : []),
    ...(when.includes('r10-success') ? [{ kind: 'zero', slot: RESULT, is: true } as const] : []),
    ...conditionGuards(compiled, others),
  ];
}

/** That all these conditions hold. */
export function conditionGuards({ contract, flagBits }: CompiledContract, conditions: readonly Condition[]): Guard[] {
  const bitsOf = (flag: string): number => flagBits.get(flag) ?? 0;
  const slotOf = (name: string): number => {
    const parameter = contract.parameters.find((one) => one.name === name);
    return parameter === undefined ? SLOT.entryStack : parameterSlot(parameter.place);
  };
  let bits = 0;
  const guards: Guard[] = [];
  for (const one of conditions) {
    if (one === 'block-given') guards.push({ kind: 'block-given' });
    else if (one === 'status-success') guards.push(SUCCEEDED);
    else if (one === 'r10-success') guards.push({ kind: 'zero', slot: RESULT, is: true });
    else if ('flag' in one) bits |= bitsOf(one.flag);
    else if ('clear' in one) guards.push({ kind: 'flags', bits: bitsOf(one.clear), set: false });
    else if ('nonzero' in one) guards.push({ kind: 'argument', slot: slotOf(one.nonzero), zero: false });
    else if ('zero' in one) guards.push({ kind: 'argument', slot: slotOf(one.zero), zero: true });
    else guards.push(...answerGuards(one, MOMENT.answer));
  }
  return bits === 0 ? guards : [{ kind: 'flags', bits, set: true }, ...guards];
}

/** A value of `returns` and of `returnsWhen`. */
export function resultOrigin(result: 'status' | 'r10' | { constant: string }): Origin {
  if (typeof result === 'object') {
    const value = BigInt(result.constant);
    return { from: 'constant', low: lowHalf(value), high: highHalf(value) };
  }
  return { from: 'observation', slot: result === 'status' ? STATUS : RESULT };
}

/**
 * RAX at the return under conditions, and what holds where none of them does: conditions are tried in their order.
 *
 * @param answered when there is a result at all
 */
export function resultRules(
  compiled: CompiledContract,
  answered: readonly Guard[],
): { rules: PredictionRule[]; otherwise: Guard[] } {
  const slot = MOMENT.final + REGISTER_INDEX.rax;
  const otherwise: Guard[] = [];
  const rules = (compiled.contract.returnsWhen ?? []).map(({ when, returns }): PredictionRule => {
    const holds = conditionGuards(compiled, when);
    const rule = { slot, when: [...answered, ...otherwise, ...holds], value: resultOrigin(returns) };
    otherwise.push({ kind: 'not-all', of: holds });
    return rule;
  });
  return { rules, otherwise };
}
