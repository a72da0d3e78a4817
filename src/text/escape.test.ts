import { expect, test } from 'vitest';
import { escapeName, shorten } from './escape.js';

test('leaves plain names alone', () => {
  expect(escapeName('__tdx_hypercall_ret')).toBe('__tdx_hypercall_ret');
  expect(escapeName('größe 漢字 😀')).toBe('größe 漢字 😀');
});

test('shows what would move the cursor or the text', () => {
  expect(escapeName('a\x1b[2J\r\n\x7f\x9b\u202e\u2028\ud800')).toBe(
    'a\\x1b[2J\\x0d\\x0a\\x7f\\x9b\\u202e\\u2028\\ud800',
  );
});

test('cuts long names', () => {
  expect(shorten('abcdef', 3)).toBe('abc...');
  expect(shorten('abc', 3)).toBe('abc');
});
