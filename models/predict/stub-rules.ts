/** What holds for every stub, whatever it wraps: the registers at the call, the block, and the stack at the return. */
import { highHalf, lowHalf } from '../../src/halves.js';
import type { BlockField } from '../../src/contract/compiled-blocks.js';
import type { CompiledContract } from '../../src/contract/compiled.js';
import type { Source } from '../../src/contract/contract.js';
import { BLOCK, END, MOMENT, RFLAGS_OFFSET } from '../../src/observation/layout.js';
import { parameterSlot } from '../../src/scenario/layout.js';
import { REGISTER_INDEX, type RegisterName } from '../../src/x86/registers.js';
import { conditionGuards } from './condition-guards.js';
import type { Computed, Guard, Origin, PredictionRule } from './rule.js';

/** RAX behind the instruction. */
export const STATUS = MOMENT.answer + REGISTER_INDEX.rax;
/** The run came back to its caller. */
export const RETURNED: Guard = { kind: 'ended', as: 1 << END.returned };
/** The status is 0. */
export const SUCCEEDED: Guard = { kind: 'zero', slot: STATUS, is: true };
/** The wrapped instruction was executed. */
export const CALLED: Guard = { kind: 'called' };
/** RFLAGS at the first call. */
export const AT_CALL = MOMENT.call + RFLAGS_OFFSET;
/** RFLAGS.IF (Intel SDM volume 1, 3.4.3). */
export const IF = 0x200;
const NOT_STOPPED: Guard = { kind: 'ended', as: ~((1 << END.trapped) | (1 << END.stopped)) };
const RESULT = MOMENT.answer + REGISTER_INDEX.r10;

/** The registers at the call. A block that the stub's own frame overwrites, or that is missing, determines nothing. */
export function callRules(compiled: CompiledContract): PredictionRule[] {
  return (Object.entries(compiled.contract.inputs) as [RegisterName, Source][]).flatMap(([name, source]) => {
    const origin = inputOrigin(compiled, source);
    if (origin === undefined) return [];
    const blocks = new Set(fieldsOf(source).map((name) => compiled.fields[compiled.fieldIndex.get(name) ?? 0].block));
    const when = [...blocks].map((block): Guard => ({ kind: 'block-given', block }));
    return [{ slot: MOMENT.call + REGISTER_INDEX[name], when, value: origin }];
  });
}

function fieldsOf(source: Source): string[] {
  return 'field' in source ? [source.field] : partsOf(source).flatMap(fieldsOf);
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
  const { contract, fieldIndex, fields, narrowParameters } = compiled;
  if ('field' in source) {
    const field = fieldIndex.get(source.field);
    if (field === undefined) return undefined;
    const { bytes, signed } = fields[field];
    return { from: 'observation', slot: BLOCK.initial + field, ...(bytes < 8 && { bytes, signed }) };
  }
  if ('constant' in source) {
    const value = BigInt(source.constant);
    return { from: 'constant', low: lowHalf(value), high: highHalf(value) };
  }
  if ('parameter' in source) {
    const parameter = contract.parameters.find(({ name }) => name === source.parameter);
    if (parameter === undefined) return undefined;
    const narrow = narrowParameters.find((one) => one.parameter === parameter);
    const width = narrow && { bytes: narrow.bytes, signed: narrow.signed };
    return { from: 'scenario', slot: parameterSlot(parameter.place), ...width };
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

/**
 * RFLAGS at the first call of a function without STI: as its caller had them. Where interrupts may be closed around the
 * instruction, IF is known only if they were closed before.
 */
export function flagsAtCall({ contract }: CompiledContract): PredictionRule[] {
  const slot = MOMENT.initial + RFLAGS_OFFSET;
  const wereClosed: Guard = { kind: 'value', slot, mask: BigInt(IF), values: [0n], is: true };
  const mayBeClosed = contract.interruptsAtCall === 'may-be-closed';
  return [
    { slot: AT_CALL, when: [CALLED, ...(mayBeClosed ? [wereClosed] : [])], value: { from: 'observation', slot } },
  ];
}

/** RET pops the return address. */
export const RETURN_POPS: PredictionRule = {
  slot: MOMENT.final + REGISTER_INDEX.rsp,
  when: [RETURNED],
  value: { from: 'observation', slot: MOMENT.initial + REGISTER_INDEX.rsp, plus: 8 },
};

/**
 * The fields of the block. Whether a stub that was stopped or faulted half-way had stored already is open; that a failed
 * call of one that stops leaves the block alone is the contract (docs/abi/linux-stubs.md#fair-scenarios).
 *
 * @param answered when there are outputs at all
 */
export function blockRules(compiled: CompiledContract, answered: Guard): PredictionRule[] {
  const { contract, fields } = compiled;
  const written = [answered, ...writesOutputs(compiled)];
  return fields.flatMap((shape, field): PredictionRule[] => {
    const { name, block, bytes, scratch } = shape;
    if (scratch) return [];
    const given: Guard[] = [
      { kind: 'block-given', block },
      ...(isOverwritten(compiled, shape) ? [{ kind: 'aliased', block, is: false } as const] : []),
      ...(contract.blockWhenStopped === 'any' ? [NOT_STOPPED] : []),
    ];
    const slot = BLOCK.final + field;
    const unchanged: Origin = { from: 'observation', slot: BLOCK.initial + field };
    const output = contract.outputs.fields[name];
    if (output === undefined) return [{ slot, when: given, value: unchanged }];
    const from = MOMENT.answer + REGISTER_INDEX[output];
    const stored: Origin = { from: 'observation', slot: from, ...(bytes < 8 && { bytes }) };
    return [
      { slot, when: [...given, { kind: 'not-all', of: written }], value: unchanged },
      { slot, when: [...given, RETURNED, ...written], value: stored },
    ];
  });
}

/** Whether something may be stored over a field where its block lies in the same place as another. */
function isOverwritten({ contract, blocks, fields }: CompiledContract, field: BlockField): boolean {
  const mayShare = (other: BlockField): boolean =>
    other.block !== field.block &&
    (blocks[other.block].alias === field.block || blocks[field.block].alias === other.block);
  return fields.some(
    (other) =>
      mayShare(other) &&
      (other.scratch || Object.hasOwn(contract.outputs.fields, other.name)) &&
      other.offset < field.offset + field.bytes &&
      field.offset < other.offset + other.bytes,
  );
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
