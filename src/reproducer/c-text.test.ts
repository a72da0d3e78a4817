import { fc, test } from '@fast-check/vitest';
import { expect, test as plain } from 'vitest';
import { c64, cComment, cList, cString } from './c-text.js';

/** What C makes of a literal with octal escapes. */
function meaning(literal: string): string {
  const bytes: number[] = [];
  const inner = literal.slice(1, -1);
  for (let at = 0; at < inner.length;) {
    const octal = /^\\([0-7]{3})/.exec(inner.slice(at));
    bytes.push(octal === null ? inner.charCodeAt(at) : Number.parseInt(octal[1], 8));
    at += octal === null ? 1 : 4;
  }
  return Buffer.from(bytes).toString('utf8');
}

const any = fc.string({ unit: 'grapheme' });

test.prop([fc.oneof(any, fc.string({ unit: 'binary-ascii' }))])('a string literal means its text', (text) => {
  const literal = cString(text);
  expect(literal).toMatch(/^"([ !#->@-[\]-~]|\\[0-7]{3})*"$/);
  expect(meaning(literal)).toBe(text);
});

test.prop([fc.string({ unit: fc.constantFrom('*', '/', '?', '\\', '\n', '\r', 'a', '"', "'", 'ü') })])(
  'a comment does not end, continue or translate',
  (text) => {
    expect(cComment(text)).not.toMatch(/\*|\?|\\|[\r\n]|[^ -~]/);
  },
);

plain('numbers are unsigned and 64 bits wide', () => {
  expect(c64(-1n)).toBe('0xffffffffffffffffULL');
  expect(c64(0n)).toBe('0x0ULL');
  expect(cList(['1', '2', '3'], 2, ' ')).toBe(' 1, 2,\n 3,');
});
