import { EXPOSED_REGISTERS } from '../../../models/abi/linux-constants.js';
import type { Contract, ContractSet } from '../contract.js';
import { fromFields, MODULE_CALL, toFields, WIDE_HYPERCALL_ARGS } from './linux-shapes.js';

/** What the hypercall stubs of v6.3 to v6.6 have in common: the wide block, mask 0xFFCC, no STI (docs/abi/linux-stubs.md#generations). */
export const WIDE_HYPERCALL: Omit<Contract, 'symbol' | 'source'> = {
  convention: 'sysv',
  instruction: 'tdcall',
  parameters: [{ kind: 'block', name: 'args', place: { register: 'rdi' }, nullable: false }],
  block: WIDE_HYPERCALL_ARGS,
  inputs: { rax: { constant: '0x0' }, rcx: { constant: '0xffcc' }, ...fromFields(EXPOSED_REGISTERS) },
  leaves: [0],
  outputs: { fields: toFields(EXPOSED_REGISTERS), when: [] },
  returns: 'r10',
  onFailure: 'stops',
  scrubsHostValues: true,
  redZone: false,
  vectorState: 'untouched',
};

/** Kernel v6.3: the flag HAS_OUTPUT only, mask 0xFFCC (docs/abi/linux-stubs.md#register-flow-of-v63). */
export const LINUX_6_3: ContractSet = {
  name: 'linux-6.3',
  title: 'Linux guest stubs, v6.3 (flag HAS_OUTPUT)',
  contracts: {
    __tdx_module_call: MODULE_CALL,
    /** `u64 __tdx_hypercall(struct tdx_hypercall_args *args, unsigned long flags)` */
    __tdx_hypercall: {
      ...WIDE_HYPERCALL,
      symbol: '__tdx_hypercall',
      source:
        'docs/abi/linux-stubs.md#register-flow-of-v63; docs/abi/linux-stubs.md#structures; docs/abi/linux-stubs.md#fair-scenarios (kernel v6.3, arch/x86/coco/tdx/tdcall.S, blob 6a255e6809bc)',
      parameters: [
        ...WIDE_HYPERCALL.parameters,
        { kind: 'flags', name: 'flags', place: { register: 'rsi' }, bits: { HAS_OUTPUT: '0x1' } },
      ],
      outputs: { ...WIDE_HYPERCALL.outputs, when: [{ flag: 'HAS_OUTPUT' }] },
    },
  },
};
