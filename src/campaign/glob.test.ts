import { fc, test } from '@fast-check/vitest';
import { expect, test as plain } from 'vitest';
import { matchesGlob } from './glob.js';

plain.each([
  ['guest-5.19/__tdx_hypercall', 'guest-5.19/*', true],
  ['guest-5.19/__tdx_hypercall', 'guest-5x19/*', false],
  ['guest-5.19/__tdx_hypercall', '*hypercall', true],
  ['guest-5.19/__tdx_hypercall_ret', '*hypercall', false],
  ['guest-6.4/f', 'guest-6.?/f', true],
  ['guest-6.4/f', 'guest-6.??/f', false],
  ['a+b', 'a+b', true],
  ['aab', 'a+b', false],
  ['[x]', '[x]', true],
  ['a\nb', 'a*b', true],
  ['', '*', true],
  ['', '?', false],
])('%j by %j: %s', (text, glob, matches) => {
  expect(matchesGlob(text, glob)).toBe(matches);
});

test.prop([fc.string()])('a text without wildcards matches itself, and * everything', (text) => {
  const plainText = text.replaceAll(/[*?]/g, '');
  expect(matchesGlob(plainText, plainText)).toBe(true);
  expect(matchesGlob(text, '*')).toBe(true);
  expect(matchesGlob(`${plainText}x`, plainText)).toBe(false);
});
