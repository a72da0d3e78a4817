/**
 * The stubs of EDK2 (MdePkg/Library/BaseLib/X64/TdCall.nasm and TdVmcall.nasm, OvmfPkg/Library/CcExitLib/X64/TdVmcallCpuid.nasm),
 * in Microsoft x64 in whatever file format. Facts: docs/abi/other-projects.md#edk2-tdcall, docs/abi/other-projects.md#edk2-tdvmcall,
 * docs/abi/other-projects.md#edk2-tdvmcallcpuid and the commits named below of github.com/tianocore/edk2, read in their sources.
 */
import type { Contract, ContractSet } from '../contract.js';
import { NARROW_LEAVES, toFields } from './linux-shapes.js';

const ANSWERS = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;

/** `UINT64 TdCall (UINT64 Leaf, UINT64 P1, UINT64 P2, UINT64 P3, VOID *Results)`: three operands, six results on success. */
const TD_CALL: Contract = {
  symbol: 'TdCall',
  source:
    'docs/abi/other-projects.md#edk2-tdcall (edk2 818bc9596d17 to 6f73fbea97 (2021-11 to 2026-04), MdePkg/Library/BaseLib/X64/TdCall.nasm)',
  convention: 'ms-x64',
  instruction: 'tdcall',
  parameters: [
    { kind: 'leaf', name: 'leaf', place: { register: 'rcx' } },
    { kind: 'value', name: 'p1', place: { register: 'rdx' } },
    { kind: 'value', name: 'p2', place: { register: 'r8' } },
    { kind: 'value', name: 'p3', place: { register: 'r9' } },
    { kind: 'block', name: 'results', place: { stack: 0 }, nullable: true },
  ],
  block: { size: 48, fields: { rcx: 0, rdx: 8, r8: 16, r9: 24, r10: 32, r11: 40 } },
  inputs: { rax: { parameter: 'leaf' }, rcx: { parameter: 'p1' }, rdx: { parameter: 'p2' }, r8: { parameter: 'p3' } },
  leaves: NARROW_LEAVES,
  outputs: { fields: toFields(ANSWERS), when: ['status-success', 'block-given'] },
  returns: 'status',
  onFailure: 'returns',
  scrubsHostValues: false,
  redZone: false,
  vectorState: 'convention',
};

const NOTHING = { constant: '0x0' } as const;

/**
 * `UINT64 TdVmCall (UINT64 Leaf, UINT64 P1, UINT64 P2, UINT64 P3, UINT64 P4, UINT64 *Val)`: what the mask names and no
 * parameter goes to is 0.
 */
const TD_VM_CALL: Contract = {
  symbol: 'TdVmCall',
  source:
    'docs/abi/other-projects.md#edk2-tdvmcall (edk2 07c49d5d4017 (2024-02) and later, MdePkg/Library/BaseLib/X64/TdVmcall.nasm)',
  convention: 'ms-x64',
  instruction: 'tdcall',
  parameters: [
    { kind: 'value', name: 'leaf', place: { register: 'rcx' } },
    { kind: 'value', name: 'p1', place: { register: 'rdx' } },
    { kind: 'value', name: 'p2', place: { register: 'r8' } },
    { kind: 'value', name: 'p3', place: { register: 'r9' } },
    { kind: 'value', name: 'p4', place: { stack: 0 } },
    { kind: 'block', name: 'val', place: { stack: 1 }, nullable: true },
  ],
  block: { size: 8, fields: { val: 0 } },
  inputs: {
    rax: NOTHING,
    rcx: { constant: '0xffcc' },
    r10: NOTHING,
    r11: { parameter: 'leaf' },
    r12: { parameter: 'p1' },
    r13: { parameter: 'p2' },
    r14: { parameter: 'p3' },
    r15: { parameter: 'p4' },
    rdx: NOTHING,
    rbx: NOTHING,
    rsi: NOTHING,
    rdi: NOTHING,
    r8: NOTHING,
    r9: NOTHING,
  },
  leaves: [0],
  outputs: { fields: { val: 'r11' }, when: ['status-success', 'block-given'] },
  returns: 'status-or-r10',
  onFailure: 'returns',
  scrubsHostValues: true,
  redZone: false,
  vectorState: 'convention',
};

