/** What of the code a register at the wrapped instruction, or a place in memory, holds: constant, parameter or field. */
import type { ParameterValue } from '../code/code-shape.js';
import { type FieldValue, parameterOf, type Value } from '../code/value.js';

/** A plain source of a value: what a contract can name as one. */
export type Piece =
  | { readonly kind: 'constant'; readonly value: bigint }
  | { readonly kind: 'parameter'; readonly parameter: ParameterValue; readonly bytes: Bytes; readonly signed: boolean }
  | {
      readonly kind: 'field';
      readonly parameter: ParameterValue;
      readonly offset: number;
      readonly bytes: Bytes;
      readonly signed: boolean;
    };

export type Bytes = 1 | 2 | 4 | 8;

const SIGNED = /^sign(8|16|32)$/;

/** @returns undefined for what is computed, stale or not known */
export function pieceOf(value: Value): Piece | undefined {
  if (value.kind === 'constant') return { kind: 'constant', value: value.value };
  if (value.kind === 'computed') return signedPiece(value);
  if (value.kind === 'part') {
    const inner = pieceOf(value.of);
    if (inner === undefined || inner.kind === 'constant' || inner.signed) return undefined;
    return { ...inner, bytes: Math.min(inner.bytes, value.bits / 8) as Bytes };
  }
  if (value.kind === 'field') return fieldPiece(value);
  const parameter = parameterOf(value);
  return parameter && { kind: 'parameter', parameter, bytes: 8, signed: false };
}

/** Sign-extended to 64 bits: a part of which says how wide it was. */
function signedPiece({ operation, operands }: Extract<Value, { kind: 'computed' }>): Piece | undefined {
  const bits = SIGNED.exec(operation)?.[1];
  if (bits === undefined || operands.length !== 1) return undefined;
  const inner = pieceOf(operands[0]);
  if (inner === undefined || inner.kind === 'constant' || inner.signed) return undefined;
  const bytes = (Number(bits) / 8) as Bytes;
  return { ...inner, bytes: Math.min(inner.bytes, bytes) as Bytes, signed: true };
}

function fieldPiece({ base, offset, bytes }: FieldValue): Piece | undefined {
  const parameter = parameterOf(base);
  if (parameter === undefined || base.kind === 'part') return undefined;
  return { kind: 'field', parameter, offset, bytes: bytes as Bytes, signed: false };
}

/** The register whose answer a value is, and how many of its bytes; undefined if it is anything else. */
export function answerOf(
  value: Value,
): { register: Extract<Value, { kind: 'answer' }>['register']; bytes: Bytes } | undefined {
  if (value.kind === 'answer') return value.call === 0 ? { register: value.register, bytes: 8 } : undefined;
  if (value.kind !== 'part') return undefined;
  const inner = answerOf(value.of);
  return inner && { register: inner.register, bytes: Math.min(inner.bytes, value.bits / 8) as Bytes };
}

/** Operations that contracts have words for. */
const OPERATIONS = new Set(['or', 'and', 'add', 'shl', 'shr', 'indexed']);

/** Whether a contract can say where a value comes from. */
export function isSource(value: Value): boolean {
  if (pieceOf(value) !== undefined) return true;
  if (value.kind === 'part') return isSource(value.of);
  if (value.kind === 'pointer') return parameterOf(value.base) !== undefined;
  if (value.kind !== 'computed') return false;
  if (SIGNED.test(value.operation)) return value.operands.length === 1 && isSource(value.operands[0]);
  return OPERATIONS.has(value.operation) && value.operands.length >= 2 && value.operands.every(isSource);
}

/** Every plain source in a value that a contract can name. */
export function piecesIn(value: Value): Piece[] {
  const piece = pieceOf(value);
  if (piece !== undefined) return [piece];
  if (value.kind === 'part') return piecesIn(value.of);
  if (value.kind === 'pointer') return piecesIn(value.base);
  return value.kind === 'computed' ? value.operands.flatMap(piecesIn) : [];
}
