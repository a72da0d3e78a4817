import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fittedTable } from './fitted-table.js';

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), minLength: 1, maxLength: 14 });
const cell = fc.array(word, { minLength: 1, maxLength: 40 }).map((words) => words.join(' '));
const name = fc.string({ unit: fc.constantFrom('n', 'm', '/', '-'), minLength: 1, maxLength: 60 });
const rows = fc
  .integer({ min: 1, max: 4 })
  .chain((columns) =>
    fc.array(fc.tuple(name, fc.array(cell, { minLength: columns, maxLength: columns })), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map((all) => all.map(([key, cells]) => [key, ...cells]));

test('no line is wider than the terminal, every name is whole, and no word is lost', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 80, max: 140 }), (table, width) => {
      const text = fittedTable(table, width);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      const letters = (from: string): string => from.replaceAll(/\s+/g, '').split('').sort().join('');
      for (const [key] of table) expect(text).toContain(key);
      expect(letters(text)).toBe(letters(table.flat().join('')));
    }),
    { numRuns: 200 },
  );
});

test('what fits stands on one line', () => {
  expect(fittedTable([['a', 'some text', 'b']])).toBe('  a  some text  b');
});

test('without room beside the names, what is said of them stands below', () => {
  expect(fittedTable([['n'.repeat(90), 'some text']]).split('\n')).toEqual([`  ${'n'.repeat(90)}`, '    some text']);
});
