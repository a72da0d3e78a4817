/** Values that rules about programs speak of together, and the clauses over them. */
import { EXPOSED_REGISTERS } from '../../models/abi/linux-constants.js';
import { PT_REGS_NAMES, VE_INFO } from '../../models/abi/linux-structs.js';
import { agrees, type ExchangeClause, happens } from './exchange-clause.js';

/** All that a TDVMCALL can show to the host, and RAX and RCX, which say what it is. */
const SHOWN = ['rax', 'rcx', ...EXPOSED_REGISTERS] as const;
/** What a leaf of the module takes. */
const TAKEN = ['rax', 'rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;
/** RIP is the business of advances-rip. */
const SAVED = PT_REGS_NAMES.filter((name) => name !== 'ip').map((name) => `regs.${name}`);
const RECORD = Object.keys(VE_INFO).map((name) => `ve.${name}`);

/** What a leaf takes through SEAMCALL, beside its number. */
const OPERANDS = SHOWN.filter((name) => name !== 'rax');
/** Where a leaf's outputs go: into a structure for them alone, or into the arguments. */
const OUTPUTS = ['out', 'args'].flatMap((structure) => OPERANDS.map((name) => `${structure}.${name}`));

function all(moment: string, names: readonly string[], about: string): ExchangeClause[] {
  return [happens(moment, about), ...names.map((name) => agrees(moment, name, about))];
}

/** The host is asked exactly what the reference asks, where it asks. */
export const asksHost = (about: string): ExchangeClause[] => all('TDVMCALL', SHOWN, about);

/** The module is asked exactly what the reference asks, where it asks. */
export const asksModule = (about: string): ExchangeClause[] => all('TDCALL', TAKEN, about);

/** The function returns where the reference does, and what it does. */
export const returnsResult = (about: string): ExchangeClause[] => all('return', ['rax'], about);

/** The registers that the exception saved, RIP apart, are as the reference leaves them. */
export const leavesSavedRegisters = (about: string): ExchangeClause[] =>
  SAVED.map((name) => agrees('return', name, about));

/** The record of #VE is as the reference fills it in. */
export const fillsRecord = (about: string): ExchangeClause[] => all('return', RECORD, about);

/** The module is given the operands that the reference gives it, in every try. */
export const passesOperands = (): ExchangeClause[] => OPERANDS.map((name) => agrees('SEAMCALL', name));

/** The outputs of a leaf are where the reference has them. */
export const leavesOutputs = (about: string): ExchangeClause[] => OUTPUTS.map((name) => agrees('return', name, about));

/** Helpers that pass their arguments on as they are, and what their exchanges are about. */
export const HYPERCALL_PROGRAMS: readonly string[] = [
  'helper-hypercall',
  'helper-kvm-hypercall',
  'helper-get-quote',
  'helper-hyper-v-hypercall',
];
export const HYPERCALLS: readonly string[] = ['hypercall', 'kvm-hypercall', 'quote', 'hyper-v'];

/** Programs around SEAMCALL. */
export const SEAMCALL_PROGRAMS: readonly string[] = ['seamcall-errno', 'seamcall-retry'];
