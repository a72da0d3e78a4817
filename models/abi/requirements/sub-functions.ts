/** The sub-functions that the host’s dispatcher serves, one after the other. */
import { ERRNO } from '../errno.js';
import { TDVMCALL_STATUS } from '../tdvmcall.js';
import { ANSWER, answered, one, ONE, refused } from './dispatcher-checks.js';
import type { Requirement } from './requirement.js';

const { INVALID_OPERAND, ALIGN_ERROR, RETRY, SUBFUNC_UNSUPPORTED } = TDVMCALL_STATUS;

export const SUB_FUNCTION_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'dispatch.cpuid',
    statement: 'CPUID asks with EAX and ECX from R12 and R13, and answers R12 to R15, zero-extended.',
    source: ['docs/abi/kvm-dispatcher.md#cpuid', 'docs/abi/tdvmcall.md#instructioncpuid'],
    standing: 'cross-checked',
    checks: [
      one('routes-subfunction', 'CPUID', ['call host_cpuid.*']),
      one('answers-status', 'CPUID', ['return to guest.r1?']),
      one('leaks-no-host-state', 'CPUID', ['return to guest.r1?']),
    ],
  },
  {
    id: 'dispatch.hlt',
    statement: 'HLT tells the host whether interrupts are blocked: any R12 but 0, in all its bits.',
    source: ['docs/abi/kvm-dispatcher.md#hlt', 'docs/abi/tdvmcall.md#instructionhlt'],
    standing: 'cross-checked',
    checks: [
      one('routes-subfunction', 'HLT', ['call host_halt.*']),
      one('validates-all-64-bits', 'HLT', ['call host_halt.*']),
    ],
  },
  {
    id: 'dispatch.io-valid',
    statement: 'Port I/O takes sizes 1, 2, 4 and directions 0, 1; anything else is INVALID_OPERAND and does nothing.',
    source: ['docs/abi/kvm-dispatcher.md#port-io', 'docs/abi/tdvmcall.md#instructionio'],
    standing: 'cross-checked',
    checks: refused('IO'),
  },
  {
    id: 'dispatch.io-read',
    statement: 'A port read answers R11 with as many bytes as were asked for, and zeros above.',
    source: ['docs/abi/kvm-dispatcher.md#port-io'],
    standing: 'read in source',
    checks: [one('leaks-no-host-state', 'IO', ['return to guest.r11'])],
  },
  {
    id: 'dispatch.io-exit',
    statement:
      'A port access that the kernel does not serve becomes KVM_EXIT_IO with direction, size, port, count and the data.',
    source: ['docs/abi/kvm-dispatcher.md#port-io', 'docs/abi/mailing-lists.md#userspace-exits-2024'],
    standing: 'read in source',
    checks: [{ property: 'exits-to-userspace', slots: ['KVM_EXIT_IO.*'] }],
  },
  {
    id: 'dispatch.io-completion',
    statement: 'What userspace read reaches the guest in R11, of the size that was asked for.',
    source: ['docs/abi/kvm-dispatcher.md#port-io'],
    standing: 'read in source',
    checks: [one('completes-userspace-exit', 'KVM_EXIT_IO', ['return to guest.r1?'])],
  },
  {
    id: 'dispatch.msr-read',
    statement: 'RDMSR of an emulated MSR answers R11; of any other INVALID_OPERAND.',
    source: ['docs/abi/kvm-dispatcher.md#msr', 'docs/abi/linux-fixes.md#1f3e69af5f93'],
    standing: 'patch read',
    checks: [
      one('answers-status', 'RDMSR', ['return to guest.r11']),
      answered('answers-status', 'RDMSR', INVALID_OPERAND, ['*']),
    ],
  },
  {
    id: 'dispatch.msr-write',
    statement: 'WRMSR writes R13 to an emulated MSR that may be written; to any other it is INVALID_OPERAND.',
    source: ['docs/abi/kvm-dispatcher.md#msr', 'docs/abi/linux-fixes.md#1f3e69af5f93'],
    standing: 'patch read',
    checks: [
      one('routes-subfunction', 'WRMSR', ['call host_set_msr.*']),
      answered('answers-status', 'WRMSR', INVALID_OPERAND, ['*']),
    ],
  },
  {
    id: 'dispatch.mmio-valid',
    statement:
      'MMIO takes sizes 1, 2, 4, 8, directions 0, 1 and shared addresses, first and last byte; else INVALID_OPERAND.',
    source: ['docs/abi/kvm-dispatcher.md#mmio', 'docs/abi/tdvmcall.md#verequestmmio'],
    standing: 'cross-checked',
    checks: refused('RequestMMIO'),
  },
  {
    id: 'dispatch.mmio-exit',
    statement:
      'MMIO that the kernel does not serve becomes KVM_EXIT_MMIO with the address without its shared bit, length, direction and data.',
    source: ['docs/abi/kvm-dispatcher.md#mmio', 'docs/abi/mailing-lists.md#userspace-exits-2024'],
    standing: 'read in source',
    checks: [{ property: 'exits-to-userspace', slots: ['KVM_EXIT_MMIO.*'] }],
  },
  {
    id: 'dispatch.mmio-completion',
    statement: 'What userspace read is zero-extended from its length into R11.',
    source: ['docs/abi/kvm-dispatcher.md#mmio'],
    standing: 'read in source',
    checks: [{ property: 'completes-userspace-exit', slots: ['return to guest.r11'], cases: 'KVM_EXIT_MMIO' }],
  },
  {
    id: 'dispatch.map-gpa-unsupported',
    statement: 'Without the capability of userspace MapGPA is answered SUBFUNC_UNSUPPORTED.',
    source: ['docs/abi/kvm-dispatcher.md#mapgpa'],
    standing: 'read in source',
    checks: [answered('chunks-map-gpa', 'MapGPA', SUBFUNC_UNSUPPORTED)],
  },
  {
    id: 'dispatch.map-gpa-invalid',
    statement:
      'MapGPA of a range that is empty, wraps around, is illegal or mixes shared and private is INVALID_OPERAND.',
    source: ['docs/abi/kvm-dispatcher.md#mapgpa', 'docs/abi/tdvmcall.md#mapgpa'],
    standing: 'cross-checked',
    checks: [
      answered('chunks-map-gpa', 'MapGPA', INVALID_OPERAND),
      answered('answers-status', 'MapGPA', INVALID_OPERAND, ['*']),
    ],
  },
  {
    id: 'dispatch.map-gpa-empty',
    statement: 'An empty range is such an error, too.',
    source: ['docs/abi/tdvmcall.md#mapgpa', 'docs/abi/kvm-dispatcher.md#mapgpa'],
    standing: 'cross-checked',
    checks: [
      {
        property: 'chunks-map-gpa',
        slots: [ANSWER],
        targets: ONE,
        cases: 'MapGPA',
        having: { 'step.r13': 0n, [ANSWER]: INVALID_OPERAND },
      },
    ],
  },
  {
    id: 'dispatch.map-gpa-align',
    statement: 'MapGPA of a range that is not made of 4 KiB pages is ALIGN_ERROR.',
    source: ['docs/abi/kvm-dispatcher.md#mapgpa', 'docs/abi/tdvmcall.md#mapgpa'],
    standing: 'cross-checked',
    checks: [
      answered('chunks-map-gpa', 'MapGPA', ALIGN_ERROR),
      answered('answers-status', 'MapGPA', ALIGN_ERROR, ['*']),
    ],
  },
  {
    id: 'dispatch.map-gpa-error-r11',
    statement: 'Every error of MapGPA sets R11 to the GPA.',
    source: ['docs/abi/tdvmcall.md#host-visibility-of-operands', 'docs/abi/kvm-dispatcher.md#mapgpa'],
    standing: 'read in source',
    checks: [
      answered('chunks-map-gpa', 'MapGPA', INVALID_OPERAND, ['return to guest.r11']),
      answered('chunks-map-gpa', 'MapGPA', ALIGN_ERROR, ['return to guest.r11']),
    ],
  },
  {
    id: 'dispatch.map-gpa-exit',
    statement:
      'Userspace is asked by KVM_EXIT_HYPERCALL with the address without its shared bit, the pages, and what they become.',
    source: ['docs/abi/kvm-dispatcher.md#mapgpa', 'docs/abi/mailing-lists.md#userspace-exits-2024'],
    standing: 'read in source',
    checks: [{ property: 'chunks-map-gpa', slots: ['KVM_EXIT_HYPERCALL.*'] }],
  },
  {
    id: 'dispatch.map-gpa-chunks',
    statement: 'A range is converted in chunks of 2 MiB counted from its start.',
    source: ['docs/abi/kvm-dispatcher.md#mapgpa', 'docs/abi/tdvmcall.md#mapgpa'],
    standing: 'read in source',
    checks: [
      {
        property: 'chunks-map-gpa',
        slots: ['KVM_EXIT_HYPERCALL', 'KVM_EXIT_HYPERCALL.args*'],
        targets: ['dispatcher-7.3/sequence'],
      },
    ],
  },
  {
    id: 'dispatch.map-gpa-events',
    statement:
      'Between two chunks an event that waits makes it stop with RETRY, and R11 names the first address not done.',
    source: ['docs/abi/kvm-dispatcher.md#mapgpa'],
    standing: 'read in source',
    checks: [
      { property: 'chunks-map-gpa', slots: ['return to guest.r11'], about: 'maps r11', having: { [ANSWER]: RETRY } },
    ],
  },
  {
    id: 'dispatch.map-gpa-eagain',
    statement: 'EAGAIN of userspace is RETRY for the guest, EINVAL is INVALID_OPERAND, and R11 names the chunk.',
    source: ['docs/abi/linux-fixes.md#3e2dec1ede0a', 'docs/abi/kvm-dispatcher.md#mapgpa'],
    standing: 'patch read',
    checks: [
      {
        property: 'completes-userspace-exit',
        slots: [ANSWER, 'return to guest.r11'],
        having: { 'step.ret': ERRNO.EAGAIN, [ANSWER]: RETRY },
      },
      {
        property: 'completes-userspace-exit',
        slots: [ANSWER, 'return to guest.r11'],
        having: { 'step.ret': ERRNO.EINVAL, [ANSWER]: INVALID_OPERAND },
      },
    ],
  },
  {
    id: 'dispatch.fatal-error',
    statement:
      'ReportFatalError becomes a system event of type 7 with sixteen words: RAX, RCX, RDX, RBX, two zeros, RSI, RDI and R8 to R15.',
    source: ['docs/abi/kvm-dispatcher.md#reportfatalerror', 'docs/abi/mailing-lists.md#userspace-exits-2024'],
    standing: 'read in source',
    checks: [{ property: 'exits-to-userspace', slots: ['KVM_EXIT_SYSTEM_EVENT.*'] }],
  },
  {
    id: 'dispatch.information',
    statement:
      'GetTdVmCallInfo answers leaf 0 with zeros and success, asks userspace for leaf 1, and refuses all others.',
    source: [
      'docs/abi/kvm-dispatcher.md#gettdvmcallinfo',
      'docs/abi/tdvmcall.md#gettdvmcallinfo',
      'docs/abi/linux-fixes.md#cf207eac06f6',
    ],
    standing: 'cross-checked',
    checks: [
      {
        property: 'answers-status',
        slots: ['return to guest.r1?'],
        targets: ONE,
        cases: 'GetTdVmCallInfo',
        having: { 'step.r12': 0n },
      },
      {
        property: 'exits-to-userspace',
        slots: ['KVM_EXIT_TDX.*'],
        targets: ONE,
        cases: 'GetTdVmCallInfo',
        having: { 'step.r12': 1n },
      },
      ...refused('GetTdVmCallInfo'),
    ],
  },
  {
    id: 'dispatch.information-bits',
    statement: 'Bit 1 of R11 behind leaf 1 stands for SetupEventNotifyInterrupt, bit 0 for GetQuote.',
    source: ['docs/abi/tdvmcall.md#gettdvmcallinfo', 'docs/abi/tdvmcall.md#optional-sub-functions'],
    standing: 'unverified',
    checks: [],
    gap: 'what userspace answers is passed on as it is; no target is a userspace',
  },
  {
    id: 'dispatch.quote',
    statement:
      'GetQuote of a private buffer is INVALID_OPERAND; else userspace gets address and size, with the result preset to SUBFUNC_UNSUPPORTED.',
    source: ['docs/abi/kvm-dispatcher.md#getquote', 'docs/abi/tdvmcall.md#getquote'],
    standing: 'cross-checked',
    checks: [
      answered('answers-status', 'GetQuote', INVALID_OPERAND, ['*']),
      one('exits-to-userspace', 'GetQuote', ['KVM_EXIT_TDX.*']),
    ],
  },
  {
    id: 'dispatch.notify',
    statement: 'SetupEventNotifyInterrupt takes vectors 32 to 255 to userspace, and refuses all others.',
    source: [
      'docs/abi/kvm-dispatcher.md#setupeventnotifyinterrupt',
      'docs/abi/tdvmcall.md#setupeventnotifyinterrupt',
      'docs/abi/linux-fixes.md#cf207eac06f6',
    ],
    standing: 'cross-checked',
    checks: [
      ...refused('SetupEventNotifyInterrupt'),
      one('exits-to-userspace', 'SetupEventNotifyInterrupt', ['KVM_EXIT_TDX.*']),
    ],
  },
  {
    id: 'dispatch.tdx-completion',
    statement: 'The result that userspace wrote to KVM_EXIT_TDX is the guest’s R10.',
    source: ['docs/abi/kvm-dispatcher.md#exits-to-userspace', 'docs/abi/linux-fixes.md#cf207eac06f6'],
    standing: 'read in source',
    checks: [one('completes-userspace-exit', 'KVM_EXIT_TDX', [ANSWER])],
  },
  {
    id: 'dispatch.kvm-hypercall',
    statement:
      'A KVM hypercall has its number in R10 and arguments in R11 to R14; the result goes to R10, all 64 bits.',
    source: [
      'docs/abi/kvm-dispatcher.md#kvm-hypercalls',
      'docs/abi/mailing-lists.md#userspace-exits-2024',
      'docs/abi/tdvmcall.md#vendor-calls',
    ],
    standing: 'cross-checked',
    checks: [
      one('routes-subfunction', 'hypercall', ['call host_kvm_hypercall.*']),
      one('answers-status', 'hypercall', [ANSWER]),
    ],
  },
  {
    id: 'dispatch.kvm-map-gpa-range',
    statement: 'The hypercall MAP_GPA_RANGE exits to userspace, with address, pages and attributes.',
    source: ['docs/abi/kvm-dispatcher.md#kvm-hypercalls', 'docs/abi/mailing-lists.md#userspace-exits-2024'],
    standing: 'read in source',
    checks: [{ property: 'exits-to-userspace', slots: ['KVM_EXIT_HYPERCALL.*'], about: 'hypercall' }],
  },
  {
    id: 'dispatch.gpa-in-use',
    statement: 'A GPA that is in use is answered GPA_INUSE, and the guest learns in R11 which one.',
    source: [
      'docs/abi/tdvmcall.md#mapgpa',
      'docs/abi/tdvmcall.md#statuses-in-r10',
      'docs/abi/linux-stubs.md#constants',
    ],
    standing: 'unverified',
    checks: [],
    gap: 'KVM never gives this answer, and no built-in dispatcher does',
  },
];
