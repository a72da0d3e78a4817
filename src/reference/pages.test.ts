/** The committed pages are those that the code makes, and say what they must. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { PROPERTIES } from '../../properties/all.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { packageRoot } from '../package-info.js';
import { cell, inCode, linkedSource, REFERENCE_FOLDER } from './markdown.js';
import { referencePages } from './pages.js';
import { type JsonSchema, wordsOf, wordTable } from './schema-words.js';

const folder = join(packageRoot(), REFERENCE_FOLDER);
let made: Record<string, string>;
beforeAll(async () => {
  made = await referencePages();
});

test('the files in docs/reference are those that npm run build:docs writes, and no others', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(made).sort());
  for (const [name, text] of Object.entries(made)) expect(readFileSync(join(folder, name), 'utf8'), name).toBe(text);
});

test('every property has a section with what explain prints', () => {
  for (const { name, rule, example, fix } of PROPERTIES) {
    const [, rest = ''] = made['properties.md'].split(`\n### ${name}\n`);
    const section = rest.split('\n### ')[0];
    for (const text of [rule, example, fix, '](../']) expect(section, name).toContain(text);
  }
});

test('every contract of the library has a row', () => {
  for (const set of CONTRACT_SETS)
    for (const symbol of Object.keys({ ...set.contracts, ...set.programs }))
      expect(made['contracts.md']).toContain(`| \`${set.name}/${symbol}\` |`);
});

test('every command has its help, in 100 columns', () => {
  const page = made['command-line.md'];
  for (const name of ['fuzz', 'gate', 'nightly', 'replay', 'explain'])
    expect(page).toContain(`Usage: tdxfuzz ${name} `);
  const help = page.split('```').filter((_, index) => index % 2 === 1);
  for (const line of help.join('').split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
});

describe('words of a schema', () => {
  const schema: JsonSchema = {
    properties: {
      size: { type: 'integer', minimum: 8, maximum: 128, description: 'In bytes | words.' },
      kind: { enum: ['a', 'b'] },
      places: {
        type: 'array',
        items: { anyOf: [{ properties: { at: { const: 1 } } }, { properties: { at: { type: 'string' } } }] },
      },
      fields: { additionalProperties: { type: 'string', pattern: '^0x[0-9a-f]$' } },
      again: { $ref: '#/$defs/again' },
    },
    required: ['size', 'kind'],
    $defs: { again: { properties: { again: { $ref: '#/$defs/again' } }, description: 'Itself.' } },
  };

  it('are told with what they may be', () => {
    expect(wordsOf(schema).slice(0, 5)).toEqual([
      { path: 'size', kind: 'integer from 8 to 128', required: true, description: 'In bytes | words.' },
      { path: 'kind', kind: 'one of "a", "b"', required: true, description: '' },
      { path: 'places', kind: 'list of { at }', required: false, description: '' },
      { path: 'places[].at', kind: '1 or text', required: false, description: '' },
      { path: 'fields', kind: 'NAME: text 0x...', required: false, description: '' },
    ]);
  });

  it('end, also where one names itself', () => {
    expect(wordsOf(schema).filter(({ path }) => path.startsWith('again')).length).toBeLessThan(15);
    expect(wordsOf(schema, (path) => !path.startsWith('again'))).toHaveLength(5);
  });

  it('stay in their cells', () => {
    const rows = wordTable(wordsOf(schema));
    expect(rows[2]).toBe('| `size` | integer from 8 to 128 | yes | In bytes \\| words. |');
    expect(cell('a\nb')).toBe('a b');
    expect(inCode('a`b')).toBe('`` a`b ``');
  });
});

test('a source is links and remarks', () => {
  expect(linkedSource('docs/abi/tdcall.md#leaves (1.5.01); Intel SDM')).toBe(
    '[abi/tdcall.md#leaves](../abi/tdcall.md#leaves) (1.5.01); Intel SDM',
  );
});
