/** The exchanges of a round trip with devices, and their values. */
import { PT_REGS_NAMES } from '../../models/abi/linux-structs.js';
import { agrees, type ExchangeClause, happens } from './exchange-clause.js';

const VALUES: Readonly<Record<string, readonly string[]>> = {
  'port read': ['port', 'size'],
  'port write': ['port', 'size', 'data'],
  'MMIO read': ['gpa', 'size'],
  'MMIO write': ['gpa', 'size', 'data'],
  CPUID: ['function', 'index'],
  'KVM hypercall': ['number', 'a0', 'a1', 'a2', 'a3'],
  'map GPA': ['gpa', 'pages', 'private'],
  halt: ['blocked'],
};

/** Every device sees exactly what the reference says, and exactly then. */
export function devicesSee(): ExchangeClause[] {
  return Object.entries(VALUES).flatMap(([moment, names]) => [
    happens(moment),
    ...names.map((name) => agrees(moment, name)),
  ]);
}

/** The guest comes back with the right number and the right saved registers. */
export function guestGets(about: 'result' | 'failure'): ExchangeClause[] {
  return ['rax', ...PT_REGS_NAMES.map((name) => `regs.${name}`)].map((name) => agrees('return', name, about));
}
