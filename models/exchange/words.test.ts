import { describe, expect, test } from 'vitest';
import type { Values } from './exchange.js';
import {
  answerMoment,
  DISPATCHER_WORDS,
  exchangeWord,
  type ExchangeWords,
  GUEST_WORDS,
  HOST_WORDS,
  slotWord,
  WRAPPER_WORDS,
} from './words.js';

type Steps = { action: string; values: Values }[];

function word(words: ExchangeWords, moment: string, values: Values, name: string, steps: Steps = []): unknown {
  return exchangeWord({ words, moment, values, steps }, name);
}

describe('values of exchanges', () => {
  test('a sub-function is one of a standard TDVMCALL only', () => {
    expect(word(GUEST_WORDS, 'TDVMCALL', { r10: 0n, r11: 0x1fn }, 'r11')).toBe('RDMSR');
    expect(word(GUEST_WORDS, 'TDVMCALL', { r10: 5n, r11: 0x1fn }, 'r11')).toBeUndefined();
  });

  test('what an argument means follows from the sub-function', () => {
    expect(word(GUEST_WORDS, 'TDVMCALL', { r10: 0n, r11: 0x1fn, r12: 0x277n }, 'r12')).toBe('IA32_PAT');
    expect(word(GUEST_WORDS, 'TDVMCALL', { r10: 0n, r11: 0x1en, r12: 0x277n }, 'r12')).toBeUndefined();
    expect(word(GUEST_WORDS, 'TDVMCALL', { r10: 0n, r11: 0x1en, r13: 1n }, 'r13')).toBe('write');
  });

  test('the answer to a hypercall of KVM is no status', () => {
    const telling = { words: GUEST_WORDS, moment: answerMoment('TDVMCALL'), steps: [] };
    expect(exchangeWord({ ...telling, values: { r10: 0n } }, 'r10', 1n)).toBe('RETRY');
    expect(exchangeWord({ ...telling, values: { r10: 5n } }, 'r10', 1n)).toBeUndefined();
  });

  test('what a guest gets in R10 is a status if it asked for a sub-function, whatever came between', () => {
    const asked = (r10: bigint): Steps => [
      { action: 'MapGPA', values: { vcpu: 1n, r10 } },
      { action: 'hypercall', values: { vcpu: 0n, r10: 7n } },
      { action: 'complete', values: { vcpu: 1n, ret: 11n } },
    ];
    const values = { r10: 1n };
    expect(word(DISPATCHER_WORDS, 'return to guest', values, 'r10', asked(0n))).toBe('RETRY');
    expect(word(DISPATCHER_WORDS, 'return to guest', values, 'r10', asked(3n))).toBeUndefined();
    expect(word(DISPATCHER_WORDS, 'return to guest', values, 'r10')).toBeUndefined();
  });

  test('userspace, the module, a wrapper', () => {
    expect(word(DISPATCHER_WORDS, 'KVM_EXIT_HYPERCALL', { nr: 12n }, 'nr')).toBe('KVM_HC_MAP_GPA_RANGE');
    expect(word(DISPATCHER_WORDS, answerMoment('KVM_EXIT_HYPERCALL'), { 'hypercall.ret': 22n }, 'hypercall.ret')).toBe(
      'EINVAL',
    );
    expect(word(HOST_WORDS, 'SEAMCALL', { rax: 0n }, 'rax')).toBe('TDH.VP.ENTER');
    expect(word(WRAPPER_WORDS, 'return', { rax: 0xffff_fffbn }, 'rax')).toBe('-EIO');
  });

  test('what is not known has no word', () => {
    expect(word(GUEST_WORDS, 'toString', { r10: 0n }, 'r10')).toBeUndefined();
    expect(word(GUEST_WORDS, 'TDVMCALL', { r10: 0n }, 'constructor')).toBeUndefined();
    expect(exchangeWord({ words: undefined, moment: 'TDVMCALL', values: { r11: 1n }, steps: [] }, 'r11')).toBe(
      undefined,
    );
  });
});

test('names by number, and nothing behind the last one', () => {
  expect(slotWord(['shared', 'private'], 1n)).toBe('private');
  expect(slotWord(['shared', 'private'], 2n)).toBeUndefined();
  expect(slotWord(['shared', 'private'], 1n << 32n)).toBeUndefined();
  expect(slotWord({ of: (value) => (value === 3n ? 'three' : undefined) }, 3n)).toBe('three');
});
