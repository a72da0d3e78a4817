/** The two calling conventions, as far as an audit needs them. */
import { GPR_NAMES } from '../../models/abi/registers.js';
import type { Image } from '../image/image.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';

export const CONVENTIONS = ['sysv', 'ms-x64'] as const;
export type ConventionName = (typeof CONVENTIONS)[number];

export interface Calling {
  readonly name: ConventionName;
  /** For people. */
  readonly title: string;
  /** Registers of the first parameters, in their order. */
  readonly parameters: readonly number[];
  /** Bytes between the return address and the first parameter on the stack, which belong to the callee. */
  readonly shadow: number;
  /** Registers that the callee keeps, beside RSP. */
  readonly kept: readonly number[];
  /** XMM registers that it keeps, one bit each. */
  readonly keptVectors: number;
}

const indices = (...names: RegisterName[]): number[] => names.map((name) => REGISTER_INDEX[name]);

export const CALLING: Readonly<Record<ConventionName, Calling>> = {
  // System V AMD64 psABI, 3.2.1 and 3.2.3.
  sysv: {
    name: 'sysv',
    title: 'System V',
    parameters: indices('rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9'),
    shadow: 0,
    kept: indices('rbx', 'rbp', 'r12', 'r13', 'r14', 'r15'),
    keptVectors: 0,
  },
  // Microsoft, x64 calling convention; docs/abi/calling-conventions.md#microsoft-x64.
  'ms-x64': {
    name: 'ms-x64',
    title: 'Microsoft x64',
    parameters: indices('rcx', 'rdx', 'r8', 'r9'),
    shadow: 32,
    kept: indices('rbx', 'rbp', 'rdi', 'rsi', 'r12', 'r13', 'r14', 'r15'),
    keptVectors: 0xffc0,
  },
};

/** The convention that a file's format goes with, or that the image names. */
export function conventionOf(image: Image & { readonly convention?: ConventionName }): ConventionName {
  return image.convention ?? (/^(coff|pe)/.test(image.format) ? 'ms-x64' : 'sysv');
}

interface Instruction {
  readonly text: string;
  readonly readsRegisters: number;
  readonly writesRegisters: number;
}

/** Registers that code reads before it writes them, and those of them that it only saves; one bit each. */
function takenBy(instructions: readonly Instruction[]): { read: number; saved: number } {
  let [written, read, saved] = [0, 0, 0];
  for (const { text, readsRegisters, writesRegisters } of instructions) {
    // PUSH, or a MOV into the shadow space.
    const saves = /^push\s+%\w+|^mov\s+%\w+,(0x)?[\da-f]+\(%rsp\)/.test(text);
    const clears = /^(?:xor|sub)\w*\s+%(\w+),\s*%\1$/.test(text);
    if (saves) saved |= readsRegisters & ~written;
    else if (!clears) read |= readsRegisters & ~written;
    written |= writesRegisters;
  }
  return { read, saved: saved & ~read };
}

/**
 * The convention that a function's code tells, where it is not the one that its file's format goes with: firmware is often
 * built as ELF with the Microsoft convention, and as PE with functions of the other one.
 *
 * @param instructions as they are executed from the entry on
 */
export function conventionOfCode(instructions: readonly Instruction[], usual: ConventionName): ConventionName {
  const { read, saved } = takenBy(instructions);
  const [rdi, rsi, rcx] = indices('rdi', 'rsi', 'rcx').map((register) => 1 << register);
  // Who saves both keeps them for its caller; a System V function would take parameters from them.
  const keeps = (saved & rdi) !== 0 && (saved & rsi) !== 0;
  if (usual === 'sysv') return keeps && (read & rcx) !== 0 ? 'ms-x64' : usual;
  return (read & rdi) !== 0 ? 'sysv' : usual;
}

/** Names of the registers of parameters that code takes, in their order. */
export function parametersOf(instructions: readonly Instruction[], convention: ConventionName): string[] {
  const { read } = takenBy(instructions);
  const { parameters } = CALLING[convention];
  return parameters.filter((register) => ((read >>> register) & 1) !== 0).map((register) => GPR_NAMES[register]);
}
