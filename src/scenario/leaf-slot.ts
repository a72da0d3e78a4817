import type { CompiledContract } from '../contract/compiled.js';
import { parameterSlot, SLOT } from './layout.js';

/** The scenario slot from which RAX, the leaf, is loaded; -1 when the leaf is the function's own. */
export function leafSlot({ contract, leafField }: CompiledContract): number {
  if (leafField >= 0) return SLOT.blockField + leafField;
  const source = contract.inputs.rax;
  if (source === undefined || !('parameter' in source)) return -1;
  const parameter = contract.parameters.find(({ name }) => name === source.parameter);
  return parameter === undefined ? -1 : parameterSlot(parameter.place);
}
