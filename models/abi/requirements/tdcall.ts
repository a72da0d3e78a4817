/** TDCALL: the frame of every leaf, and what becomes of its outputs. */
import type { Requirement } from './requirement.js';

const LEAF_STUBS = ['guest-*/__tdx_module_call', 'guest-6.7/__tdcall*'];

export const TDCALL_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'tdcall.rax-is-leaf',
    statement: 'RAX holds the leaf number that the caller named, all 64 bits of it.',
    source: ['docs/abi/tdcall.md#rax-layout', 'docs/abi/linux-stubs.md#register-flow-of-v67'],
    standing: 'observed',
    checks: [{ property: 'vmcall-frame', slots: ['call.rax'], targets: LEAF_STUBS }],
  },
  {
    id: 'tdcall.exactly-once',
    statement: 'A stub executes its TDCALL exactly once for each call.',
    source: ['docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'read in source',
    checks: [{ property: 'vmcall-frame', slots: ['calls'] }],
  },
  {
    id: 'tdcall.operands',
    statement: 'RCX, RDX and R8 to R11 hold the operands where the leaf reads them.',
    source: ['docs/abi/linux-stubs.md#register-flow-of-v67', 'docs/abi/other-projects.md#edk2-tdcall'],
    standing: 'read in source',
    checks: [{ property: 'marshals-arguments', slots: ['call.*'], targets: LEAF_STUBS }],
  },
  {
    id: 'tdcall.status-returned',
    statement: 'The completion status of the leaf comes back in RAX with all 64 bits, failures included.',
    source: ['docs/abi/linux-stubs.md#register-flow-of-v67', 'docs/abi/status-codes.md#layout'],
    standing: 'read in source',
    checks: [{ property: 'returns-status', slots: ['final.rax'], targets: LEAF_STUBS }],
  },
  {
    id: 'tdcall.status-after-rejection',
    statement: 'A leaf number that the module rejects changes RAX alone, and the stub passes the rejection on.',
    source: ['docs/abi/tdcall.md#rax-failure'],
    standing: 'observed',
    checks: [
      { property: 'returns-status', slots: ['final.rax'], targets: LEAF_STUBS, cases: 'leaf rejected by the module' },
    ],
  },
  {
    id: 'tdcall.outputs-stored',
    statement: 'Every output register of the leaf arrives in its own field of the output block.',
    source: ['docs/abi/linux-stubs.md#structures', 'docs/abi/linux-stubs.md#register-flow-of-v67'],
    standing: 'read in source',
    checks: [
      {
        property: 'writes-outputs',
        slots: ['final.block.*'],
        targets: ['guest-*/__tdx_module_call', 'guest-6.7/__tdcall_ret', 'guest-6.7/__tdcall_saved_ret'],
      },
    ],
  },
  {
    id: 'tdcall.outputs-stored-on-failure',
    statement: 'The Linux stubs for leaves store the outputs also when RAX is not 0.',
    source: ['docs/abi/linux-stubs.md#register-flow-to-v66-module-calls'],
    standing: 'read in source',
    checks: [
      {
        property: 'writes-outputs',
        slots: ['final.block.*'],
        targets: ['guest-*/__tdx_module_call', 'guest-6.7/__tdcall_ret', 'guest-6.7/__tdcall_saved_ret'],
        cases: 'call failed',
      },
    ],
  },
  {
    id: 'tdcall.no-outputs-without-ret',
    statement: 'The variant without outputs leaves the argument block as it was.',
    source: ['docs/abi/linux-stubs.md#register-flow-of-v67'],
    standing: 'read in source',
    checks: [{ property: 'writes-outputs', slots: ['final.block.*'], targets: ['guest-6.7/__tdcall'] }],
  },
  {
    id: 'tdcall.null-output',
    statement: 'A NULL output pointer means that nothing is stored, and is no fault.',
    source: ['docs/abi/linux-stubs.md#register-flow-to-v66-module-calls'],
    standing: 'read in source',
    checks: [
      { property: 'ends-safely', slots: ['end'], targets: ['guest-*/__tdx_module_call'], cases: 'block null' },
      { property: 'keeps-stack', slots: ['memory'], targets: ['guest-*/__tdx_module_call'], cases: 'block null' },
    ],
  },
];
