/** The two calling conventions, as far as an audit needs them. */
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
  // Microsoft, x64 calling convention; facts/stubs.md.
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
