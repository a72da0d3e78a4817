import type { ContractSet } from '../contract.js';
import { fromFields, MODULE_CALL, toFields } from './linux-shapes.js';

const EXPOSED = ['r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;

/** Kernel v5.19 to v6.2: a flags argument (HAS_OUTPUT, ISSUE_STI), mask 0xFC00 (docs/abi/linux-stubs.md#register-flow-of-v519). */
export const LINUX_5_19: ContractSet = {
  name: 'linux-5.19',
  title: 'Linux guest stubs, v5.19 to v6.2 (flags HAS_OUTPUT and ISSUE_STI)',
  contracts: {
    __tdx_module_call: MODULE_CALL,
    /** `u64 __tdx_hypercall(struct tdx_hypercall_args *args, unsigned long flags)` */
    __tdx_hypercall: {
      symbol: '__tdx_hypercall',
      source:
        'docs/abi/linux-stubs.md#register-flow-of-v519; docs/abi/linux-stubs.md#structures; docs/abi/linux-stubs.md#fair-scenarios (kernel v5.19 to v6.2, arch/x86/coco/tdx/tdcall.S, blob f9eb1134f22d)',
      convention: 'sysv',
      instruction: 'tdcall',
      parameters: [
        { kind: 'block', name: 'args', place: { register: 'rdi' }, nullable: false },
        { kind: 'flags', name: 'flags', place: { register: 'rsi' }, bits: { HAS_OUTPUT: '0x1', ISSUE_STI: '0x2' } },
      ],
      block: { size: 48, fields: { r10: 0, r11: 8, r12: 16, r13: 24, r14: 32, r15: 40 } },
      inputs: { rax: { constant: '0x0' }, rcx: { constant: '0xfc00' }, ...fromFields(EXPOSED) },
      leaves: [0],
      outputs: { fields: toFields(EXPOSED), when: [{ flag: 'HAS_OUTPUT' }] },
      returns: 'r10',
      onFailure: 'stops',
      scrubsHostValues: true,
      stiFlag: 'ISSUE_STI',
      redZone: false,
      vectorState: 'untouched',
    },
  },
};
