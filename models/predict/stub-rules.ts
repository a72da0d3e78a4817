/** What holds for every stub, whatever it wraps: the registers at the call, the block, and the stack at the return. */
import { highHalf, lowHalf } from '../../src/halves.js';
import type { BlockField } from '../../src/contract/compiled-blocks.js';
import type { CompiledContract } from '../../src/contract/compiled.js';
import type { Source } from '../../src/contract/contract.js';
import { BLOCK, END, MOMENT } from '../../src/observation/layout.js';
import { parameterSlot } from '../../src/scenario/layout.js';
import { REGISTER_INDEX, type RegisterName } from '../../src/x86/registers.js';
import type { Guard, Origin, PredictionRule } from './rule.js';

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
    const field = 'field' in source ? compiled.fields[compiled.fieldIndex.get(source.field) ?? 0] : undefined;
    const when: Guard[] = field === undefined ? [] : [{ kind: 'block-given', block: field.block }];
    return [{ slot: MOMENT.call + REGISTER_INDEX[name], when, value: origin }];
  });
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
  const parameter = contract.parameters.find(({ name }) => name === source.parameter);
  if (parameter === undefined) return undefined;
  const narrow = narrowParameters.find((one) => one.parameter === parameter);
  const width = narrow && { bytes: narrow.bytes, signed: narrow.signed };
  return { from: 'scenario', slot: parameterSlot(parameter.place), ...width };
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
function writesOutputs({ contract, flagBits }: CompiledContract): Guard[] {
  let bits = 0;
  for (const condition of contract.outputs.when)
    if (typeof condition === 'object') bits |= flagBits.get(condition.flag) ?? 0;
  const { when } = contract.outputs;
  const needsSuccess = when.includes('status-success') || contract.onFailure === 'stops';
  return [
    ...(bits === 0 ? [] : [{ kind: 'flags', bits, set: true } as const]),
    ...(needsSuccess ? [SUCCEEDED] : []),
    ...(when.includes('r10-success') ? [{ kind: 'zero', slot: RESULT, is: true } as const] : []),
  ];
}
