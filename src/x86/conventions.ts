/** The two calling conventions of x86-64, as far as integer registers and the stack go. */
import type { RegisterName } from './registers.js';

export type ConventionName = 'sysv' | 'ms-x64';

export interface Convention {
  /** For people. */
  readonly title: string;
  /** What the first parameters are passed in, in their order; the others lie on the stack. */
  readonly parameters: readonly RegisterName[];
  /** Bytes above the return address that belong to the callee. */
  readonly shadowSpace: number;
  /** What a callee leaves as it found it, RSP apart. */
  readonly calleeSaved: readonly RegisterName[];
  /** What a callee may change, beside RAX. */
  readonly volatile: readonly RegisterName[];
  /** The first vector register that a callee keeps; 16: none. */
  readonly firstVectorSaved: number;
}

export const CONVENTIONS: Readonly<Record<ConventionName, Convention>> = {
  // System V AMD64 psABI 3.2.3.
  sysv: {
    title: 'System V',
    parameters: ['rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9'],
    shadowSpace: 0,
    calleeSaved: ['rbx', 'rbp', 'r12', 'r13', 'r14', 'r15'],
    volatile: ['rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11'],
    firstVectorSaved: 16,
  },
  // docs/abi/calling-conventions.md#microsoft-x64.
  'ms-x64': {
    title: 'Microsoft x64',
    parameters: ['rcx', 'rdx', 'r8', 'r9'],
    shadowSpace: 32,
    calleeSaved: ['rbx', 'rbp', 'rdi', 'rsi', 'r12', 'r13', 'r14', 'r15'],
    volatile: ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'],
    firstVectorSaved: 6,
  },
};

/** Bytes from the return address to the first parameter on the stack, behind the shadow space. */
export function firstOnStack(convention: ConventionName): number {
  return 8 + CONVENTIONS[convention].shadowSpace;
}
