import type { Contract, ContractSet } from '../contract.js';
import { fromFields, MODULE_ARGS, NARROW_LEAVES, toFields } from './linux-shapes.js';

const SIX = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;
const THIRTEEN = [...SIX, 'r12', 'r13', 'r14', 'r15', 'rbx', 'rdi', 'rsi'] as const;
/** What the mask 0xFFCC names: all of them but RCX, which holds the mask. */
const EXPOSED = ['rdx', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rbx', 'rdi', 'rsi'] as const;

/** `u64 __tdcall*(u64 fn, struct tdx_module_args *args)`: the block feeds the registers, RAX is the status. */
const TDCALL: Contract = {
  symbol: '__tdcall',
  source: 'facts/linux.md 1, 1.1, 1.2, 1.6 (kernel v6.7 to v7.3.4, arch/x86/coco/tdx/tdcall.S, blob 52d9786da308)',
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

/** Kernel v6.7 and later: one family for every leaf; the mask of TDG.VP.VMCALL is the caller's (linux.md 1.2, 1.6, "Gen D"). */
export const LINUX_6_7: ContractSet = {
  name: 'linux-6.7',
  title: 'Linux guest stubs, v6.7 and later (the __tdcall family and __tdx_hypercall)',
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
    /**
     * `u64 __tdx_hypercall(struct tdx_module_args *args)`: C since v6.7. It stores the mask into the block, calls
     * __tdcall_saved_ret with leaf 0, stops when that fails, and returns R10 (linux.md 1, 1.2).
     */
    __tdx_hypercall: {
      ...TDCALL,
      symbol: '__tdx_hypercall',
      source: 'facts/linux.md 1, 1.2, 1.6 (kernel v6.7 to v7.3.4, arch/x86/coco/tdx/tdx-shared.c)',
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
