import { expect, it } from 'vitest';
import type { Values } from '../../exchange/exchange.js';
import { panic } from './fatal-error.js';
import { follow, LINUX, moments, OK } from './follow.test.helper.js';

function message(text: string): Values {
  const bytes = new Uint8Array(80).fill(0xee);
  bytes.set(new TextEncoder().encode(`${text}\0`));
  const words = new BigUint64Array(bytes.buffer);
  return Object.fromEntries([...words].map((word, index) => [`msg.${index}`, word]));
}

it('packs the first byte lowest, register by register, and 0 behind the end', () => {
  const [call] = follow(panic(LINUX, message('ABCDEFGHIJ')));
  expect(call.values).toMatchObject({ r11: 0x10003n, r12: 0n, r13: 0n, r14: 0x4847464544434241n, r15: 0x4a49n });
  expect(call.values).toMatchObject({ rbx: 0n, rdi: 0n, rsi: 0n, r8: 0n, r9: 0n, rdx: 0n });
});

it('packs 64 bytes and no more', () => {
  const [call] = follow(panic(LINUX, message('a'.repeat(56) + 'bbbbbbbbc')));
  expect(call.values).toMatchObject({ r9: 0x6161616161616161n, rdx: 0x6262626262626262n });
});

it('outlives a host that returns, and stops when TDCALL fails', () => {
  const outlived = follow(panic(LINUX, message('x')), OK);
  expect(moments(outlived)).toEqual(['TDVMCALL', 'TDVMCALL']);
  expect(outlived[1]).toMatchObject({ values: { rax: 0n, rcx: 0xffccn }, last: true });
  expect(moments(follow(panic(LINUX, message('x')), { status: 1n }))).toEqual(['TDVMCALL', 'stop']);
});
