/** Which rule of a leaf a record stands on: that it succeeds, or that it fails. */
import { GPR } from '../abi/registers.js';
import type { VectorFields } from './vector-fields.js';

function leafRule(leaf: number, succeeds: boolean): string {
  return `leaf ${leaf} ${succeeds ? 'succeeds' : 'fails'}`;
}

/** Both rules of every leaf. */
export function leafRulesOf(leaves: Iterable<number>): string[] {
  return [...leaves].flatMap((leaf) => [leafRule(leaf, true), leafRule(leaf, false)]);
}

/** @param registers the field that holds them after the call; absent where it did not return */
export function standOnLeaf(fields: VectorFields, leaf: number, registers: 'guest_out' | 'host_out'): void {
  if (!fields.has(registers)) return;
  // Bit 63 of RAX is the error.
  fields.stand(leafRule(leaf, fields.registers(registers)[2 * GPR.RAX + 1] >>> 31 === 0));
}
