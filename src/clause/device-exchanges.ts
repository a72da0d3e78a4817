/** The exchanges of a round trip with devices, and their values. */
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
