/** Where the blocks of a scenario lie, as far as it can be told without addresses. */
import type { CompiledContract } from '../contract/compiled.js';
import { ALIASED, PLACE, placeIsSound, type Scenario, placeSlots } from './layout.js';

/** The place of a block, that of the block whose place it shares if it does. */
export function placeOf(scenario: Scenario, { blocks }: Pick<CompiledContract, 'blocks'>, block: number): number {
  const place = scenario[2 * placeSlots(block).place];
  const { alias } = blocks[block];
  return place === ALIASED && alias >= 0 ? placeOf(scenario, { blocks }, alias) : place;
}

/** Whether a block is readable, writable and apart from the stack that the function may use. */
export function isSound(scenario: Scenario, compiled: Pick<CompiledContract, 'blocks'>, block: number): boolean {
  return placeIsSound(placeOf(scenario, compiled, block));
}

export function isNull(scenario: Scenario, compiled: Pick<CompiledContract, 'blocks'>, block: number): boolean {
  return placeOf(scenario, compiled, block) === PLACE.null;
}

/** Whether the caller gave what it owes: sound blocks, or NULL where that is legal. */
export function callerKept(scenario: Scenario, compiled: Pick<CompiledContract, 'blocks'>): boolean {
  for (const { index, parameter } of compiled.blocks)
    if (!isSound(scenario, compiled, index) && !(parameter.nullable && isNull(scenario, compiled, index))) return false;
  return true;
}

/** Whether any block lies where the function's own frame will be. */
export function overlapsStack(scenario: Scenario, compiled: Pick<CompiledContract, 'blocks'>): boolean {
  for (const { index } of compiled.blocks) if (placeOf(scenario, compiled, index) === PLACE.overlapsStack) return true;
  return false;
}

/** Whether a block shares its place with another. */
export function isAliased(scenario: Scenario, { blocks }: Pick<CompiledContract, 'blocks'>, block: number): boolean {
  for (const { index, alias } of blocks)
    if (alias >= 0 && scenario[2 * placeSlots(index).place] === ALIASED && (index === block || alias === block))
      return true;
  return false;
}
