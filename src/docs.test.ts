/** What the code cites is there to be opened, and the pages link to what is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { REQUIREMENTS } from '../models/abi/requirements/all.js';
import { SEAMCALL_LEAVES } from '../models/abi/seamcall-leaves.js';
import { STATUS_CODES } from '../models/abi/status-codes.js';
import { TDCALL_LEAVES } from '../models/abi/tdcall-leaves.js';
import { TDVMCALL_FUNCTIONS } from '../models/abi/tdvmcall.js';
import { PROPERTIES } from '../properties/all.js';
import { CONTRACT_SETS } from './contract/library/sets.js';
import {
  anchorsOf,
  deadCitations,
  deadLinks,
  filesBelow,
  readPages,
  resolves,
  sourceFaults,
} from './docs.test.helper.js';
import { packageRoot } from './package-info.js';

const root = packageRoot();
const pages = readPages(root);
const page = (name: string): string => readFileSync(join(root, 'docs/abi', name), 'utf8');
/** These plant what is dead. */
const OWN = [
  'src/docs.test.ts',
  'src/docs.test.helper.ts',
  'src/reference/site.test.ts',
  'models/abi/requirements/requirements.test.ts',
];

describe('code', () => {
  const code = [
    ...['src', 'models', 'properties'].flatMap((folder) => [
      ...filesBelow(root, folder, (name) => name.endsWith('.ts')),
    ]),
    ...['corpus/targets', 'corpus/bugs', 'corpus/cases'].flatMap((folder) => [
      ...filesBelow(root, folder, (name) => /\.(S|c|h|json)$/.test(name)),
    ]),
  ];

  it('cites pages and headings that are there, and nothing that is nowhere', () => {
    expect(code.length).toBeGreaterThan(400);
    const cited = code.filter(([, text]) => text.includes('docs/abi/')).length;
    expect(cited).toBeGreaterThan(100);
    expect(
      code.filter(([file]) => !OWN.includes(file)).flatMap(([file, text]) => deadCitations(pages, file, text)),
    ).toEqual([]);
  });

  it.each([
    ['see docs/abi/tdcall.md#no-such-heading', 'docs/abi/tdcall.md#no-such-heading'],
    ['see docs/abi/no-such-page.md#leaves.', 'docs/abi/no-such-page.md#leaves'],
    ['(docs/nowhere.md)', 'docs/nowhere.md'],
    ["source: 'facts/module.md 4'", 'facts/'],
    ['as linux.md 1.6 has it', 'linux.md'],
    ['seeds/002', 'seeds/002'],
  ])('a planted citation is seen: %s', (text, name) => {
    expect(deadCitations(pages, 'a.ts', text)).toContain(`a.ts: ${name}`);
  });

  it.each(['docs/abi/tdcall.md#leaves', 'docs/abi/tdvmcall.md', 'docs/abi/linux-stubs.md#host-stubs (v6.8)'])(
    'a good one is passed over: %s',
    (text) => expect(deadCitations(pages, 'a.ts', text)).toEqual([]),
  );
});

describe('every source is a list of places in docs', () => {
  test.each(PROPERTIES.map(({ name, source }) => [name, source]))('property %s', (_name, source) => {
    expect(sourceFaults(pages, source)).toEqual([]);
  });

  const contracts = CONTRACT_SETS.flatMap(({ name, contracts: stubs, programs = {} }) =>
    Object.entries({ ...stubs, ...programs }).map(([symbol, { source }]) => [`${name}/${symbol}`, source] as const),
  );
  test.each(contracts)('contract %s', (_name, source) => expect(sourceFaults(pages, source)).toEqual([]));

  test('clauses of the ABI', () => {
    for (const { id, source } of REQUIREMENTS)
      for (const part of source) expect(sourceFaults(pages, part), id).toEqual([]);
  });

  test.each([
    ['docs/abi/tdcall.md#leaves; docs/abi/tdcall.md#no', ['docs/abi/tdcall.md#no']],
    ['docs/abi/tdcall.md', ['docs/abi/tdcall.md']],
    ['Intel SDM', ['Intel SDM']],
    ['docs/abi/tdcall.md#leaves (1.5.01)', []],
  ])('%j lacks %j', (source, faults) => expect(sourceFaults(pages, source)).toEqual(faults));
});

describe('pages', () => {
  const texts = [
    ...filesBelow(root, 'docs', (name) => name.endsWith('.md')),
    ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
      .filter((name) => existsSync(join(root, name)))
      .map((name) => [name, readFileSync(join(root, name), 'utf8')] as const),
  ];
  const exists = (path: string): boolean => existsSync(join(root, path));

  test.each(texts)('%s links to what is there', (file, text) => {
    expect(deadLinks(pages, file, text, exists)).toEqual([]);
    expect(deadCitations(pages, file, text)).toEqual([]);
  });

  test('the architecture names every folder of the sources', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    expect(folders.map(({ name }) => name).filter((name) => !text.includes(`\`src/${name}\``))).toEqual([]);
  });

  test('a planted link is seen', () => {
    const text =
      '# A\n[x](tdcall.md#no) [y](nothing.md) [z](#a) [w](#b) [v](https://example.org)\n```\n[u](no.md)\n```\n';
    expect(deadLinks(pages, 'docs/abi/new.md', text, exists)).toEqual([
      'docs/abi/new.md: tdcall.md#no',
      'docs/abi/new.md: nothing.md',
      'docs/abi/new.md: #b',
    ]);
  });

  test('anchors are those that GitHub makes', () => {
    const text = '# TDG.VP.VMCALL\n## `tdx_map_gpa`\n## A b, c\n```\n# no heading\n```\n### A b, c\n';
    expect([...anchorsOf(text)]).toEqual(['tdgvpvmcall', 'tdx_map_gpa', 'a-b-c', 'a-b-c-1']);
  });
});

describe('the pages of the ABI say what the tables say', () => {
  const hex = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`;

  test('every leaf of TDCALL and SEAMCALL has a section with its number', () => {
    for (const [name, leaves] of [
      ['tdcall.md', TDCALL_LEAVES],
      ['seamcall.md', SEAMCALL_LEAVES],
    ] as const)
      for (const leaf of leaves) expect(page(name)).toContain(`\n### ${leaf.name}\n\nLeaf ${leaf.leaf}, version`);
  });

  test('every sub-function has a section', () => {
    for (const { name } of TDVMCALL_FUNCTIONS)
      expect(resolves(pages, `docs/abi/tdvmcall.md#${name.toLowerCase().replace(/[^a-z0-9]/g, '')}`), name).toBe(true);
  });

  test('every status word has a row', () => {
    const rows = page('status-codes.md').toLowerCase();
    for (const { name, value } of STATUS_CODES) expect(rows).toContain(`| ${name.toLowerCase()} | ${hex(value)} |`);
  });
});
