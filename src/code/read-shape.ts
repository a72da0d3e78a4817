/** Reads the shape of a function off its code. */
import type { Image } from '../image/image.js';
import { findFunction } from '../image/symbols.js';
import { functionExtent } from '../stage/functions.js';
import { CONVENTIONS, firstOnStack } from '../x86/conventions.js';
import { REGISTER_NAMES, type RegisterName } from '../x86/registers.js';
import type {
  Block,
  CodeShape,
  Outcome,
  ParameterValue,
  ReadField,
  ReadParameter,
  WrappedSite,
  WrittenField,
} from './code-shape.js';
import type { Condition, Store } from './state.js';
import { baseOf, type FieldValue, isUnknown, parameterOf, type Value, valuesIn } from './value.js';
import { type Way, waysThrough } from './ways.js';

/** EX_TYPE_FAULT (src/stage/fixups.ts). */
const FAULT_FIXUP = 2;

/** @throws ImageError if the image has no such function */
export function readShape(image: Image, symbol: string): CodeShape {
  const { address, size } = functionExtent(image, findFunction(image, symbol));
  const { ways, gap } = waysThrough(image, address);
  const outcomes = ways.map(outcomeOf);
  const read = parametersOf(outcomes);
  const convention = conventionOf(read);
  const parameters = read.filter((parameter) => mayBeParameter(parameter, convention));
  return {
    symbol,
    address,
    size,
    convention,
    sites: sitesOf(image, outcomes, address, size),
    inputs: inputsOf(outcomes),
    parameters,
    blocks: blocksOf(outcomes),
    outcomes,
    ...(gap !== undefined && { gap }),
  };
}

function outcomeOf({ end, detail, state }: Way): Outcome {
  const { conditions, calls, stores, registers, stis, usesRedZone } = state;
  return { end, ...(detail !== undefined && { detail }), conditions, calls, stores, registers, stis, usesRedZone };
}

function distinct<T>(values: readonly T[], keyOf: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [keyOf(value), value])).values()];
}

function sitesOf({ fixups }: Image, outcomes: readonly Outcome[], entry: bigint, size: number): WrappedSite[] {
  const calls = distinct(
    outcomes.flatMap((outcome) => outcome.calls),
    ({ address }) => String(address),
  );
  return calls
    .sort((a, b) => (a.address < b.address ? -1 : 1))
    .map(({ address, instruction }) => {
      const fixup = fixups.find(({ from }) => from === address);
      return {
        address,
        instruction,
        isOwn: address >= entry && address < entry + BigInt(size),
        ...(fixup && { fixup: { to: fixup.to, givesTrapNumber: fixup.type === FAULT_FIXUP } }),
      };
    });
}

function inputsOf(outcomes: readonly Outcome[]): CodeShape['inputs'] {
  const first = outcomes.flatMap(({ calls }) => calls.slice(0, 1));
  return Object.fromEntries(
    REGISTER_NAMES.map((name, index) => [
      name,
      distinct(
        first.map(({ registers }) => registers[index]),
        ({ key }) => key,
      ),
    ]),
  ) as Record<RegisterName, Value[]>;
}

/** What is done with parameters, piece by piece. */
interface Use {
  parameter: ParameterValue;
  bits: ReadParameter['bits'];
  isPointer?: true;
  isComparedWithZero?: true;
  testedBits?: bigint;
  goesTo?: RegisterName;
}

function parametersOf(outcomes: readonly Outcome[]): ReadParameter[] {
  const byKey = new Map<string, Use[]>();
  for (const use of outcomes.flatMap(usesIn)) {
    const uses = byKey.get(use.parameter.key);
    if (uses === undefined) byKey.set(use.parameter.key, [use]);
    else uses.push(use);
  }
  return [...byKey.values()].map(parameterFrom).sort(byPlace);
}

