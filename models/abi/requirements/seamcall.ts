/** SEAMCALL: stubs, the error maps around them, and TDH.VP.ENTER. */
import type { Requirement } from './requirement.js';

const RETRIED = ['seamcall-wrapper-6.8/*'];
const MAP_2023 = ['seamcall-wrapper-2023/*'];

export const SEAMCALL_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'seamcall.rax-is-leaf',
    statement: 'RAX holds the leaf with its version, all 64 bits.',
    source: [
      'docs/abi/seamcall.md#rax-layout',
      'docs/abi/linux-stubs.md#host-stubs',
      'docs/abi/mailing-lists.md#seamcall-infrastructure-2023',
    ],
    standing: 'observed',
    checks: [
      { property: 'seamcall-frame', slots: ['call.rax'] },
      { property: 'seamcall-frame', slots: ['SEAMCALL.rax'] },
    ],
  },
  {
    id: 'seamcall.bit-63-selects-seamldr',
    statement: 'Bit 63 of the leaf, which selects the P-SEAMLDR, gets through.',
    source: ['docs/abi/seamcall.md#rax-layout'],
    standing: 'observed',
    checks: [
      { property: 'seamcall-frame', slots: ['call.rax'], cases: 'the P-SEAMLDR answers' },
      { property: 'seamcall-frame', slots: ['SEAMCALL.rax'], cases: 'leaf of the P-SEAMLDR' },
    ],
  },
  {
    id: 'seamcall.exactly-once',
    statement: 'A stub executes SEAMCALL exactly once for each call.',
    source: ['docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'read in source',
    checks: [
      { property: 'seamcall-frame', slots: ['calls'] },
      { property: 'seamcall-frame', slots: ['SEAMCALL'], targets: MAP_2023 },
    ],
  },
  {
    id: 'seamcall.operands',
    statement: 'Each operand arrives in the register that the leaf reads it from.',
    source: ['docs/abi/linux-stubs.md#host-stubs', 'docs/abi/mailing-lists.md#seamcall-infrastructure-2023'],
    standing: 'read in source',
    checks: [
      { property: 'marshals-arguments', slots: ['call.*'], targets: ['seamcall-*'] },
      { property: 'marshals-arguments', slots: ['SEAMCALL.*'] },
    ],
  },
  {
    id: 'seamcall.status-returned',
    statement: 'Where the module answers, its status comes back in RAX with all 64 bits.',
    source: [
      'docs/abi/linux-stubs.md#host-stubs',
      'docs/abi/status-codes.md#layout',
      'docs/abi/mailing-lists.md#seamcall-infrastructure-2023',
    ],
    standing: 'read in source',
    checks: [{ property: 'returns-status', slots: ['final.rax'], targets: ['seamcall-*'] }],
  },
  {
    id: 'seamcall.outputs-stored',
    statement: 'The outputs of the leaf arrive in the argument block, whatever the status.',
    source: ['docs/abi/linux-stubs.md#host-stubs', 'docs/abi/mailing-lists.md#seamcall-infrastructure-2023'],
    standing: 'read in source',
    checks: [
      { property: 'writes-outputs', slots: ['final.block.*'], targets: ['seamcall-*'] },
      { property: 'writes-outputs', slots: ['return.out.*', 'return.args.*'] },
    ],
  },
  {
    id: 'seamcall.vmfailinvalid',
    statement: 'CF = 1 after SEAMCALL is reported as 0x8000FF00FFFF0000.',
    source: [
      'docs/abi/seamcall.md#vmfailinvalid',
      'docs/abi/linux-stubs.md#host-stubs',
      'docs/abi/linux-stubs.md#constants',
      'docs/abi/mailing-lists.md#seamcall-infrastructure-2023',
    ],
    standing: 'observed',
    checks: [{ property: 'maps-vmfailinvalid', slots: ['final.rax'] }],
  },
  {
    id: 'seamcall.gp-and-ud',
    statement: '#GP and #UD at SEAMCALL are caught by a fixup and reported as 0x8000FF0000000000 with the trap number.',
    source: [
      'docs/abi/linux-stubs.md#host-stubs',
      'docs/abi/linux-stubs.md#constants',
      'docs/abi/linux-fixes.md#7b804135d4d1',
      'docs/abi/mailing-lists.md#seamcall-infrastructure-2023',
    ],
    standing: 'reported',
    checks: [{ property: 'maps-exceptions', slots: ['final.rax', 'end'] }],
  },
  {
    id: 'seamcall.failure-leaves-outputs',
    statement: 'When SEAMCALL does not reach the module the argument block keeps what it held.',
    source: ['docs/abi/linux-fixes.md#03a423d40cb3', 'docs/abi/linux-stubs.md#host-stubs'],
    standing: 'patch read',
    checks: [
      { property: 'failure-leaves-outputs', slots: ['final.block.*'] },
      { property: 'failure-leaves-outputs', slots: ['return.out.*', 'return.args.*'] },
    ],
  },
  {
    id: 'seamcall.null-output',
    statement: 'A NULL output or status pointer means that nothing is stored there, and is no fault.',
    source: ['docs/abi/mailing-lists.md#seamcall-infrastructure-2023'],
    standing: 'reported',
    checks: [
      { property: 'ends-safely', slots: ['end'], targets: ['seamcall-2023/__seamcall'], cases: 'block null' },
      { property: 'ends-safely', slots: ['fault'], targets: MAP_2023, cases: 'no place for the status' },
      { property: 'ends-safely', slots: ['fault'], targets: MAP_2023, cases: 'no place for outputs' },
    ],
  },
  {
    id: 'vp-enter.callee-saved',
    statement: 'TDH.VP.ENTER may change every general register: the callee-saved ones are restored.',
    source: [
      'docs/abi/seamcall.md#tdhvpenter-outputs',
      'docs/abi/hardening.md#seamcall-stub',
      'docs/abi/linux-stubs.md#register-flow-of-v67',
    ],
    standing: 'observed',
    checks: [{ property: 'saves-everything-across-vp-enter', slots: ['final.*'], cases: 'the TD answers' }],
  },
  {
    id: 'vp-enter.scrubs-td-values',
    statement: 'After TDH.VP.ENTER no register but the block holds a value that the TD chose.',
    source: ['docs/abi/linux-stubs.md#register-flow-of-v67'],
    standing: 'read in source',
    checks: [
      {
        property: 'saves-everything-across-vp-enter',
        slots: ['final.r8', 'final.r9', 'final.r1?', 'final.r?x', 'final.r?i'],
      },
    ],
  },
  {
    id: 'vp-enter.outputs',
    statement: 'All registers that TDH.VP.ENTER returns arrive in the argument block.',
    source: ['docs/abi/seamcall.md#tdhvpenter-outputs', 'docs/abi/linux-stubs.md#register-flow-of-v67'],
    standing: 'observed',
    checks: [
      {
        property: 'writes-outputs',
        slots: ['final.block.*'],
        targets: ['seamcall-6.7/__seamcall_saved_ret'],
        cases: 'the TD answers',
      },
    ],
  },
  {
    id: 'vp-enter.failure-changes-rax-only',
    statement: 'When TDH.VP.ENTER fails, the stub hands back what it was given, and the status.',
    source: ['docs/abi/seamcall.md#tdhvpenter-outputs'],
    standing: 'observed',
    checks: [
      {
        property: 'writes-outputs',
        slots: ['final.block.*'],
        targets: ['seamcall-6.7/__seamcall_saved_ret'],
        cases: 'TDH.VP.ENTER fails',
      },
    ],
  },
  {
    id: 'vp-enter.rbp',
    statement:
      'A module without NO_RBP_MOD clobbers RBP in TDH.VP.ENTER: the host refuses such a module, or saves RBP itself.',
    source: [
      'docs/abi/linux-fixes.md#6f5c71cc42d4',
      'docs/abi/seamcall.md#tdhvpenter-outputs',
      'docs/abi/linux-stubs.md#fair-scenarios',
    ],
    standing: 'subject only',
    checks: [],
    gap: 'a precondition of the built-in stubs: runs outside of it are not applicable, and the check for the feature is no target',
  },
  {
    id: 'vp-enter.xmm',
    statement: 'What TDH.VP.ENTER and the leaves with cryptography do to XMM registers is not lost on the host.',
    source: ['docs/abi/seamcall.md#registers', 'docs/abi/seamcall.md#tdhvpenter-outputs'],
    standing: 'observed',
    checks: [],
    gap: 'the stubs save none; the FPU code of the host around them is no target',
  },
  {
    id: 'vp-enter.no-retry',
    statement: 'TDH.VP.ENTER is not retried on RND_NO_ENTROPY.',
    source: ['docs/abi/linux-seamcall.md#sc_retry'],
    standing: 'read in source',
    checks: [],
    gap: 'the caller that enters a TD is no target',
  },
  {
    id: 'vp-enter.rcx-is-tdvpr',
    statement: 'RCX of TDH.VP.ENTER is the TDVPR’s page address, with bits 11:0 and 63:54 clear.',
    source: ['docs/abi/seamcall.md#tdhvpenter-operands', 'docs/abi/kvm-dispatcher.md#registers'],
    standing: 'observed',
    checks: [],
    gap: 'the dispatcher under test begins behind TDH.VP.ENTER',
  },
  {
    id: 'errno.map-2023',
    statement:
      'The wrapper of 2023 maps 0 to 0, VMfailInvalid and #GP to -ENODEV, #UD to -EINVAL, and all else to -EIO.',
    source: ['docs/abi/linux-seamcall.md#seamcall-of-2023', 'docs/abi/mailing-lists.md#seamcall-infrastructure-2023'],
    standing: 'reported',
    checks: [{ property: 'maps-errno', slots: ['return.rax'], targets: MAP_2023 }],
  },
  {
    id: 'errno.status-2023',
    statement: 'The wrapper of 2023 hands the status itself to a caller that asks for it.',
    source: ['docs/abi/mailing-lists.md#seamcall-infrastructure-2023'],
    standing: 'reported',
    checks: [{ property: 'maps-errno', slots: ['return.status'], targets: MAP_2023 }],
  },
  {
    id: 'errno.messages-2023',
    statement: 'The wrapper of 2023 prints the message of each failure, with its values, once.',
    source: ['docs/abi/mailing-lists.md#seamcall-infrastructure-2023'],
    standing: 'reported',
    checks: [{ property: 'maps-errno', slots: ['call print_*'], targets: MAP_2023 }],
  },
  {
    id: 'errno.cpu-held-2023',
    statement: 'The wrapper of 2023 stays on its CPU from before SEAMCALL until its messages are printed.',
    source: ['docs/abi/mailing-lists.md#seamcall-infrastructure-2023'],
    standing: 'reported',
    checks: [{ property: 'maps-errno', slots: ['call get_cpu', 'call put_cpu'], targets: MAP_2023 }],
  },
  {
    id: 'errno.map-6.8',
    statement:
      'Since 6.8 the map is 0 to 0, VMfailInvalid to -ENODEV, #GP to -EOPNOTSUPP, #UD to -EACCES, and all else to -EIO.',
    source: ['docs/abi/linux-seamcall.md#sc_retry_prerr'],
    standing: 'read in source',
    checks: [{ property: 'maps-errno', slots: ['return.rax'], targets: RETRIED }],
  },
  {
    id: 'errno.messages-6.8',
    statement: 'Since 6.8 only other failures are printed, with leaf, status and, where there are some, the outputs.',
    source: ['docs/abi/linux-seamcall.md#sc_retry_prerr'],
    standing: 'read in source',
    checks: [{ property: 'maps-errno', slots: ['call print_*'], targets: RETRIED }],
  },
  {
    id: 'errno.no-failure-succeeds',
    statement: 'No status but 0 becomes a success, also not one without bit 63.',
    source: ['docs/abi/status-codes.md#layout', 'docs/abi/linux-seamcall.md#sc_retry_prerr'],
    standing: 'read in source',
    checks: [{ property: 'maps-errno', slots: ['return.rax'], cases: 'another failure' }],
  },
  {
    id: 'retry.entropy-bounded',
    statement: 'RND_NO_ENTROPY is asked again, with at most 10 SEAMCALLs in all.',
    source: ['docs/abi/linux-seamcall.md#sc_retry'],
    standing: 'read in source',
    checks: [
      { property: 'bounds-entropy-retry', cases: 'entropy comes late' },
      { property: 'bounds-entropy-retry', cases: 'entropy never comes' },
    ],
  },
  {
    id: 'retry.exact-status',
    statement: 'Only RND_NO_ENTROPY itself is retried: the same class with other details is not.',
    source: ['docs/abi/linux-seamcall.md#sc_retry', 'docs/abi/linux-stubs.md#constants'],
    standing: 'read in source',
    checks: [{ property: 'bounds-entropy-retry', cases: 'no entropy, with details' }],
  },
  {
    id: 'retry.same-arguments',
    statement: 'Every try gets the arguments that the block holds then.',
    source: ['docs/abi/linux-seamcall.md#sc_retry'],
    standing: 'read in source',
    checks: [{ property: 'marshals-arguments', slots: ['SEAMCALL.*'], targets: RETRIED, cases: 'entropy comes late' }],
  },
  {
    id: 'retry.cache-state',
    statement: 'Since 6.19 each try first notes, without preemption, that this CPU’s caches may hold TDX memory.',
    source: ['docs/abi/linux-seamcall.md#sc_retry', 'docs/abi/linux-fixes.md#10df8607bf1a'],
    standing: 'subject only',
    checks: [],
    gap: 'no built-in wrapper of that age',
  },
  {
    id: 'seamcall.status-constants',
    statement: 'Status constants of a host equal those of the module, all bits of level 1 included.',
    source: ['docs/abi/status-codes.md#known-disagreements', 'docs/abi/status-codes.md#codes'],
    standing: 'read in source',
    checks: [],
    gap: 'no property compares the tables of an image with those of the module',
  },
  {
    id: 'seamcall.user-return-msrs',
    statement: 'MSRs of the host that the module may clobber are written again before userspace runs.',
    source: ['docs/abi/linux-fixes.md#c0711f8c610e'],
    standing: 'subject only',
    checks: [],
    gap: 'MSRs are no part of the machine',
  },
];
