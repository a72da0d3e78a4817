/** What every function owes its caller, whatever it wraps. */
import type { Requirement } from './requirement.js';

const PROGRAMS = ['helper-*', 'dispatcher-*', 'seamcall-wrapper-*', 'roundtrip-*'];

export const CALLING_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'calling.callee-saved',
    statement: 'RBX, RBP and R12 to R15 are at the return what they were at the entry, for every answer.',
    source: [
      'docs/abi/calling-conventions.md#system-v',
      'docs/abi/hardening.md#stack-and-callee-saved-registers',
      'docs/abi/mailing-lists.md#hlt-support-2022',
    ],
    standing: 'cross-checked',
    checks: [
      { property: 'keeps-callee-saved', slots: ['final.*'] },
      { property: 'keeps-callee-saved', slots: ['return.*', 'KVM_RUN returns.*'], targets: PROGRAMS },
    ],
  },
  {
    id: 'calling.frame-pointer',
    statement: 'RBP is kept across TDCALL and back: it is no scratch register.',
    source: ['docs/abi/linux-fixes.md#1e70c680375a'],
    standing: 'patch read',
    checks: [{ property: 'keeps-callee-saved', slots: ['final.rbp'] }],
    gap: 'what a debugger sees of the frame while TDCALL runs is not judged',
  },
  {
    id: 'calling.stack-balanced',
    statement: 'RSP is balanced at the return, and the function returns to its caller.',
    source: ['docs/abi/hardening.md#stack-and-callee-saved-registers'],
    standing: 'cross-checked',
    checks: [
      { property: 'keeps-stack', slots: ['final.rsp'] },
      { property: 'keeps-stack', slots: ['return.rsp', 'KVM_RUN returns.rsp'] },
    ],
  },
  {
    id: 'calling.no-stray-writes',
    statement: 'Stores hit the own frame and the argument block alone.',
    source: ['docs/abi/hardening.md#stack-and-callee-saved-registers', 'docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'cross-checked',
    checks: [
      { property: 'keeps-stack', slots: ['memory'] },
      { property: 'keeps-stack', slots: ['return.stray', 'KVM_RUN returns.stray'] },
    ],
  },
  {
    id: 'calling.no-red-zone',
    statement: 'Kernel code has no red zone: nothing below RSP is accessed explicitly.',
    source: ['docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'read in source',
    checks: [{ property: 'keeps-stack', slots: ['memory'] }],
  },
  {
    id: 'calling.system-flags',
    statement: 'IF, DF, TF, NT, AC and IOPL survive a call; IF is 1 after ISSUE_STI.',
    source: ['docs/abi/calling-conventions.md#flags', 'docs/abi/tdcall.md#registers-and-flags'],
    standing: 'read in source',
    checks: [
      { property: 'keeps-flags', slots: ['final.rflags'] },
      { property: 'keeps-flags', slots: ['return.*', 'KVM_RUN returns.*'] },
    ],
    gap: 'where the code cannot touch a system flag the property holds by decode, and counts no cases',
  },
  {
    id: 'calling.vector-state',
    statement: 'XMM registers, MXCSR and the x87 control word are left as kernel code must leave them.',
    source: ['docs/abi/linux-stubs.md#fair-scenarios', 'docs/abi/calling-conventions.md#vector-state'],
    standing: 'cross-checked',
    checks: [{ property: 'keeps-vector-state' }],
    gap: 'stubs that cannot touch vector state hold by decode, and count no cases',
  },
  {
    id: 'calling.microsoft-xmm',
    statement: 'Under the Microsoft x64 convention RDI, RSI and XMM6 to XMM15 are callee-saved too.',
    source: ['docs/abi/calling-conventions.md#microsoft-x64'],
    standing: 'read in source',
    checks: [],
    gap: 'no built-in target has this convention',
  },
  {
    id: 'calling.terminates',
    statement: 'The function ends for every answer, also for one that is repeated for ever.',
    source: ['docs/abi/hardening.md#check-before-use'],
    standing: 'cross-checked',
    checks: [
      { property: 'terminates', slots: ['end'] },
      { property: 'terminates', slots: ['endless'] },
    ],
  },
  {
    id: 'calling.ends-safely',
    statement: 'It ends by a return or by the stop that its contract allows, never by a fault of its own.',
    source: ['docs/abi/linux-stubs.md#generations', 'docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'read in source',
    checks: [
      { property: 'ends-safely', slots: ['end'] },
      { property: 'ends-safely', slots: ['fault', 'trap'] },
    ],
  },
  {
    id: 'calling.interrupts-anywhere',
    statement: 'An interrupt at any instruction changes nothing of the result: what lies below RSP may be overwritten.',
    source: ['docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'read in source',
    checks: [
      { property: 'keeps-stack', slots: ['memory'], cases: 'interrupt delivered' },
      { property: 'keeps-callee-saved', slots: ['final.*'], cases: 'NMI delivered' },
    ],
  },
  {
    id: 'calling.straight-line-speculation',
    statement: 'A return is followed by INT3, or goes through the return thunk.',
    source: ['docs/abi/linux-fixes.md#c796f02162e4'],
    standing: 'patch read',
    checks: [],
    gap: 'a rule about bytes that are never executed: no run can tell',
  },
  {
    id: 'calling.endbr64',
    statement: 'What is called indirectly begins with ENDBR64 or carries its kCFI hash.',
    source: ['docs/abi/linux-fixes.md#0b3bc018e86a', 'docs/abi/linux-stubs.md#host-stubs'],
    standing: 'subject only',
    checks: [],
    gap: 'the machine has no control-flow enforcement',
  },
  {
    id: 'calling.noinstr',
    statement: 'Between entry and SEAMCALL or TDCALL of a noinstr function nothing instrumentable is called.',
    source: ['docs/abi/linux-fixes.md#e414b1005891', 'docs/abi/linux-stubs.md#generations'],
    standing: 'subject only',
    checks: [],
    gap: 'no property speaks of sections or of calls to instrumented functions',
  },
];
