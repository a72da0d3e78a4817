import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { ExchangeDocument } from '../run/trace-document.js';
import { storyText } from './story-text.js';

const call = (values: ExchangeDocument['values'], more: Partial<ExchangeDocument> = {}): ExchangeDocument => ({
  moment: 'TDVMCALL',
  values,
  answered: [['r10', '0x1', 'RETRY']],
  ...more,
});

function told(...exchanges: ExchangeDocument[]): string[] {
  const text = storyText({ steps: [{ text: 'a step', impossible: false, exchanges }], leftOut: 0 });
  return stripVTControlCharacters(text)
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

const R12 = { name: 'r12', value: '0x1000' };

test('words stand before their numbers, and a number that has none stands alone', () => {
  expect(told(call([{ name: 'r11', value: '0x10001', word: 'MapGPA' }, R12]))).toEqual([
    'TDVMCALL  r11=MapGPA (0x10001)  r12=0x1000',
    'answered  r10=RETRY (1)',
  ]);
});

test('of the same exchange again only what differs is told', () => {
  expect(told(call([R12]), call([{ name: 'r12', value: '0x2000' }]), call([{ ...R12, expected: '0x3000' }]))).toEqual([
    'TDVMCALL  r12=0x1000',
    'answered  r10=RETRY (1)',
    'TDVMCALL again  r12=0x2000',
    'answered the same',
    'TDVMCALL again  r12=0x1000, must be 0x3000',
    'answered the same',
  ]);
});

test('an exchange that no longer shows a value is told whole', () => {
  const r13 = { name: 'r13', value: '0x5' };
  expect(told(call([R12, r13]), call([R12]))[2]).toBe('TDVMCALL  r12=0x1000');
  expect(told(call([R12]), call([R12, r13]))[2]).toBe('TDVMCALL again  r13=5');
});

test('what must be there instead, and nothing more', () => {
  expect(told(call([R12], { instead: 'return', answered: [] })).at(-1)).toBe('must be return instead');
  expect(told({ values: [], answered: [], instead: 'return' })).toEqual(['nothing more, must be return']);
});

test('words of symbols are somebody else’s text', () => {
  expect(told(call([{ ...R12, word: 'a\x1b[2Jb+0x4' }]))[0]).toBe('TDVMCALL  r12=a\\x1b[2Jb+0x4 (0x1000)');
});
