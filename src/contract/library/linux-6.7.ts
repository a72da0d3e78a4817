import type { Contract, ContractSet } from '../contract.js';
import { HOST_STUB, NARROW_HOST_LEAVES, WIDE_HOST_LEAVES } from './linux-host-shapes.js';
import { fromFields, MODULE_ARGS, NARROW_LEAVES, toFields } from './linux-shapes.js';

const SIX = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;
const THIRTEEN = [...SIX, 'r12', 'r13', 'r14', 'r15', 'rbx', 'rdi', 'rsi'] as const;
/** What the mask 0xFFCC names: all of them but RCX, which holds the mask. */
const EXPOSED = ['rdx', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rbx', 'rdi', 'rsi'] as const;

/** `u64 __tdcall*(u64 fn, struct tdx_module_args *args)`: the block feeds the registers, RAX is the status. */
const TDCALL: Contract = {
  symbol: '__tdcall',
  source:
    'docs/abi/linux-stubs.md#register-flow-of-v67; docs/abi/linux-stubs.md#structures; docs/abi/linux-stubs.md#fair-scenarios (kernel v6.7 to v7.3.4, arch/x86/coco/tdx/tdcall.S, blob 52d9786da308)',
  convention: 'sysv',
  instruction: 'tdcall',
  parameters: [
    { kind: 'leaf', name: 'fn', place: { register: 'rdi' } },
    { kind: 'block', name: 'args', place: { register: 'rsi' }, nullable: false },
  ],
  block: MODULE_ARGS,
  inputs: { rax: { parameter: 'fn' }, ...fromFields(SIX) },
  leaves: NARROW_LEAVES,
  outputs: { fields: {}, when: [] },
  returns: 'status',
  onFailure: 'returns',
  scrubsHostValues: false,
  redZone: false,
  vectorState: 'untouched',
};

/** `u64 __seamcall*(u64 fn, struct tdx_module_args *args)`: the same macro around SEAMCALL, with a way out for its failures. */
const SEAMCALL: Contract = {
  ...TDCALL,
  ...HOST_STUB,
  symbol: '__seamcall',
  source:
    'docs/abi/linux-stubs.md#host-stubs; docs/abi/linux-stubs.md#structures; docs/abi/linux-stubs.md#constants; docs/abi/linux-stubs.md#fair-scenarios (kernel v6.8 to v7.3.4, arch/x86/virt/vmx/tdx/seamcall.S, blobs 5b1f2286aea9 and 6854c52c374b)',
  leaves: NARROW_HOST_LEAVES,
};

/** Kernel v6.7 and later: one family for every leaf; the mask of TDG.VP.VMCALL is the caller's (docs/abi/linux-stubs.md#register-flow-of-v67). */
export const LINUX_6_7: ContractSet = {
  name: 'linux-6.7',
  title: 'Linux stubs, v6.7 and later (the __tdcall and __seamcall families, and __tdx_hypercall)',
  contracts: {
    __tdcall: TDCALL,
    __tdcall_ret: { ...TDCALL, symbol: '__tdcall_ret', outputs: { fields: toFields(SIX), when: [] } },
    __tdcall_saved_ret: {
      ...TDCALL,
      symbol: '__tdcall_saved_ret',
      inputs: { rax: { parameter: 'fn' }, ...fromFields(THIRTEEN) },
      leaves: [0, ...NARROW_LEAVES, 18, 20],
      widestMask: '0xffcc',
      outputs: { fields: toFields(THIRTEEN), when: [] },
      scrubsHostValues: true,
    },
    __seamcall: SEAMCALL,
    __seamcall_ret: { ...SEAMCALL, symbol: '__seamcall_ret', outputs: { fields: toFields(SIX), when: [] } },
    __seamcall_saved_ret: {
      ...SEAMCALL,
      symbol: '__seamcall_saved_ret',
      inputs: { rax: { parameter: 'fn' }, ...fromFields(THIRTEEN) },
      leaves: [...WIDE_HOST_LEAVES, ...NARROW_HOST_LEAVES],
      outputs: { fields: toFields(THIRTEEN), when: [] },
      scrubsHostValues: true,
    },
    /**
     * `u64 __tdx_hypercall(struct tdx_module_args *args)`: C since v6.7. It stores the mask into the block, calls
     * __tdcall_saved_ret with leaf 0, stops when that fails, and returns R10 (docs/abi/linux-stubs.md#register-flow-of-v67).
     */
    __tdx_hypercall: {
      ...TDCALL,
      symbol: '__tdx_hypercall',
      source:
        'docs/abi/linux-stubs.md#register-flow-of-v67; docs/abi/linux-stubs.md#fair-scenarios (kernel v6.7 to v7.3.4, arch/x86/coco/tdx/tdx-shared.c)',
      parameters: [{ kind: 'block', name: 'args', place: { register: 'rdi' }, nullable: false }],
      inputs: { rax: { constant: '0x0' }, rcx: { constant: '0xffcc' }, ...fromFields(EXPOSED) },
      leaves: [0],
      outputs: { fields: toFields(THIRTEEN), when: [] },
      returns: 'r10',
      onFailure: 'stops',
      blockWhenStopped: 'any',
      scrubsHostValues: true,
    },
  },
};
