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

/** The textbook recursion. */
function slowMatch(text: string, glob: string): boolean {
  if (glob === '') return text === '';
  if (glob[0] === '*') return slowMatch(text, glob.slice(1)) || (text !== '' && slowMatch(text.slice(1), glob));
  return text !== '' && (glob[0] === '?' || glob[0] === text[0]) && slowMatch(text.slice(1), glob.slice(1));
}

const letters = (...all: string[]) => fc.string({ unit: fc.constantFrom(...all), maxLength: 8 });

test.prop([letters('a', 'b', '*'), letters('a', 'b', '*', '?')])('agrees with the recursion', (text, glob) => {
  expect(matchesGlob(text, glob)).toBe(slowMatch(text, glob));
});

plain('a thousand stars over a long name are no trouble', () => {
  expect(matchesGlob(`${'a'.repeat(4000)}c`, `${'*a'.repeat(1000)}*b`)).toBe(false);
  expect(matchesGlob(`${'a'.repeat(4000)}b`, `${'*a'.repeat(1000)}*b`)).toBe(true);
});