/** `UINT64 TdVmCallCpuid (UINT64 EaxIn, UINT64 EcxIn, UINT64 *Results)`: EAX to EDX come back in R12 to R15. */
const TD_VM_CALL_CPUID: Contract = {
  ...TD_VM_CALL,
  symbol: 'TdVmCallCpuid',
  source:
    'docs/abi/other-projects.md#edk2-tdvmcallcpuid (edk2 a1a6da80aa (2024-02) and later, OvmfPkg/Library/CcExitLib/X64/TdVmcallCpuid.nasm)',
  parameters: [
    { kind: 'value', name: 'eax', place: { register: 'rcx' } },
    { kind: 'value', name: 'ecx', place: { register: 'rdx' } },
    { kind: 'block', name: 'results', place: { register: 'r8' }, nullable: true },
  ],
  block: { size: 32, fields: { eax: 0, ebx: 8, ecx: 16, edx: 24 } },
  inputs: {
    ...TD_VM_CALL.inputs,
    r11: { constant: '0xa' },
    r12: { parameter: 'eax' },
    r13: { parameter: 'ecx' },
    r14: NOTHING,
    r15: NOTHING,
  },
  outputs: {
    fields: { eax: 'r12', ebx: 'r13', ecx: 'r14', edx: 'r15' },
    when: ['status-success', 'r10-success', 'block-given'],
  },
};

/** RBP in the mask, and 0 in it: no TD with NO_RBP_MOD lets such a call through. */
function withRbp(contract: Contract, source: string): Contract {
  const inputs: Contract['inputs'] = { ...contract.inputs, rcx: { constant: '0xffec' }, rbp: NOTHING };
  return { ...contract, source, inputs, assumes: ['rbp-mod'] };
}

const TD_VM_CALL_CPUID_WITH_RBP = withRbp(
  TD_VM_CALL_CPUID,
  'docs/abi/other-projects.md#edk2-tdvmcallcpuid (edk2 a89f558d3c (2022-11) to before a1a6da80aa, OvmfPkg/Library/CcExitLib/X64/TdVmcallCpuid.nasm)',
);

/** From February 2024 on, edk2-stable202405: RBP is out of the mask. */
export const EDK2: ContractSet = {
  name: 'edk2',
  title: 'EDK2 BaseLib stubs, edk2-stable202405 and later (mask 0xffcc)',
  contracts: { TdCall: TD_CALL, TdVmCall: TD_VM_CALL, TdVmCallCpuid: TD_VM_CALL_CPUID },
};

/** November 2023 to February 2024, edk2-stable202402: R11 is given back whatever R10 says. */
export const EDK2_202402: ContractSet = {
  name: 'edk2-202402',
  title: 'EDK2 BaseLib stubs, edk2-stable202402 (mask 0xffec, the value also when R10 is not 0)',
  contracts: {
    TdCall: TD_CALL,
    TdVmCallCpuid: TD_VM_CALL_CPUID_WITH_RBP,
    TdVmCall: withRbp(
      TD_VM_CALL,
      'docs/abi/other-projects.md#edk2-tdvmcall (edk2 68e37f4578 (2023-11) to before 07c49d5d4017, MdePkg/Library/BaseLib/X64/TdVmcall.nasm)',
    ),
  },
};

/** November 2021 to November 2023: R11 is given back when R10 is 0. */
export const EDK2_2021: ContractSet = {
  name: 'edk2-2021',
  title: 'EDK2 BaseLib stubs, edk2-stable202111 to edk2-stable202308 (mask 0xffec, the value when R10 is 0)',
  contracts: {
    TdCall: TD_CALL,
    TdVmCallCpuid: TD_VM_CALL_CPUID_WITH_RBP,
    TdVmCall: {
      ...withRbp(
        TD_VM_CALL,
        'docs/abi/other-projects.md#edk2-tdvmcall (edk2 818bc9596d17 (2021-11) to before 68e37f4578, MdePkg/Library/BaseLib/X64/TdVmcall.nasm)',
      ),
      outputs: { fields: { val: 'r11' }, when: ['status-success', 'r10-success', 'block-given'] },
    },
  },
};