function parameterFrom(uses: readonly Use[]): ReadParameter {
  const value = uses[0].parameter;
  const goesTo = [...new Set(uses.flatMap((use) => use.goesTo ?? []))];
  const testedBits = [...new Set(uses.flatMap((use) => use.testedBits ?? []))].sort((a, b) => (a < b ? -1 : 1));
  const isElsewhere = uses.some((use) => value.kind === 'incoming' || use.goesTo !== value.register);
  return {
    value,
    bits: Math.max(...uses.map(({ bits }) => bits)) as ReadParameter['bits'],
    isPointer: uses.some(({ isPointer }) => isPointer),
    isComparedWithZero: uses.some(({ isComparedWithZero }) => isComparedWithZero),
    testedBits,
    goesTo,
    isUntouched: !isElsewhere,
  };
}

function byPlace({ value: a }: ReadParameter, { value: b }: ReadParameter): number {
  if (a.kind === 'incoming' && b.kind === 'incoming') return a.offset - b.offset;
  if (a.kind !== b.kind) return a.kind === 'entry' ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}

function usesIn({ conditions, calls, stores, registers, end }: Outcome): Use[] {
  const returned = end === 'returns' ? usesOf(registers[0]) : [];
  return [
    ...conditions.flatMap(usesInCondition),
    ...stores.flatMap(({ base, value }) => [...usesAsAddress(base), ...usesOf(value)]),
    ...calls.slice(0, 1).flatMap(({ registers: before }) => before.flatMap(usesAtCall)),
    ...returned.filter(({ parameter }) => parameter.key !== 'rax'),
  ];
}

function usesInCondition({ value, mask, relation }: Condition): Use[] {
  const parameter = parameterOf(value);
  if (parameter === undefined) return usesOf(value);
  const bits = widthOf(mask);
  if (relation !== 'zero' && relation !== 'not-zero') return [{ parameter, bits }];
  // All bits from the lowest on are the parameter as a whole, or its low part.
  const isWhole = mask === (1n << BigInt(bits)) - 1n;
  return isWhole ? [{ parameter, bits, isComparedWithZero: true }] : [{ parameter, bits, testedBits: mask }];
}

function widthOf(mask: bigint): ReadParameter['bits'] {
  return mask >> 32n !== 0n ? 64 : mask >> 16n !== 0n ? 32 : mask >> 8n !== 0n ? 16 : 8;
}

/** A register at the call: what it holds, whole or in part, and what it was loaded through. */
function usesAtCall(value: Value, index: number): Use[] {
  const parameter = parameterOf(value);
  const register = REGISTER_NAMES[index];
  if (parameter === undefined)
    return usesOf(value)
      .map((use) => ({ ...use, goesTo: register }) satisfies Use)
      .map(withoutPointer);
  return [{ parameter, bits: value.kind === 'part' ? value.bits : 64, goesTo: register }];
}

/** What was loaded through a pointer does not hold the pointer. */
function withoutPointer(use: Use): Use {
  if (use.isPointer === undefined) return use;
  const { goesTo: _, ...rest } = use;
  return rest;
}

function usesAsAddress(base: Value): Use[] {
  const parameter = parameterOf(base);
  return parameter === undefined ? usesOf(base) : [{ parameter, bits: 64, isPointer: true }];
}

/** Parameters in a value, as pointers where something was loaded through them. */
function usesOf(value: Value): Use[] {
  const pointers = valuesIn(value).flatMap((inner) => (inner.kind === 'field' ? usesAsAddress(inner.base) : []));
  if (pointers.length > 0) return pointers;
  const parameter = parameterOf(value);
  if (parameter !== undefined) return [{ parameter, bits: value.kind === 'part' ? value.bits : 64 }];
  if (value.kind === 'computed') return value.operands.flatMap(usesOf);
  if (value.kind === 'pointer') return usesOf(value.base);
  return value.kind === 'part' ? usesOf(value.of) : [];
}

