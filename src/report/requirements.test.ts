/** The requirements view as text. */
import { expect, test, vi } from 'vitest';
import type { RequirementRow } from '../requirements/rows.js';
import { requirementsMarkdown, requirementTables } from './requirements.js';

vi.mock('../text/colours.js', () => {
  const mark =
    (name: string) =>
    (text: string): string =>
      `<${name}>${text}</${name}>`;
  return { colours: { red: mark('red'), yellow: mark('yellow'), bold: mark('bold'), dim: (text: string) => text } };
});

const CHECKED: RequirementRow = {
  id: 'a.checked',
  area: 'first area',
  statement: 'One thing.',
  source: 'docs/abi/tdcall.md#rax-layout',
  standing: 'observed',
  checkedBy: ['issues-sti', 'keeps-stack'],
  targets: ['one', 'two'],
  cases: 42,
  evidence: ['twin a', 'twin b', 'at least 7 mutants'],
  gap: '',
};
const UNPROVED: RequirementRow = { ...CHECKED, id: 'a.unproved', evidence: [] };
const UNCHECKED: RequirementRow = {
  ...CHECKED,
  id: 'b.unchecked',
  area: 'second area',
  checkedBy: [],
  targets: [],
  cases: 0,
  evidence: [],
  gap: 'nobody | does',
};
const ROWS = [CHECKED, UNPROVED, UNCHECKED];

test('a clause that nobody checks is red, in its area and in the list at the end', () => {
  const lines = requirementTables(ROWS).split('\n');
  const about = (id: string): string[] => lines.filter((line) => line.includes(id));
  expect(about('a.checked')).toHaveLength(1);
  expect(requirementTables([CHECKED])).toMatch(
    /checked by issues-sti, keeps-stack .*\s+on 2 targets, in 42 cases; proved by .*\s+2 twins, at least 7 mutants/,
  );
  expect(about('a.checked')[0]).not.toContain('<red>');
  expect(requirementTables([UNPROVED])).toContain('<yellow>nothing</yellow>');
  expect(about('b.unchecked')).toHaveLength(2);
  for (const line of about('b.unchecked')) expect(line).toContain('<red>UNCHECKED</red>');
  expect(about('b.unchecked')[1]).toContain('nobody | does');
  expect(lines.filter((line) => line.startsWith('<bold>'))).toEqual([
    '<bold>first area</bold>',
    '<bold>second area</bold>',
  ]);
});

test('the last line counts', () => {
  expect(requirementTables(ROWS).split('\n').at(-1)).toBe(
    '<red>2 of 3 clauses are checked, 1 are UNCHECKED</red>; <yellow>nothing shows of 1 that the check can fail</yellow>',
  );
  expect(requirementTables([CHECKED]).split('\n').at(-1)).toBe(
    '1 of 1 clauses are checked, 0 are UNCHECKED; nothing shows of 0 that the check can fail',
  );
});

test('Markdown has a table for each area, and no cell that breaks it', () => {
  const text = requirementsMarkdown([{ ...CHECKED, statement: 'a | b' }, UNCHECKED]);
  expect(text).toContain('## First area');
  expect(text).toContain(
    '| a.checked | a \\| b | docs/abi/tdcall.md#rax-layout | observed | issues-sti, keeps-stack | 2 | 42 | 2 twins, at least 7 mutants |',
  );
  expect(text).toContain(
    '| b.unchecked | One thing. | docs/abi/tdcall.md#rax-layout | observed | **UNCHECKED** | - | - | - |',
  );
});
