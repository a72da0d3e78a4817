import type { Contract, ContractSet } from '../contract.js';
import { fromParameters, toFields } from './linux-shapes.js';

const OUTPUTS = ['r11', 'r12', 'r13', 'r14', 'r15'] as const;
/** Whether values that the host chose must go is not in the facts of this form: it is the requirement of today. */
const SOURCE =
  'docs/abi/linux-stubs.md#the-rfc-of-2021 (never released); docs/abi/mailing-lists.md#port-io-2021; docs/abi/hardening.md#scrub-host-values';

/** `u64 __tdx_hypercall(u64 fn, u64 r12, u64 r13, u64 r14, u64 r15, struct tdx_hypercall_output *out)` */
const HYPERCALL: Contract = {
  symbol: '__tdx_hypercall',
  source: SOURCE,
  convention: 'sysv',
  instruction: 'tdcall',
  parameters: [
    { kind: 'value', name: 'fn', place: { register: 'rdi' } },
    { kind: 'value', name: 'r12', place: { register: 'rsi' } },
    { kind: 'value', name: 'r13', place: { register: 'rdx' } },
    { kind: 'value', name: 'r14', place: { register: 'rcx' } },
    { kind: 'value', name: 'r15', place: { register: 'r8' } },
    { kind: 'block', name: 'out', place: { register: 'r9' }, nullable: true },
  ],
  block: { size: 40, fields: { r11: 0, r12: 8, r13: 16, r14: 24, r15: 32 } },
  inputs: {
    rax: { constant: '0x0' },
    rcx: { constant: '0xfc00' },
    r10: { constant: '0x0' },
    r11: { parameter: 'fn' },
    ...fromParameters(['r12', 'r13', 'r14', 'r15']),
  },
  leaves: [0],
  outputs: { fields: toFields(OUTPUTS), when: ['r10-success', 'block-given'] },
  returns: 'r10',
  onFailure: 'stops',
  scrubsHostValues: true,
  redZone: false,
  vectorState: 'untouched',
};

/** The form that was discussed in 2021: parameters in registers, results in a block that may be absent (docs/abi/linux-stubs.md#the-rfc-of-2021). */
export const LINUX_RFC_2021: ContractSet = {
  name: 'linux-rfc-2021',
  title: 'Linux guest stubs as proposed in 2021 (parameters in registers, five outputs)',
  neverReleased: true,
  contracts: {
    __tdx_hypercall: HYPERCALL,
    /** The same, but R10 is the magic number "TDX.KVM". */
    __tdx_hypercall_vendor_kvm: {
      ...HYPERCALL,
      symbol: '__tdx_hypercall_vendor_kvm',
      inputs: { ...HYPERCALL.inputs, r10: { constant: '0x4d564b2e584454' } },
    },
  },
};
