import { expect, test } from 'vitest';
import { compileContract } from './compiled.js';
import type { Contract } from './contract.js';
import { builtInContract } from './find-contract.js';

function compiled(id: string, change: Partial<Contract> = {}): ReturnType<typeof compileContract> {
  const { set, contract } = builtInContract(id);
  return compileContract({ ...contract, ...change }, set.name);
}

test('a stub with a mask and flags of its own', () => {
  const stub = compiled('linux-5.19/__tdx_hypercall');
  expect(stub.id).toBe('linux-5.19/__tdx_hypercall');
  expect(stub.fields.map(({ name, offset }) => [name, offset])).toEqual([
    ['r10', 0],
    ['r11', 8],
    ['r12', 16],
    ['r13', 24],
    ['r14', 32],
    ['r15', 40],
  ]);
  expect([...stub.fieldRegister]).toEqual([10, 11, 12, 13, 14, 15]);
  expect(Object.fromEntries(stub.flagBits)).toEqual({ HAS_OUTPUT: 1, ISSUE_STI: 2 });
  expect([stub.flagMask, stub.ownMask, stub.maskField]).toEqual([3, 0xfc00, -1]);
  expect(stub.reachesHost).toBe(true);
  expect([stub.blockParameter?.name, stub.flagsParameter?.name, stub.leafParameter]).toEqual([
    'args',
    'flags',
    undefined,
  ]);
  expect(stub.calleeSaved).toEqual(['rbx', 'rbp', 'r12', 'r13', 'r14', 'r15']);
});

test('fields are numbered by offset, whatever their order in the contract', () => {
  const stub = compiled('linux-6.4/__tdx_hypercall');
  expect(stub.fields.map(({ name }) => name).join(' ')).toBe('r8 r9 r10 r11 r12 r13 r14 r15 rdi rsi rbx rdx');
  expect([...stub.fieldRegister]).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 3, 2]);
  expect(stub.fieldIndex.get('rdx')).toBe(11);
  const turned = compiled('linux-6.4/__tdx_hypercall', { block: { size: 96, fields: { rdx: 88, r8: 0 } }, inputs: {} });
  expect(turned.fields.map(({ name }) => name)).toEqual(['r8', 'rdx']);
  expect([...turned.fieldRegister]).toEqual([-1, -1]);
});

test('a stub whose mask is the caller’s', () => {
  const stub = compiled('linux-6.7/__tdcall_saved_ret');
  expect([stub.maskField, stub.ownMask, stub.widestMask]).toEqual([0, 0, 0xffcc]);
  expect(stub.reachesHost).toBe(true);
  expect(stub.leafParameter?.name).toBe('fn');
  expect(compiled('linux-6.7/__tdcall_saved_ret', { widestMask: '0xff00' }).widestMask).toBe(0xff00);
});

test('a stub that never reaches the host', () => {
  const stub = compiled('linux-6.4/__tdx_module_call');
  expect([stub.reachesHost, stub.maskField, stub.leafField]).toEqual([false, -1, -1]);
  expect([...stub.fieldRegister]).toEqual([-1, -1, -1, -1, -1, -1]);
});

test('Microsoft x64 keeps RDI and RSI as well', () => {
  expect(compiled('linux-6.4/__tdx_hypercall', { convention: 'ms-x64' }).calleeSaved).toEqual([
    'rbx',
    'rbp',
    'rdi',
    'rsi',
    'r12',
    'r13',
    'r14',
    'r15',
  ]);
});

test('RCX of a leaf that never reaches the host is no mask', () => {
  const inputs = { rax: { constant: '0x7' }, rcx: { constant: '0xffffffff00000001' } };
  expect(compiled('linux-6.7/__tdcall', { inputs }).ownMask).toBe(0);
});

test('a mask above bit 31 is refused', () => {
  const inputs = { rax: { constant: '0x0' }, rcx: { constant: '0x10000fc00' } };
  expect(() => compiled('linux-6.4/__tdx_hypercall', { inputs })).toThrow(RangeError);
  expect(() => compiled('linux-6.4/__tdx_hypercall', { widestMask: '0x100000000' })).toThrow(RangeError);
});