/** Registers that were not touched say nothing; RDI and RSI are parameters of System V alone, RCX without them of Microsoft x64. */
function conventionOf(parameters: readonly ReadParameter[]): CodeShape['convention'] {
  const used = parameters.filter(({ isUntouched }) => !isUntouched).map(({ value }) => value);
  const registers = used.flatMap((value) => (value.kind === 'entry' ? [value.register] : []));
  const isStack = (offset: number): boolean =>
    used.some((value) => value.kind === 'incoming' && value.offset === offset);
  if (registers.includes('rdi') || registers.includes('rsi')) return 'sysv';
  if (registers.includes('rcx') || isStack(firstOnStack('ms-x64'))) return 'ms-x64';
  return undefined;
}

/** A register that was not touched is a parameter only where the convention hands over one in it. */
function mayBeParameter({ value, isUntouched }: ReadParameter, convention: CodeShape['convention']): boolean {
  if (!isUntouched || value.kind === 'incoming') return true;
  return CONVENTIONS[convention ?? 'sysv'].parameters.includes(value.register);
}

function blocksOf(outcomes: readonly Outcome[]): Block[] {
  const fields = outcomes.flatMap(({ calls, conditions, stores }) => [
    ...calls
      .slice(0, 1)
      .flatMap(({ registers }) => registers.flatMap((value, index) => fieldsIn(value, REGISTER_NAMES[index]))),
    ...conditions.flatMap(({ value }) => fieldsIn(value)),
    ...stores.flatMap(({ value }) => fieldsIn(value)),
  ]);
  const stores = outcomes.flatMap((outcome) => outcome.stores);
  const parameters = distinct(
    [...fields.map(({ field }) => field.base), ...stores.map(({ base }) => base)].flatMap(
      (base) => parameterOf(base) ?? [],
    ),
    ({ key }) => key,
  );
  return parameters.map((parameter) => blockBehind(parameter, fields, stores));
}

interface FieldUse {
  field: FieldValue;
  register?: RegisterName;
}

function fieldsIn(value: Value, register?: RegisterName): FieldUse[] {
  return valuesIn(value).flatMap((inner) =>
    inner.kind === 'field' ? [{ field: inner, ...(register && { register }) }] : [],
  );
}

function blockBehind(parameter: ParameterValue, fields: readonly FieldUse[], stores: readonly Store[]): Block {
  const here = fields.filter(({ field }) => field.base.key === parameter.key);
  const reads = distinct(here, ({ field }) => `${field.offset}:${field.bytes}`).map(
    ({ field: { offset, bytes } }): ReadField => ({
      offset,
      bytes,
      goesTo: [...new Set(here.flatMap((use) => (use.field.offset === offset ? (use.register ?? []) : [])))],
    }),
  );
  const written = stores.filter(({ base }) => base.key === parameter.key);
  const writes = writtenFields(written.filter(({ after }) => after > 0));
  const prepares = writtenFields(written.filter(({ after }) => after === 0));
  const ends = [...reads, ...writes, ...prepares].map(({ offset, bytes }) => offset + bytes);
  const byOffset = (a: { offset: number }, b: { offset: number }): number => a.offset - b.offset;
  return {
    parameter,
    reads: reads.sort(byOffset),
    writes: writes.sort(byOffset),
    prepares: prepares.sort(byOffset),
    size: Math.max(0, ...ends),
  };
}

function writtenFields(stores: readonly Store[]): WrittenField[] {
  return distinct(stores, ({ offset, bytes, value }) => `${offset}:${bytes} ${value.key}`).map(
    ({ offset, bytes, value }) => ({
      offset,
      bytes,
      value,
      register: value.kind === 'answer' ? value.register : undefined,
    }),
  );
}

/** Whether nothing is known of a value, so that it may be any other. */
export function isOpen(value: Value): boolean {
  return valuesIn(value).some(isUnknown) || baseOf(value).base.kind === 'computed';
}
