/** The host’s dispatcher of TD exits as a whole, and the round trip of guest and host. */
import { TDVMCALL_STATUS } from '../tdvmcall.js';
import { answered, one } from './dispatcher-checks.js';
import type { Requirement } from './requirement.js';

const { SUBFUNC_UNSUPPORTED } = TDVMCALL_STATUS;

export const DISPATCHER_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'exit.class-decides',
    statement: 'The upper half of RAX behind TDH.VP.ENTER decides whether there is an exit reason at all.',
    source: ['docs/abi/kvm-dispatcher.md#exit-reason-map', 'docs/abi/status-codes.md#layout'],
    standing: 'read in source',
    checks: [one('decodes-exit-reason', 'other exit', ['*'])],
  },
  {
    id: 'exit.modifier-bits',
    statement: 'The bits 31:16 of an exit reason do not hide that it is a TDCALL.',
    source: ['docs/abi/linux-fixes.md#bc335ce04408', 'docs/abi/status-codes.md#layout'],
    standing: 'subject only',
    checks: [one('decodes-exit-reason', 'modifier bits', ['*'])],
  },
  {
    id: 'exit.software-error',
    statement:
      'A status of the software class is a bug of the host: it marks the VM as broken and reports an unexpected exit.',
    source: ['docs/abi/kvm-dispatcher.md#exit-reason-map'],
    standing: 'read in source',
    checks: [
      { property: 'decodes-exit-reason', slots: ['call host_vm_bugged*'], having: { 'call host_vm_bugged': true } },
    ],
  },
  {
    id: 'exit.operand-busy',
    statement: 'OPERAND_BUSY enters the TD again, whatever its operand.',
    source: ['docs/abi/kvm-dispatcher.md#exit-reason-map'],
    standing: 'read in source',
    checks: [
      {
        property: 'decodes-exit-reason',
        slots: ['return to guest', 'KVM_EXIT_INTERNAL_ERROR'],
        about: 'decode',
        having: { 'return to guest': true },
      },
    ],
    gap: 'the cases are those of all exits behind which the TD is entered again at once',
  },
  {
    id: 'exit.triple-fault',
    statement: 'A triple fault of the TD, status 0x4000000100000002, shuts the VM down.',
    source: ['docs/abi/seamcall.md#exit-reasons', 'docs/abi/kvm-dispatcher.md#exit-reason-map'],
    standing: 'observed',
    checks: [{ property: 'decodes-exit-reason', slots: ['KVM_EXIT_SHUTDOWN'], having: { KVM_EXIT_SHUTDOWN: true } }],
  },
  {
    id: 'exit.ept-violation',
    statement: 'An EPT violation reaches its handler with the GPA and the qualification that the module gave.',
    source: ['docs/abi/kvm-dispatcher.md#ept-violations', 'docs/abi/seamcall.md#exit-reasons'],
    standing: 'read in source',
    checks: [{ property: 'decodes-exit-reason', slots: ['call host_ept_violation.*'] }],
  },
  {
    id: 'exit.unaccepted-access',
    statement: 'A guest that touches a private page before it accepts it is ended; a shared fetch is a bug.',
    source: ['docs/abi/kvm-dispatcher.md#ept-violations'],
    standing: 'read in source',
    checks: [],
    gap: 'what the handler of EPT violations does is no part of the built-in dispatcher',
  },
  {
    id: 'dispatch.by-r10-and-r11',
    statement: 'R10 = 0 selects the standard sub-function of R11, anything else a KVM hypercall, with all 64 bits.',
    source: [
      'docs/abi/kvm-dispatcher.md#registers',
      'docs/abi/tdvmcall.md#frame',
      'docs/abi/mailing-lists.md#userspace-exits-2024',
    ],
    standing: 'read in source',
    checks: [{ property: 'routes-subfunction', slots: ['*'] }],
  },
  {
    id: 'dispatch.served-once',
    statement: 'A call is served once: no second host function, no second exit.',
    source: ['docs/abi/kvm-dispatcher.md#registers'],
    standing: 'read in source',
    checks: [{ property: 'routes-subfunction', about: 'once' }],
  },
  {
    id: 'dispatch.unknown',
    statement: 'A sub-function that nobody serves is answered SUBFUNC_UNSUPPORTED.',
    source: [
      'docs/abi/linux-fixes.md#b5aafcb4efd2',
      'docs/abi/kvm-dispatcher.md#unknown-sub-functions',
      'docs/abi/tdvmcall.md#statuses-in-r10',
    ],
    standing: 'subject only',
    checks: [answered('answers-status', 'other call', SUBFUNC_UNSUPPORTED)],
  },
  {
    id: 'dispatch.keeps-registers',
    statement: 'Registers that are no result go back to the guest as it sent them.',
    source: ['docs/abi/kvm-dispatcher.md#registers'],
    standing: 'read in source',
    checks: [{ property: 'writes-only-results', slots: ['return to guest.*'] }],
  },
  {
    id: 'dispatch.no-host-state',
    statement: 'No register that goes to the guest holds anything of the host beside the result.',
    source: ['docs/abi/hardening.md#host-dispatcher', 'docs/abi/kvm-dispatcher.md#registers'],
    standing: 'cross-checked',
    checks: [{ property: 'leaks-no-host-state', slots: ['return to guest.*'] }],
  },
  {
    id: 'dispatch.64-bit-operands',
    statement: 'Size, direction, port and GPA are compared with all 64 bits.',
    source: [
      'docs/abi/tdvmcall.md#host-visibility-of-operands',
      'docs/abi/kvm-dispatcher.md#port-io',
      'docs/abi/hardening.md#host-dispatcher',
    ],
    standing: 'read in source',
    checks: [one('validates-all-64-bits', 'IO', ['*']), one('validates-all-64-bits', 'RequestMMIO', ['*'])],
  },
  {
    id: 'dispatch.hidden-reads-zero',
    statement: 'A register outside of the guest’s mask reads as 0.',
    source: ['docs/abi/tdvmcall.md#host-visibility-of-operands', 'docs/abi/tdvmcall.md#what-the-host-sees'],
    standing: 'observed',
    checks: [],
    gap: 'the module’s doing: it is compared with its own vectors (tdxfuzz doctor)',
  },
  {
    id: 'dispatch.userspace-error',
    statement: 'Any other error of userspace fails KVM_RUN, and never reaches the guest as a success.',
    source: ['docs/abi/kvm-dispatcher.md#exits-to-userspace', 'docs/abi/linux-fixes.md#3e2dec1ede0a'],
    standing: 'patch read',
    checks: [{ property: 'completes-userspace-exit', slots: ['fail', 'fail.rax'], cases: 'KVM_RUN fails' }],
  },
  {
    id: 'dispatch.sequence',
    statement: 'A completion reaches the vCPU that asked, also when other vCPUs exit in between.',
    source: ['docs/abi/kvm-dispatcher.md#exits-to-userspace'],
    standing: 'read in source',
    checks: [
      { property: 'completes-userspace-exit', slots: ['return to guest.*'], targets: ['dispatcher-7.3/sequence'] },
    ],
  },
  {
    id: 'roundtrip.requests',
    statement: 'What the guest asks for is what the device does: address, width, and exactly the bytes written.',
    source: [
      'docs/abi/linux-helpers.md#frame-of-a-helper',
      'docs/abi/kvm-dispatcher.md#registers',
      'docs/abi/linux-fixes.md#0f63e656b1c6',
    ],
    standing: 'read in source',
    checks: [{ property: 'delivers-requests' }],
  },
  {
    id: 'roundtrip.results',
    statement:
      'What the device drives is what the guest gets, extended to the right width, and nothing else of it changes.',
    source: [
      'docs/abi/linux-helpers.md#frame-of-a-helper',
      'docs/abi/kvm-dispatcher.md#registers',
      'docs/abi/linux-fixes.md#941370fc93cc',
    ],
    standing: 'read in source',
    checks: [{ property: 'delivers-results', slots: ['return.*'] }],
  },
  {
    id: 'roundtrip.map-gpa-resumes',
    statement: 'A conversion that the host stops goes on where it stopped, until all of the range is done.',
    source: ['docs/abi/linux-fixes.md#019b383d1132', 'docs/abi/kvm-dispatcher.md#mapgpa'],
    standing: 'patch read',
    checks: [{ property: 'delivers-requests', slots: ['map GPA*'], cases: 'MapGPA in several chunks' }],
  },
  {
    id: 'roundtrip.failures-stay',
    statement: 'A failing TDCALL, a status that a hostile VMM made up, and a refusal never become a success.',
    source: ['docs/abi/hardening.md#check-before-use', 'docs/abi/linux-stubs.md#fair-scenarios'],
    standing: 'cross-checked',
    checks: [
      { property: 'keeps-failures', slots: ['stop'], cases: 'TDCALL fails' },
      { property: 'keeps-failures', slots: ['return', 'return.*'], cases: 'R10 is meddled with' },
    ],
  },
];
