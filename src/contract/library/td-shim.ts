/**
 * The stubs of td-shim's crate tdx-tdcall (tdx-tdcall/src/asm), in Microsoft x64 (`extern "win64"`). Facts: docs/abi/other-projects.md#td-shim-asm_td_call and
 * the commits named below of github.com/confidential-containers/td-shim, read in their sources.
 *
 * NULL means no call: the stubs test for it, and what they return then is nobody's.
 */
import type { Contract, ContractSet } from '../contract.js';
import { fromFields, NARROW_LEAVES, toFields } from './linux-shapes.js';

type Fields = NonNullable<Contract['block']>['fields'];
type Register = keyof Contract['inputs'];

/** 64-bit fields one behind the other. */
function fieldsOf(registers: readonly Register[]): Fields {
  return Object.fromEntries(registers.map((register, index) => [register, 8 * index]));
}

const COMMON = {
  convention: 'ms-x64',
  instruction: 'tdcall',
  redZone: false,
  vectorState: 'convention',
} satisfies Partial<Contract>;

/** `extern "win64" fn asm_td_call(args: *mut TdcallArgs) -> u64`: every field to its register and back, RAX too. */
function tdCall(registers: readonly Register[], when: Contract['outputs']['when'], source: string): Contract {
  return {
    ...COMMON,
    symbol: 'asm_td_call',
    source: `docs/abi/other-projects.md#td-shim-asm_td_call (${source}, tdx-tdcall/src/asm/tdcall.asm)`,
    parameters: [
      { kind: 'block', name: 'args', place: { register: 'rcx' }, nullable: true, whenNull: { returns: 'nothing' } },
    ],
    block: { size: 8 * registers.length, fields: fieldsOf(registers) },
    inputs: fromFields(registers),
    leaves: NARROW_LEAVES,
    outputs: { fields: toFields(registers), when },
    returns: 'status',
    onFailure: 'returns',
    scrubsHostValues: false,
  };
}

const EXPOSED = ['r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;
const EXPOSED_WIDE = ['rdx', 'rbx', 'rsi', 'rdi', 'r8', 'r9', ...EXPOSED] as const;

/** `extern "win64" fn asm_td_vmcall(args: *mut TdVmcallArgs) -> u64` */
function vmcall(symbol: string, mask: string, registers: readonly Register[], source: string): Contract {
  return {
    ...COMMON,
    symbol,
    source: `docs/abi/other-projects.md#td-shim-asm_td_vmcall (${source})`,
    parameters: [
      { kind: 'block', name: 'args', place: { register: 'rcx' }, nullable: true, whenNull: { returns: 'nothing' } },
    ],
    block: { size: 8 * registers.length, fields: fieldsOf(registers) },
    inputs: { rax: { constant: '0x0' }, rcx: { constant: mask }, ...fromFields(registers) },
    leaves: [0],
    outputs: { fields: toFields(registers), when: [] },
    returns: 'r10',
    onFailure: 'stops',
    scrubsHostValues: true,
  };
}

/** With `do_sti: u64` in RDX: anything but 0 asks for it. */
function withSti(contract: Contract): Contract {
  const asked = { kind: 'value', name: 'do_sti', place: { register: 'rdx' } } as const;
  return { ...contract, parameters: [...contract.parameters, asked], sti: { when: [{ nonzero: asked.name }] } };
}

const NARROW_CALL = ['rax', 'rcx', 'rdx', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13'] as const;

const VMCALL_WITH_STI = withSti(
  vmcall(
    'asm_td_vmcall',
    '0xfc00',
    EXPOSED,
    'td-shim 98bbc6e (2023-04) to 125eeab (2026), tdx-tdcall/src/asm/tdvmcall.asm',
  ),
);

const VMCALL_EX = withSti(
  vmcall(
    'asm_td_vmcall_ex',
    '0xffcc',
    EXPOSED_WIDE,
    'td-shim 2f8da52 (2025-04) to 125eeab (2026), tdx-tdcall/src/asm/tdvmcall_ex.asm',
  ),
);

/** From January 2026 on: R14 is a field of asm_td_call. */
export const TD_SHIM: ContractSet = {
  name: 'td-shim',
  title: 'td-shim stubs, January 2026 and later (asm_td_call with R14, asm_td_vmcall, asm_td_vmcall_ex)',
  contracts: {
    asm_td_call: tdCall([...NARROW_CALL, 'r14'], [], 'td-shim d597e3b (2026-01) and later'),
    asm_td_vmcall: VMCALL_WITH_STI,
    asm_td_vmcall_ex: VMCALL_EX,
  },
};

/** June 2024 to January 2026: every field is written back whatever the status says. */
export const TD_SHIM_2024: ContractSet = {
  name: 'td-shim-2024',
  title: 'td-shim stubs, June 2024 to January 2026 (asm_td_call writes back always)',
  contracts: {
    asm_td_call: tdCall(NARROW_CALL, [], 'td-shim 7e345ca (2024-06) to before d597e3b'),
    asm_td_vmcall: VMCALL_WITH_STI,
    asm_td_vmcall_ex: VMCALL_EX,
  },
};

/** April 2023 to June 2024, v0.6.0 to v0.8.0: asm_td_call writes back on success only. */
export const TD_SHIM_2023: ContractSet = {
  name: 'td-shim-2023',
  title: 'td-shim stubs, v0.6.0 to v0.8.0 (asm_td_vmcall with do_sti)',
  contracts: {
    asm_td_call: tdCall(NARROW_CALL, ['status-success'], 'td-shim e5e661d (2022-05) to before 7e345ca'),
    asm_td_vmcall: VMCALL_WITH_STI,
  },
};

/** June 2022 to April 2023, v0.4.0 and v0.5.0: no STI. */
export const TD_SHIM_2022: ContractSet = {
  name: 'td-shim-2022',
  title: 'td-shim stubs, v0.4.0 and v0.5.0 (asm_td_vmcall without do_sti)',
  contracts: {
    asm_td_call: tdCall(NARROW_CALL, ['status-success'], 'td-shim e5e661d (2022-05) to before 7e345ca'),
    asm_td_vmcall: vmcall(
      'asm_td_vmcall',
      '0xfc00',
      EXPOSED,
      'td-shim 30c7bc0 (2022-06) to before 98bbc6e, tdx-tdcall/src/asm/tdvmcall.asm',
    ),
  },
};
