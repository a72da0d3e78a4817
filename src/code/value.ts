/**
 * What a register or a place in memory holds, said in terms of what the function was given: a constant, a parameter, a field
 * behind a pointer, what the wrapped instruction answered, or something computed from these.
 */
import { REGISTER_NAMES, type RegisterName } from '../x86/registers.js';

interface Keyed {
  /** Equal values have equal keys. Also the text for people: `rdi`, `[rdi+0x10]`, `0xffcc`, `answer r10`. */
  readonly key: string;
}

/** What a general register held when the function was entered. */
export interface EntryValue extends Keyed {
  readonly kind: 'entry';
  readonly register: RegisterName;
}

/** Eight bytes of the caller's frame: stack parameters, shadow space. */
export interface IncomingValue extends Keyed {
  readonly kind: 'incoming';
  /** Bytes from RSP at the entry, where the return address lies: 8 or more. */
  readonly offset: number;
}

/** An address in the function's own frame, or the caller's. */
export interface FrameAddress extends Keyed {
  readonly kind: 'frame';
  /** Bytes from RSP at the entry. */
  readonly offset: number;
}

export interface Constant extends Keyed {
  readonly kind: 'constant';
  /** 64 bits, unsigned. */
  readonly value: bigint;
}

/** What memory behind a pointer held when it was read: as at the entry, for nothing was known to be stored there. */
export interface FieldValue extends Keyed {
  readonly kind: 'field';
  readonly base: Value;
  /** Bytes, may be negative. */
  readonly offset: number;
  /** 1, 2, 4 or 8. Narrower ones are zero-extended. */
  readonly bytes: number;
}

/** An address that lies a constant distance from another value. */
export interface PointerValue extends Keyed {
  readonly kind: 'pointer';
  readonly base: Value;
  readonly offset: number;
}

/** What the wrapped instruction left in a register that it may change. */
export interface AnswerValue extends Keyed {
  readonly kind: 'answer';
  readonly register: RegisterName;
  /** Which of the wrapped instructions on the way: 0 is the first. */
  readonly call: number;
  /** What the register held before. The leaf decides whether it is still there, unless `certain`. */
  readonly before: Value;
  /** Whether the leaf and the exposure mask are known, so that the register is one that the other side chose. */
  readonly certain: boolean;
}

/** The low bits of another value, zero-extended. */
export interface PartValue extends Keyed {
  readonly kind: 'part';
  readonly of: Value;
  readonly bits: 8 | 16 | 32;
}

/** Anything else: `operation` is the instruction's name, or `call NAME` for the result of a function that was not followed. */
export interface ComputedValue extends Keyed {
  readonly kind: 'computed';
  readonly operation: string;
  readonly operands: readonly Value[];
}

export type Value =
  | EntryValue
  | IncomingValue
  | FrameAddress
  | Constant
  | FieldValue
  | PointerValue
  | AnswerValue
  | PartValue
  | ComputedValue;

/** A longer text is nothing that a person reads, nor that two functions have in common. */
const LONGEST_KEY = 160;

const hexOf = (value: bigint): string => `0x${value.toString(16)}`;

function distance(offset: number): string {
  return offset === 0 ? '' : offset < 0 ? `-${hexOf(BigInt(-offset))}` : `+${hexOf(BigInt(offset))}`;
}

export function entryValue(register: RegisterName): EntryValue {
  return { kind: 'entry', register, key: register };
}

export function incoming(offset: number): IncomingValue {
  return { kind: 'incoming', offset, key: `[rsp${distance(offset)}]` };
}

export function frameAddress(offset: number): FrameAddress {
  return { kind: 'frame', offset, key: `rsp${distance(offset)}` };
}

/** @param value is cut to 64 bits */
export function constant(value: bigint): Constant {
  const cut = BigInt.asUintN(64, value);
  return { kind: 'constant', value: cut, key: hexOf(cut) };
}

export function field(base: Value, offset: number, bytes: number): Value {
  const width = bytes === 8 ? '' : `:${8 * bytes}`;
  return bounded({ kind: 'field', base, offset, bytes, key: `[${base.key}${distance(offset)}]${width}` });
}

export function answer(register: RegisterName, call: number, before: Value, certain: boolean): AnswerValue {
  return { kind: 'answer', register, call, before, certain, key: `answer${call === 0 ? '' : call + 1} ${register}` };
}

export function computed(operation: string, operands: readonly Value[]): Value {
  return bounded({
    kind: 'computed',
    operation,
    operands,
    key: `${operation}(${operands.map(({ key }) => key).join(', ')})`,
  });
}

/** A value of which nothing is known; no other is equal to it. @param place where it came from, unlike any other */
export function unknown(place: string): Value {
  return { kind: 'computed', operation: 'unknown', operands: [], key: `unknown@${place}` };
}

export function isUnknown(value: Value): boolean {
  return value.kind === 'computed' && value.operation === 'unknown';
}

/** A base and a distance from it. */
export function offsetFrom(base: Value, offset: number): Value {
  if (offset === 0) return base;
  if (base.kind === 'constant') return constant(base.value + BigInt(offset));
  if (base.kind === 'frame') return frameAddress(base.offset + offset);
  if (base.kind === 'pointer') return offsetFrom(base.base, base.offset + offset);
  return bounded({ kind: 'pointer', base, offset, key: `${base.key}${distance(offset)}` });
}

/** The low bits, zero-extended. */
export function part(of: Value, bits: 8 | 16 | 32 | 64): Value {
  if (bits === 64) return of;
  if (of.kind === 'constant') return constant(BigInt.asUintN(bits, of.value));
  if (of.kind === 'part') return of.bits <= bits ? of : part(of.of, bits);
  if (of.kind === 'field' && 8 * of.bytes <= bits) return of;
  return bounded({ kind: 'part', of, bits, key: `${of.key}:${bits}` });
}

function bounded(value: Value): Value {
  return value.key.length > LONGEST_KEY ? unknown(value.key.slice(0, LONGEST_KEY)) : value;
}

/** A base without distance and cuts, and the distance from it. */
export function baseOf(value: Value): { base: Value; offset: number } {
  if (value.kind === 'pointer') return { base: value.base, offset: value.offset };
  return { base: value, offset: 0 };
}

/** The parameter that a value is, whole or in part: a register at the entry, or a place on the caller's stack. */
export function parameterOf(value: Value): EntryValue | IncomingValue | undefined {
  if (value.kind === 'entry' || value.kind === 'incoming') return value;
  return value.kind === 'part' ? parameterOf(value.of) : undefined;
}

/** Every value that a value is made of, itself included. */
export function valuesIn(value: Value): Value[] {
  switch (value.kind) {
    case 'field':
    case 'pointer':
      return [value, ...valuesIn(value.base)];
    case 'part':
      return [value, ...valuesIn(value.of)];
    case 'computed':
      return [value, ...value.operands.flatMap(valuesIn)];
    default:
      return [value];
  }
}

/** General registers at the entry, by hardware number. RSP is an address in the frame. */
export function entryRegisters(): Value[] {
  return REGISTER_NAMES.map((name) => (name === 'rsp' ? frameAddress(0) : entryValue(name)));
}
