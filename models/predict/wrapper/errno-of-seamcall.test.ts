import { expect, it } from 'vitest';
import type { Values } from '../../exchange/exchange.js';
import { follow, last, moments } from '../helper/follow.test.helper.js';
import { type Printed, seamcall } from './errno-of-seamcall.js';

const VALUES: Values = {
  fn: 32n,
  rcx: 1n,
  rdx: 2n,
  r8: 3n,
  r9: 4n,
  status_given: 1n,
  out_given: 1n,
  ...Object.fromEntries(['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'].map((name) => [`before.out.${name}`, 0xb0n])),
};
const GIVEN: Values = { rcx: 11n, rdx: 12n, r8: 13n, r9: 14n, r10: 15n, r11: 16n };
const EIO = { value: 0xfffffffbn, mask: 0xffffffffn };
const OK = { value: 0n, mask: 0xffffffffn };

/** The exchanges of a call whose SEAMCALL is answered so. */
const call = (answer: Values, values = VALUES, printed: Printed = new Set()): ReturnType<typeof follow> =>
  follow(seamcall('seed-002', printed, values), { rax: 7n }, answer, {}, {}, {}, {});

it('passes leaf and operands, and returns what came back', () => {
  const done = call({ status: 0n, ...GIVEN });
  expect(moments(done)).toEqual(['call get_cpu', 'SEAMCALL', 'call put_cpu', 'return']);
  expect(done[1].values).toEqual({ rax: 32n, rcx: 1n, rdx: 2n, r8: 3n, r9: 4n });
  expect(last(done, 'rax', 'status', 'out.rcx', 'out.r11')).toEqual([OK, 0n, 11n, 16n]);
});

it('prints a failure with its outputs, each once for all calls', () => {
  const printed: Printed = new Set();
  const failing = { status: 0x8000020000000001n, ...GIVEN };
  const first = call(failing, VALUES, printed);
  expect(moments(first).slice(2)).toEqual(['call print_failure', 'call print_outputs', 'call put_cpu', 'return']);
  expect(first[2].values).toEqual({ cpu: { value: 7n, mask: 0xffffffffn }, leaf: 32n, status: 0x8000020000000001n });
  expect(first[3].values).toEqual(GIVEN);
  expect(last(first, 'rax', 'status')).toEqual([EIO, 0x8000020000000001n]);
  expect(moments(call(failing, VALUES, printed)).slice(2)).toEqual(['call put_cpu', 'return']);
});

it('prints the outputs at the first failure that has any', () => {
  const printed: Printed = new Set();
  const without = call({ status: 1n, ...GIVEN }, { ...VALUES, out_given: 0n }, printed);
  expect(moments(without)).toContain('call print_failure');
  expect(moments(without)).not.toContain('call print_outputs');
  const second = call({ status: 1n, ...GIVEN }, VALUES, printed);
  expect(moments(second).slice(2)).toEqual(['call print_outputs', 'call put_cpu', 'return']);
});

it.each([
  ['VMfailInvalid', { carry: 1n }, 'call print_not_loaded', 0x8000ff00ffff0000n, 0xffffffedn],
  ['#GP', { vector: 13n }, 'call print_not_enabled', 0x8000ff000000000dn, 0xffffffedn],
  ['#UD', { vector: 6n }, 'call print_not_in_vmx', 0x8000ff0000000006n, 0xffffffean],
])('%s: no outputs, and a message of its own', (_, answer, message, status, result) => {
  const done = call(answer);
  expect(moments(done).slice(2)).toEqual([message, 'call put_cpu', 'return']);
  expect(last(done, 'rax', 'status', 'out.rcx')).toEqual([{ value: result, mask: 0xffffffffn }, status, 0xb0n]);
});

it('says nothing of places that the caller did not give', () => {
  const done = call({ status: 0n, ...GIVEN }, { ...VALUES, status_given: 0n, out_given: 0n });
  expect(Object.keys(done[3].values)).toEqual(['rax']);
});
