/** The helpers of a Linux guest beside its devices: the frame, halt, #VE, MapGPA, and the leaves of the module. */
import { EXIT_REASON } from '../exit-reasons.js';
import { TDVMCALL_STATUS } from '../tdvmcall.js';
import type { Requirement } from './requirement.js';

const OTHER_ARGUMENTS = ['TDVMCALL.rbx', 'TDVMCALL.rdi', 'TDVMCALL.rsi', 'TDVMCALL.rdx', 'TDVMCALL.r8', 'TDVMCALL.r9'];
const IO = 'port-io-width';
const MMIO = 'mmio-width';
const VIRT_EXCEPTION = ['helper-7.3/tdx_handle_virt_exception'];
const GET_REPORT = ['helper-*/tdx_mcall_get_report0'];
const ACCEPT = ['helper-7.3/tdx_accept_memory'];

export const GUEST_HELPER_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'helper.frame',
    statement: 'A standard TDVMCALL of a helper has RAX 0, RCX 0xFFCC, R10 0 and the sub-function in R11.',
    source: ['docs/abi/linux-helpers.md#frame-of-a-helper', 'docs/abi/tdvmcall.md#frame'],
    standing: 'read in source',
    checks: [
      { property: 'marshals-arguments', slots: ['TDVMCALL.r?x', 'TDVMCALL.r10', 'TDVMCALL.r11'], about: 'hypercall' },
      { property: IO, slots: ['TDVMCALL.rax', 'TDVMCALL.rcx', 'TDVMCALL.r10', 'TDVMCALL.r11'] },
    ],
  },
  {
    id: 'helper.unused-arguments-zero',
    statement: 'Registers of the mask that the sub-function gives no meaning are 0 at TDCALL.',
    source: ['docs/abi/linux-helpers.md#frame-of-a-helper'],
    standing: 'read in source',
    checks: [IO, MMIO, 'msr-halves', 'cpuid-width', 'map-gpa-retry', 'halt-without-lost-wakeup'].map((property) => ({
      property,
      slots: OTHER_ARGUMENTS,
      targets: ['helper-7.3/*'],
    })),
  },
  {
    id: 'helper.kvm-hypercall',
    statement: 'A KVM hypercall has its number in R10, its four arguments in R11 to R14, and 0 in R15.',
    source: [
      'docs/abi/linux-helpers.md#tdx_kvm_hypercall',
      'docs/abi/tdvmcall.md#vendor-calls',
      'docs/abi/mailing-lists.md#userspace-exits-2024',
    ],
    standing: 'cross-checked',
    checks: [
      { property: 'marshals-arguments', slots: ['TDVMCALL.r1?'], about: 'kvm-hypercall' },
      { property: 'returns-status', slots: ['return.rax'], about: 'kvm-hypercall' },
    ],
  },
  {
    id: 'helper.hyper-v-hypercall',
    statement: 'A Hyper-V hypercall has the control word in R10, parameters in RDX and R8, and its result in R11.',
    source: ['docs/abi/linux-helpers.md#hv_tdx_hypercall', 'docs/abi/tdvmcall.md#vendor-calls'],
    standing: 'read in source',
    checks: [
      { property: 'marshals-arguments', slots: ['TDVMCALL.r10', 'TDVMCALL.rdx', 'TDVMCALL.r8'], about: 'hyper-v' },
      { property: 'returns-status', slots: ['return.rax'], about: 'hyper-v' },
    ],
  },
  {
    id: 'halt.blocked-flag',
    statement: 'HLT says in R12 whether interrupts are blocked, and lies neither way.',
    source: ['docs/abi/tdvmcall.md#instructionhlt', 'docs/abi/tdvmcall.md#hlt-disciplines'],
    standing: 'cross-checked',
    checks: [{ property: 'halt-without-lost-wakeup', slots: ['TDVMCALL.r12'] }],
  },
  {
    id: 'halt.shadow-discipline',
    statement: 'To 6.2 the idle halt has R12 = 0, and STI stands immediately before TDCALL.',
    source: [
      'docs/abi/tdvmcall.md#hlt-disciplines',
      'docs/abi/linux-helpers.md#tdx_safe_halt',
      'docs/abi/linux-fixes.md#e80a48bade61',
    ],
    standing: 'patch read',
    checks: [{ property: 'halt-without-lost-wakeup', slots: ['TDVMCALL.sti'], targets: ['helper-5.19/tdx_safe_halt'] }],
  },
  {
    id: 'halt.interrupts-off-at-tdcall',
    statement: 'Since 6.3 interrupts stay off from before the halt until TDCALL is done, and come on only behind it.',
    source: ['docs/abi/tdvmcall.md#hlt-disciplines', 'docs/abi/linux-fixes.md#9f98a4f4e721'],
    standing: 'patch read',
    checks: [
      {
        property: 'halt-without-lost-wakeup',
        slots: ['TDVMCALL.if', 'return.if'],
        targets: ['helper-7.3/tdx_safe_halt'],
      },
    ],
  },
  {
    id: 'halt.ve-with-interrupts-refused',
    statement: 'HLT that comes as #VE with interrupts on is an error, without a TDVMCALL.',
    source: ['docs/abi/linux-fixes.md#e8f45927ee5d'],
    standing: 'subject only',
    checks: [
      {
        property: 'halt-without-lost-wakeup',
        slots: ['TDVMCALL', 'return'],
        targets: ['helper-7.3/handle_halt'],
        cases: 'refused without a call',
      },
    ],
  },
  {
    id: 'halt.refusal',
    statement: 'A halt that the host refuses is not taken for one that was done.',
    source: ['docs/abi/linux-helpers.md#handle_halt'],
    standing: 'read in source',
    checks: [
      {
        property: 'halt-without-lost-wakeup',
        slots: ['return.rax'],
        targets: ['helper-7.3/handle_halt'],
        cases: 'the host refuses',
      },
    ],
  },
  {
    id: 've.record',
    statement:
      'TDG.VP.VEINFO.GET gives the record: reason, qualification, GLA, GPA, and length and information of the instruction.',
    source: [
      'docs/abi/linux-helpers.md#tdx_get_ve_info',
      'docs/abi/tdcall.md#tdgvpveinfoget',
      'docs/abi/linux-stubs.md#structures',
    ],
    standing: 'observed',
    checks: [
      { property: 'maps-tdcall-errors', slots: ['TDCALL.*', 'return.ve.*'], targets: ['helper-7.3/tdx_get_ve_info'] },
    ],
  },
  {
    id: 've.record-failure-stops',
    statement: 'A record that cannot be had stops the guest, whatever the status is.',
    source: ['docs/abi/linux-helpers.md#tdx_get_ve_info'],
    standing: 'read in source',
    checks: [
      {
        property: 'stops-on-failure',
        slots: ['stop'],
        targets: ['helper-7.3/tdx_get_ve_info'],
        cases: 'TDCALL fails',
      },
    ],
  },
  {
    id: 've.rip-advances',
    statement: 'RIP goes on behind the emulated instruction, and by nothing if it was not emulated.',
    source: ['docs/abi/linux-fixes.md#60428d8bc27f', 'docs/abi/linux-helpers.md#tdx_handle_virt_exception'],
    standing: 'patch read',
    checks: [{ property: 'advances-rip', slots: ['return.regs.ip'] }],
  },
  {
    id: 've.rip-by-decoded-length',
    statement: 'For an EPT violation RIP advances by the decoded length: the reported one is undefined.',
    source: ['docs/abi/linux-fixes.md#cdd85786f4b3'],
    standing: 'patch read',
    checks: [
      {
        property: 'advances-rip',
        slots: ['return.regs.ip'],
        targets: VIRT_EXCEPTION,
        cases: `exit reason ${EXIT_REASON.EPT_VIOLATION}`,
      },
    ],
  },
  {
    id: 've.unknown-reason',
    statement: 'A reason that nobody emulates is reported as such, and changes no saved register.',
    source: ['docs/abi/linux-helpers.md#tdx_handle_virt_exception'],
    standing: 'read in source',
    checks: [
      { property: 'advances-rip', slots: ['return.rax', 'return.regs.*'], targets: VIRT_EXCEPTION, about: 've' },
    ],
  },
  {
    id: 'map-gpa.request',
    statement:
      'MapGPA asks with the start in R12 and the size in R13, both ends with the shared bit when the range becomes shared.',
    source: ['docs/abi/tdvmcall.md#mapgpa', 'docs/abi/linux-helpers.md#tdx_map_gpa'],
    standing: 'cross-checked',
    checks: [{ property: 'map-gpa-retry', slots: ['TDVMCALL.r12', 'TDVMCALL.r13'] }],
  },
  {
    id: 'map-gpa.retry-resumes',
    statement: 'RETRY is no failure: the rest is asked for from R11 on.',
    source: ['docs/abi/linux-fixes.md#019b383d1132', 'docs/abi/tdvmcall.md#mapgpa'],
    standing: 'patch read',
    checks: [
      { property: 'map-gpa-retry', slots: ['TDVMCALL', 'TDVMCALL.r12', 'TDVMCALL.r13'], cases: 'several calls' },
    ],
  },
  {
    id: 'map-gpa.retry-within-range',
    statement: 'RETRY that names an address outside of what was asked for, or beside a page, is a failure.',
    source: ['docs/abi/linux-helpers.md#tdx_map_gpa', 'docs/abi/linux-fixes.md#019b383d1132'],
    standing: 'patch read',
    checks: [
      {
        property: 'map-gpa-retry',
        slots: ['TDVMCALL', 'return', 'return.rax'],
        having: { 'answer to TDVMCALL.r10': TDVMCALL_STATUS.RETRY, 'return.rax': 0n },
      },
    ],
  },
  {
    id: 'map-gpa.retry-terminates',
    statement: 'A host that makes no progress is given up after three calls.',
    source: ['docs/abi/linux-helpers.md#tdx_map_gpa', 'docs/abi/hardening.md#check-before-use'],
    standing: 'read in source',
    checks: [{ property: 'map-gpa-retry', slots: ['TDVMCALL', 'return'], cases: 'several calls' }],
  },
  {
    id: 'map-gpa.status-64-bits',
    statement: 'Success is R10 = 0 in all 64 bits.',
    source: ['docs/abi/linux-helpers.md#tdx_map_gpa', 'docs/abi/hardening.md#check-before-use'],
    standing: 'read in source',
    checks: [{ property: 'map-gpa-retry', slots: ['return.rax'] }],
  },
  {
    id: 'map-gpa.order',
    statement: 'A page is made shared or private at the host before, and accepted after, the page tables say so.',
    source: ['docs/abi/linux-fixes.md#195edce08b63'],
    standing: 'subject only',
    checks: [],
    gap: 'the code that changes page tables is no target',
  },
  {
    id: 'fatal-error.packing',
    statement:
      'ReportFatalError packs 64 bytes of message into R14, R15, RBX, RDI, RSI, R8, R9, RDX, little endian, and zeros behind its end.',
    source: ['docs/abi/tdvmcall.md#reportfatalerror', 'docs/abi/linux-helpers.md#tdx_panic'],
    standing: 'cross-checked',
    checks: [{ property: 'packs-fatal-error', slots: ['TDVMCALL.*'] }],
  },
  {
    id: 'fatal-error.never-returns',
    statement: 'A guest that reported a fatal error never goes on, also when the host returns.',
    source: [
      'docs/abi/tdvmcall.md#reportfatalerror',
      'docs/abi/hardening.md#check-before-use',
      'docs/abi/linux-helpers.md#tdx_panic',
    ],
    standing: 'cross-checked',
    checks: [{ property: 'packs-fatal-error', slots: ['TDVMCALL'], cases: 'the host returns' }],
  },
  {
    id: 'report.operands',
    statement: 'TDG.MR.REPORT gets the physical addresses of report and data in RCX and RDX, and 0 in R8.',
    source: ['docs/abi/linux-helpers.md#tdx_mcall_get_report0', 'docs/abi/tdcall.md#tdgmrreport'],
    standing: 'read in source',
    checks: [{ property: 'maps-tdcall-errors', slots: ['TDCALL.*'], targets: GET_REPORT }],
  },
  {
    id: 'report.errors',
    statement:
      'OPERAND_INVALID is -EINVAL (since 6.16 -ENXIO), OPERAND_BUSY is -EBUSY (since 6.16), any other failure is -EIO.',
    source: ['docs/abi/linux-helpers.md#tdx_mcall_get_report0', 'docs/abi/linux-fixes.md#2748566da8b0'],
    standing: 'read in source',
    checks: [{ property: 'maps-tdcall-errors', slots: ['return.rax'], targets: GET_REPORT, cases: 'failure' }],
  },
  {
    id: 'rtmr.extend',
    statement:
      'TDG.MR.RTMR.EXTEND gets the physical address of the data in RCX and the index in RDX; errors as for the report.',
    source: ['docs/abi/linux-helpers.md#tdx_mcall_extend_rtmr', 'docs/abi/tdcall.md#tdgmrrtmrextend'],
    standing: 'read in source',
    checks: [
      {
        property: 'maps-tdcall-errors',
        slots: ['TDCALL.*', 'return.rax'],
        targets: ['helper-7.3/tdx_mcall_extend_rtmr'],
      },
    ],
  },
  {
    id: 'accept.operands',
    statement:
      'TDG.MEM.PAGE.ACCEPT gets the page with its level in RCX, only where the page is aligned and within the range.',
    source: ['docs/abi/linux-helpers.md#tdx_accept_memory', 'docs/abi/tdcall.md#tdgmempageaccept'],
    standing: 'read in source',
    checks: [{ property: 'maps-tdcall-errors', slots: ['TDCALL', 'TDCALL.*'], targets: ACCEPT }],
  },
  {
    id: 'accept.falls-back',
    statement:
      'A large page that the module does not accept is tried as smaller ones, and a failing 4 KiB page is a failure.',
    source: ['docs/abi/linux-helpers.md#tdx_accept_memory'],
    standing: 'read in source',
    checks: [
      { property: 'maps-tdcall-errors', slots: ['TDCALL', 'return.rax'], targets: ACCEPT, cases: 'several calls' },
    ],
  },
];
