import { execFileSync } from 'node:child_process';
import { fc, test } from '@fast-check/vitest';
import { expect, test as plain } from 'vitest';
import { shellQuote } from './shell-quote.js';

plain('leaves plain words alone, and quotes an empty one', () => {
  expect(shellQuote('reports/out/a-1.json')).toBe('reports/out/a-1.json');
  expect(shellQuote('')).toBe("''");
});

// The shell itself says what it was given.
test.prop(
  [
    fc.array(
      fc.string({ unit: 'binary-ascii' }).map((text) => text.replaceAll('\0', '')),
      { maxLength: 20 },
    ),
  ],
  {
    numRuns: 30,
  },
)('a shell gets the words back', (words) => {
  const command = `for word in ${words.map(shellQuote).join(' ')}; do printf '%s\\0' "$word"; done`;
  const printed = execFileSync('/bin/sh', ['-c', command]).toString('utf8');
  expect(printed.split('\0').slice(0, -1)).toEqual(words);
});
