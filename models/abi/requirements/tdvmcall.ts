/** TDG.VP.VMCALL: what a stub shows to the host, and what it takes from it. */
import type { Requirement } from './requirement.js';

const HYPERCALLS = ['guest-*/__tdx_hypercall*', 'guest-6.7/__tdcall_saved_ret', 'helper-7.3/__tdx_hypercall'];

export const TDVMCALL_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'tdvmcall.rax-is-leaf-0',
    statement: 'TDG.VP.VMCALL is leaf 0: the whole of RAX is 0 at TDCALL.',
    source: ['docs/abi/tdvmcall.md#frame', 'docs/abi/mailing-lists.md#hlt-support-2022'],
    standing: 'observed',
    checks: [
      { property: 'vmcall-frame', slots: ['call.rax'], targets: HYPERCALLS },
      { property: 'marshals-arguments', slots: ['TDVMCALL.rax'], targets: ['helper-7.3/_tdx_hypercall'] },
    ],
  },
  {
    id: 'tdvmcall.mask-is-contract',
    statement: 'RCX holds the exposure mask of the contract, with every bit above 15 clear.',
    source: ['docs/abi/linux-stubs.md#generations', 'docs/abi/tdvmcall.md#exposure-mask'],
    standing: 'read in source',
    checks: [
      { property: 'vmcall-frame', slots: ['call.rcx'] },
      { property: 'marshals-arguments', slots: ['TDVMCALL.rcx'] },
    ],
  },
  {
    id: 'tdvmcall.mask-without-rbp',
    statement:
      'Neither RBP nor RSP, RAX or RCX is ever in the mask: KVM sets NO_RBP_MOD, and bit 5 makes the call fail.',
    source: ['docs/abi/tdvmcall.md#exposure-mask', 'docs/abi/linux-stubs.md#generations'],
    standing: 'observed',
    checks: [
      { property: 'vmcall-frame', slots: ['call.rcx'] },
      { property: 'marshals-arguments', slots: ['TDVMCALL.rcx'] },
    ],
  },
  {
    id: 'tdvmcall.mask-illegal-fails',
    statement: 'A mask of the caller that the module refuses comes back as the failure it is.',
    source: ['docs/abi/tdvmcall.md#exposure-mask', 'docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'observed',
    checks: [
      {
        property: 'returns-status',
        slots: ['final.rax'],
        targets: ['guest-6.7/__tdcall_saved_ret'],
        cases: 'mask rejected by the module',
      },
    ],
  },
  {
    id: 'tdvmcall.r10-is-kind',
    statement: 'R10 holds 0 for a standard call, and the vendor’s number otherwise.',
    source: [
      'docs/abi/tdvmcall.md#frame',
      'docs/abi/mailing-lists.md#hlt-support-2022',
      'docs/abi/mailing-lists.md#userspace-exits-2024',
    ],
    standing: 'reported',
    checks: [
      { property: 'marshals-arguments', slots: ['call.r10'], targets: HYPERCALLS },
      { property: 'marshals-arguments', slots: ['TDVMCALL.r10'] },
    ],
  },
  {
    id: 'tdvmcall.r11-is-subfunction',
    statement: 'R11 holds the number of the sub-function.',
    source: ['docs/abi/tdvmcall.md#frame', 'docs/abi/mailing-lists.md#hlt-support-2022'],
    standing: 'reported',
    checks: [
      { property: 'marshals-arguments', slots: ['call.r11'], targets: HYPERCALLS },
      { property: 'marshals-arguments', slots: ['TDVMCALL.r11'] },
    ],
  },
  {
    id: 'tdvmcall.arguments',
    statement: 'Every other register of the mask holds the argument that the caller named for it, all 64 bits.',
    source: ['docs/abi/linux-stubs.md#structures', 'docs/abi/linux-stubs.md#register-flow-of-v519'],
    standing: 'read in source',
    checks: [
      {
        property: 'marshals-arguments',
        slots: [
          'call.r12',
          'call.r13',
          'call.r14',
          'call.r15',
          'call.r8',
          'call.r9',
          'call.rdi',
          'call.rsi',
          'call.rbx',
          'call.rdx',
        ],
        targets: HYPERCALLS,
      },
    ],
  },
  {
    id: 'tdvmcall.rfc-2021-arguments',
    statement: 'The form of 2021 takes sub-function and arguments in parameter registers and moves them to R11 to R15.',
    source: ['docs/abi/linux-stubs.md#the-rfc-of-2021', 'docs/abi/mailing-lists.md#port-io-2021'],
    standing: 'reported',
    checks: [{ property: 'marshals-arguments', slots: ['call.r1?'], targets: ['guest-rfc-2021/*'] }],
  },
  {
    id: 'tdvmcall.rfc-2021-magic',
    statement: 'The vendor form of 2021 has the magic "TDX.KVM" in R10.',
    source: ['docs/abi/linux-stubs.md#the-rfc-of-2021'],
    standing: 'reported',
    checks: [
      {
        property: 'marshals-arguments',
        slots: ['call.r10'],
        targets: ['guest-rfc-2021/__tdx_hypercall_vendor_kvm'],
      },
    ],
  },
  {
    id: 'tdvmcall.rfc-2021-outputs',
    statement: 'The form of 2021 stores R11 to R15 only when R10 is 0 and the output pointer is not NULL.',
    source: ['docs/abi/linux-stubs.md#the-rfc-of-2021'],
    standing: 'reported',
    checks: [{ property: 'writes-outputs', slots: ['final.block.*'], targets: ['guest-rfc-2021/*'] }],
  },
  {
    id: 'tdvmcall.exposes-only-arguments',
    statement: 'An exposed register holds an argument or 0: no other value of the guest reaches the host.',
    source: ['docs/abi/hardening.md#no-leak-through-the-mask'],
    standing: 'cross-checked',
    checks: [{ property: 'exposes-only-arguments', slots: ['call.*'] }],
  },
  {
    id: 'tdvmcall.no-covert-exposure',
    statement:
      'Neither whether and when the host is called, nor anything else that it sees, depends on a secret of the guest.',
    source: ['docs/abi/hardening.md#no-leak-through-the-mask'],
    standing: 'cross-checked',
    checks: [{ property: 'exposes-only-arguments', slots: ['pathToHost', 'restOfHostView'] }],
  },
  {
    id: 'tdvmcall.xmm-not-exposed',
    statement: 'No XMM register is in the mask: bits 31:16 of RCX are 0.',
    source: ['docs/abi/tdvmcall.md#exposure-mask', 'docs/abi/linux-stubs.md#generations'],
    standing: 'observed',
    checks: [{ property: 'vmcall-frame', slots: ['call.rcx'] }],
  },
  {
    id: 'tdvmcall.returns-r10',
    statement: 'A call that reached the host returns the host’s R10, all 64 bits.',
    source: [
      'docs/abi/linux-stubs.md#register-flow-of-v519',
      'docs/abi/other-projects.md#td-shim-asm_td_vmcall',
      'docs/abi/mailing-lists.md#hlt-support-2022',
    ],
    standing: 'read in source',
    checks: [
      {
        property: 'returns-status',
        slots: ['final.rax'],
        targets: ['guest-*/__tdx_hypercall*', 'helper-7.3/__tdx_hypercall'],
      },
      { property: 'returns-status', slots: ['return.rax'], about: 'hypercall' },
    ],
  },
  {
    id: 'tdvmcall.outputs-by-flag',
    statement: 'Outputs are stored where the caller asked for them, each in its own field, and nowhere else.',
    source: [
      'docs/abi/linux-stubs.md#generations',
      'docs/abi/linux-stubs.md#register-flow-of-v519',
      'docs/abi/mailing-lists.md#hlt-support-2022',
    ],
    standing: 'read in source',
    checks: [
      {
        property: 'writes-outputs',
        slots: ['final.block.*'],
        targets: ['guest-5.19/__tdx_hypercall', 'guest-6.3/__tdx_hypercall', 'guest-6.4/__tdx_hypercall*'],
      },
    ],
  },
  {
    id: 'tdvmcall.failure-stops',
    statement: 'When TDG.VP.VMCALL itself fails the guest stops: no caller ever sees the call return.',
    source: ['docs/abi/linux-stubs.md#generations', 'docs/abi/mailing-lists.md#hlt-support-2022'],
    standing: 'read in source',
    checks: [{ property: 'stops-on-failure', slots: ['end', 'stop'] }],
  },
  {
    id: 'tdvmcall.failure-is-any-rax',
    statement: 'Any RAX but 0 is such a failure, whatever its bits: low half 0, high half 0, bit 63 clear.',
    source: ['docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'read in source',
    checks: [
      { property: 'stops-on-failure', slots: ['end'], cases: 'TDVMCALL failed, low half 0' },
      { property: 'stops-on-failure', slots: ['end'], cases: 'TDVMCALL failed, high half 0' },
      { property: 'stops-on-failure', slots: ['end'], cases: 'TDVMCALL failed, bit 63 clear' },
    ],
  },
  {
    id: 'tdvmcall.failure-leaves-block',
    statement: 'The argument block is unchanged when a failed TDVMCALL stops the guest.',
    source: ['docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'read in source',
    checks: [
      {
        property: 'writes-outputs',
        slots: ['final.block.*'],
        targets: ['guest-5.19/__tdx_hypercall', 'guest-6.3/__tdx_hypercall', 'guest-6.4/__tdx_hypercall*'],
        cases: 'call failed',
      },
    ],
  },
  {
    id: 'tdvmcall.scrubs-gen-a',
    statement: 'The stub of 5.19 leaves no host value in R10 and R11, which the caller does not get back.',
    source: ['docs/abi/linux-stubs.md#register-flow-of-v519', 'docs/abi/mailing-lists.md#hlt-support-2022'],
    standing: 'read in source',
    checks: [
      {
        property: 'scrubs-host-values',
        slots: ['final.r10', 'final.r11'],
        targets: ['guest-5.19/__tdx_hypercall'],
      },
    ],
  },
  {
    id: 'tdvmcall.scrubs-wide-mask',
    statement: 'Under the mask 0xFFCC R8 to R11, RDI and RDX hold no host value at the return.',
    source: ['docs/abi/linux-stubs.md#register-flow-of-v63', 'docs/abi/hardening.md#scrub-host-values'],
    standing: 'read in source',
    checks: [
      {
        property: 'scrubs-host-values',
        slots: ['final.r8', 'final.r9', 'final.r10', 'final.r11', 'final.rdi', 'final.rdx'],
        targets: ['guest-6.3/*', 'guest-6.4/*', 'guest-6.7/*'],
      },
    ],
  },
  {
    id: 'tdvmcall.scrubs-rsi',
    statement: 'RSI holds no host value at the return.',
    source: ['docs/abi/linux-fixes.md#5d092b66119d', 'docs/abi/linux-stubs.md#register-flow-of-v64'],
    standing: 'patch read',
    checks: [{ property: 'scrubs-host-values', slots: ['final.rsi'] }],
  },
  {
    id: 'tdvmcall.callee-saved-hold-no-host-value',
    statement: 'R12 to R15, RBX and RBP hold the caller’s values again, and so no host value.',
    source: ['docs/abi/hardening.md#scrub-host-values', 'docs/abi/mailing-lists.md#hlt-support-2022'],
    standing: 'cross-checked',
    checks: [
      {
        property: 'scrubs-host-values',
        slots: ['final.r12', 'final.r13', 'final.r14', 'final.r15', 'final.rbx', 'final.rbp'],
      },
    ],
  },
  {
    id: 'tdvmcall.no-host-value-as-address',
    statement: 'No load, store or jump goes to an address that a host value has a part in.',
    source: ['docs/abi/hardening.md#exposed-registers-are-lost'],
    standing: 'cross-checked',
    checks: [{ property: 'uses-no-host-value-as-address', slots: ['addresses', 'faultAddress'] }],
  },
  {
    id: 'tdvmcall.path-without-host',
    statement: 'Which instructions a stub executes depends on no host value that the contract does not name.',
    source: ['docs/abi/hardening.md#exposed-registers-are-lost'],
    standing: 'cross-checked',
    checks: [{ property: 'uses-no-host-value-as-address', slots: ['path'] }],
  },
  {
    id: 'tdvmcall.sti-before-tdcall',
    statement: 'With ISSUE_STI, STI is the instruction immediately before TDCALL, so that its shadow covers it.',
    source: [
      'docs/abi/tdvmcall.md#hlt-disciplines',
      'docs/abi/linux-stubs.md#register-flow-of-v519',
      'docs/abi/linux-fixes.md#e80a48bade61',
      'docs/abi/mailing-lists.md#hlt-support-2022',
    ],
    standing: 'patch read',
    checks: [{ property: 'issues-sti', slots: ['sti'] }],
  },
  {
    id: 'tdvmcall.no-sti-unasked',
    statement: 'Without that flag, and in the generations that dropped it, no stub executes STI.',
    source: ['docs/abi/linux-stubs.md#generations', 'docs/abi/linux-fixes.md#e80a48bade61'],
    standing: 'patch read',
    checks: [{ property: 'issues-sti', slots: ['stiCount'] }],
  },
  {
    id: 'tdvmcall.hidden-registers-discarded',
    statement: 'What the host writes to a register outside the mask does not reach the guest.',
    source: ['docs/abi/tdvmcall.md#what-comes-back', 'docs/abi/tdvmcall.md#what-the-host-sees'],
    standing: 'observed',
    checks: [],
    gap: 'a promise of the module to the stub, not of the stub: it is compared with the module’s own vectors (tdxfuzz doctor)',
  },
];
