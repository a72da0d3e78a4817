/**
 * Shapes that several kernel generations share. Facts: docs/abi/linux-stubs.md, read from kernel
 * sources v5.19 to v7.3.4; see the generation files for the rest.
 */
import type { Contract, Source } from '../contract.js';

/**
 * Leaves whose outputs stay within RCX, RDX and R8-R11, so that a stub that saves nothing else is sound with them
 * (docs/abi/linux-stubs.md#fair-scenarios).
 */
export const NARROW_LEAVES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22, 23, 24, 26, 27];

/** struct tdx_hypercall_args of v6.3-6.6, 96 bytes (docs/abi/linux-stubs.md#structures). */
export const WIDE_HYPERCALL_ARGS = {
  size: 96,
  fields: { r8: 0, r9: 8, r10: 16, r11: 24, r12: 32, r13: 40, r14: 48, r15: 56, rdi: 64, rsi: 72, rbx: 80, rdx: 88 },
} as const;

/** struct tdx_module_args of v6.7 and later, 104 bytes (docs/abi/linux-stubs.md#structures). */
export const MODULE_ARGS = {
  size: 104,
  fields: {
    rcx: 0,
    rdx: 8,
    r8: 16,
    r9: 24,
    r10: 32,
    r11: 40,
    r12: 48,
    r13: 56,
    r14: 64,
    r15: 72,
    rbx: 80,
    rdi: 88,
    rsi: 96,
  },
} as const;

/** struct tdx_module_output of v5.19 to v6.6, 48 bytes (docs/abi/linux-stubs.md#structures). */
export const MODULE_OUTPUT = { size: 48, fields: { rcx: 0, rdx: 8, r8: 16, r9: 24, r10: 32, r11: 40 } } as const;

type Register = keyof Contract['inputs'];

/** Each named register is loaded from the field of its own name. */
export function fromFields(registers: readonly Register[]): Contract['inputs'] {
  return Object.fromEntries(registers.map((register) => [register, { field: register } satisfies Source]));
}

/** Each named register is loaded from the parameter of its own name. */
export function fromParameters(registers: readonly Register[]): Contract['inputs'] {
  return Object.fromEntries(registers.map((register) => [register, { parameter: register } satisfies Source]));
}

/** Each named field receives the register of its own name. */
export function toFields(registers: readonly Register[]): Contract['outputs']['fields'] {
  return Object.fromEntries(registers.map((register) => [register, register]));
}

/**
 * `u64 __tdx_module_call(u64 fn, u64 rcx, u64 rdx, u64 r8, u64 r9, struct tdx_module_output *out)`, v5.19 to v6.6:
 * any leaf but TDG.VP.VMCALL, out may be NULL, six registers are stored also when RAX is not 0
 * (docs/abi/linux-stubs.md#register-flow-to-v66-module-calls).
 */
export const MODULE_CALL: Contract = {
  symbol: '__tdx_module_call',
  source:
    'docs/abi/linux-stubs.md#register-flow-to-v66-module-calls; docs/abi/linux-stubs.md#structures; docs/abi/linux-stubs.md#fair-scenarios (kernel v5.19 to v6.6, arch/x86/virt/vmx/tdx/tdxcall.S, blob 49a54356ae99)',
  convention: 'sysv',
  instruction: 'tdcall',
  parameters: [
    { kind: 'leaf', name: 'fn', place: { register: 'rdi' } },
    { kind: 'value', name: 'rcx', place: { register: 'rsi' } },
    { kind: 'value', name: 'rdx', place: { register: 'rdx' } },
    { kind: 'value', name: 'r8', place: { register: 'rcx' } },
    { kind: 'value', name: 'r9', place: { register: 'r8' } },
    { kind: 'block', name: 'out', place: { register: 'r9' }, nullable: true },
  ],
  block: MODULE_OUTPUT,
  inputs: {
    rax: { parameter: 'fn' },
    ...fromParameters(['rcx', 'rdx', 'r8', 'r9']),
  },
  leaves: NARROW_LEAVES,
  outputs: { fields: toFields(['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11']), when: ['block-given'] },
  returns: 'status',
  onFailure: 'returns',
  scrubsHostValues: false,
  redZone: false,
  vectorState: 'untouched',
};
