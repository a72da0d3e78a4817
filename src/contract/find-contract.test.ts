import { expect, test } from 'vitest';
import { UsageError } from '../errors.js';
import { builtInContract, findContract, findContractSet } from './find-contract.js';
import { LINUX_5_19 } from './library/linux-5.19.js';
import { LINUX_6_4 } from './library/linux-6.4.js';
import { CONTRACT_SETS } from './library/sets.js';

test('finds a set and a contract by name', () => {
  expect(findContractSet('linux-6.4')).toBe(LINUX_6_4);
  const { set, contract } = builtInContract('linux-6.4/__tdx_hypercall_ret');
  expect(set).toBe(LINUX_6_4);
  expect(contract.symbol).toBe('__tdx_hypercall_ret');
});

/** Sets that stay as they are, whatever the library gains. */
const SETS = [LINUX_5_19, LINUX_6_4].map((set) => ({
  ...set,
  contracts: {
    __tdx_hypercall: set.contracts['__tdx_hypercall'],
    __tdx_module_call: set.contracts['__tdx_module_call'],
  },
}));

test.each([
  ['linux-6.5/f', 'no contract set linux-6.5; nearest: linux-6.4, linux-5.19 (a file of your own ends in .json)'],
  ['zzz/f', 'no contract set zzz; known: linux-5.19, linux-6.4 (a file of your own ends in .json)'],
  ['linux-6.4/__tdx_hypercal', /^linux-6\.4 has no function __tdx_hypercal; nearest: __tdx_hypercall/],
  ['linux-6.4/q', 'linux-6.4 has no function q; known: __tdx_hypercall, __tdx_module_call'],
  ['linux-6.4/constructor', /^linux-6\.4 has no function constructor; known: /],
  ['__tdcall', '__tdcall: a contract is named SET/FUNCTION, for example linux-6.4/__tdx_hypercall'],
])('%s names nothing: the nearest names are said', (id, message) => {
  expect(() => findContract(id, SETS)).toThrow(typeof message === 'string' ? new UsageError(message) : message);
  expect(() => findContract(id, SETS)).toThrow(UsageError);
});

test('the built-in sets are those of the library', () => {
  for (const { name } of CONTRACT_SETS) expect(findContractSet(name).name).toBe(name);
});

test('a name that ends in .json is a file', () => {
  expect(() => findContractSet('nowhere/mine.json')).toThrow(/^nowhere\/mine\.json: no such file; /);
});
