import type { CompiledContract } from '../contract/compiled.js';
import type { Source } from '../contract/flow-words.js';
import { LEAF_DRAWS } from './draw-constants.js';
import { fieldSlot, parameterSlot } from './layout.js';

/** RAX bits 63:24, of which none may be set in a call for a leaf (docs/abi/tdcall.md#rax-layout, docs/abi/seamcall.md#rax-layout). */
const RESERVED_LOW = 0xff000000;

/** The scenario slot from which RAX, the leaf, is loaded; -1 when the leaf is the function's own. */
export function leafSlot({ contract, leafField }: CompiledContract): number {
  if (leafField >= 0) return fieldSlot(leafField);
  const { rax } = contract.inputs;
  const source = rax && leafIn(rax);
  if (source === undefined || !('parameter' in source)) return -1;
  const parameter = contract.parameters.find(({ name }) => name === source.parameter);
  return parameter === undefined ? -1 : parameterSlot(parameter.place);
}

/** Bytes of the parameter or field that is the leaf. */
export function leafBytes({ leafField, fields, leafParameter }: CompiledContract): number {
  return leafField >= 0 ? fields[leafField].bytes : (leafParameter?.bytes ?? 8);
}

/** The bits of the slot's low half that are the leaf's. */
export function leafMask(compiled: CompiledContract): number {
  const bytes = leafBytes(compiled);
  return bytes >= 4 ? -1 : (1 << (8 * bytes)) - 1;
}

/**
 * Whether a function may be called with this value of RAX: an allowed leaf, or something that the module refuses. A leaf
 * that it has, and that the function may not be called with, is the caller's breach.
 */
export function leafIsFair(compiled: CompiledContract, low: number, high: number): boolean {
  const { contract } = compiled;
  if ((leafBytes(compiled) === 8 && high !== 0) || (low & RESERVED_LOW) !== 0) return true;
  const leaf = low & 0xffff;
  return contract.leaves.includes(leaf) || !LEAF_DRAWS[contract.instruction].known.has(leaf);
}

/** The parameter or field from which RAX is computed, constants left out: validation says that there is one. */
function leafIn(source: Source): Source | undefined {
  if ('constant' in source) return undefined;
  if ('parameter' in source || 'field' in source) return source;
  const operands = Object.values(source).flatMap((one) => (typeof one === 'object' ? one : []));
  return operands.map((operand) => leafIn(operand)).find((found) => found !== undefined);
}
