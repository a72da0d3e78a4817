import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-info.js';
import { findingText } from '../report/finding-text.js';
import { REGIONS } from '../stage/layout.js';
import { accountsOf } from '../finding/account.js';
import { documentOf } from '../finding/document.js';
import { validateCase } from './case-file.js';
import { makeCase } from './make-case.js';
import { openCase } from './open-case.js';
import { differingValues } from './stored-values.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Parent = Json[] | { [key: string]: Json };

/** Of schema 1, as they are stored; then of schema 2. */
const CASE_1: readonly string[] = [
  'null-output-5.19',
  'args-in-exposed-register-6.3',
  'missing-scrub-r10-5.19',
  'helper-7.3-in-clears-rax',
].map((name) => readFileSync(join(packageRoot(), `corpus/cases/${name}.json`), 'utf8'));
const CASE_2 = CASE_1.map((file) => JSON.stringify(validateCase(JSON.parse(file), 'stored.json')));
const VALID: readonly string[] = [...CASE_1, ...CASE_2];

/** Everything that `replay` does with a file. @returns 'judged', or the message of the UsageError; anything else is thrown */
function replay(json: unknown): string {
  try {
    const file = validateCase(json, 'hostile.json');
    const { runner, values } = openCase(file, 'hostile.json');
    const scenario = differingValues(values, runner.space);
    for (const account of accountsOf(runner, values)) {
      const { signature, expected, actual } = account;
      const { contract } = file;
      const document = documentOf(account, runner);
      const text = findingText(
        { ...signature, expected, actual, scenario, document, case: { contract } },
        { title: 'violation', replay: 'replay' },
      );
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001a\u001c-\u001f\u202e]/);
    }
    runner.run(values);
    makeCase(runner, values, undefined, null);
    return 'judged';
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.message.split('\n')).toHaveLength(1);
    return error.message;
  }
}

/** Every value in a document, as its parent and its key there. */
function places(parent: Parent): { parent: Parent; key: string }[] {
  return Object.entries(parent).flatMap(([key, value]) => [
    { parent, key },
    ...(typeof value === 'object' && value !== null ? places(value) : []),
  ]);
}

const address = fc.constantFrom(
  '0x0',
  '0x1',
  '0xfff',
  '0x1000',
  '0x800000000000',
  '0x7ffffffff000',
  '0x7fffffffffff',
  '0xffff7ffffffff000',
  '0xfffffffffffff000',
  '0xffffffffffffffff',
  '0xffffffff81000000',
  '0xffffffff81001000',
  '0xffffffff80fff000',
  '0xffffffffa0000000',
  '0xffffffffa0000ff0',
  '0xffffffffa0000ffe',
  '0xffff88813bc00000',
  ...REGIONS.flatMap(({ stack, block, readOnly, unmapped, returnAddress }) =>
    [stack.address, stack.address - 0x1000n, block.address + 0x2000n, readOnly.address, unmapped, returnAddress].map(
      (value) => `0x${value.toString(16)}`,
    ),
  ),
);
const hostile: fc.Arbitrary<Json> = fc.oneof(
  address,
  address,
  fc.constantFrom<Json>(
    null,
    true,
    -1,
    0,
    1.5,
    1e308,
    0x100000,
    '',
    '..',
    '../../etc/passwd',
    '\x1b[2J\n\u202e',
    'x'.repeat(5000),
    '__proto__',
    'constructor',
    'toString',
    'panic',
    '__x86_return_thunk',
    '__x86_indirect_thunk_r11',
    'rsp',
    'rwx',
    '---',
    '--x',
    'AAAA',
    '!!!!',
    'ms-x64',
    'r10-success',
    'status',
    [],
    {},
    [[]],
    { register: 'rdi' },
    { field: 'constructor' },
    { flag: 'toString' },
    { constant: '0xffffffffffffffff' },
    Array.from({ length: 5000 }, () => 0),
  ),
  fc.integer(),
  fc.string({ maxLength: 20 }),
);

const mutation = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'repeat'),
  value: hostile,
  key: fc.constantFrom('extra', '__proto__', 'constructor', 'entry.rdi', 'rbx', 'block.field15'),
});

function mutate(
  document: Parent,
  { at, kind, value, key: added }: typeof mutation extends fc.Arbitrary<infer T> ? T : never,
): void {
  const all = places(document);
  if (all.length === 0) return;
  const { parent, key } = all[at % all.length];
  const own = parent as Record<string, Json>;
  switch (kind) {
    case 'replace':
      own[key] = value;
      return;
    case 'remove':
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      return;
    case 'add':
      if (Array.isArray(parent)) parent.push(value);
      else Object.defineProperty(parent, added, { value, enumerable: true, configurable: true, writable: true });
      return;
    default:
      if (Array.isArray(parent)) parent.push(...parent.slice(0, 20));
      else own[key] = Array.from({ length: 300 }, () => own[key]);
  }
}

test.prop([fc.nat(VALID.length - 1), fc.array(mutation, { minLength: 1, maxLength: 3 })], { numRuns: 600 })(
  'whatever a case file says: a result, or one line for the person who gave it',
  (which, mutations) => {
    const document = JSON.parse(VALID[which]) as Parent;
    for (const each of mutations) mutate(document, each);
    expect(replay(JSON.parse(JSON.stringify(document)))).toMatch(/^judged$|hostile\.json|made|image|corpus/);
  },
);

describe.each([
  ['case/1', CASE_1[0]],
  ['case/2', CASE_2[0]],
])('what the tool would never have written is refused: %s', (_version, valid) => {
  interface Document {
    code: {
      entry: string;
      size: number;
      pages: { address: string; permissions: string; base64: string }[];
      symbols: { name: string; address: string; size: number }[];
      externals: { name: string; address: string }[];
      missing?: number;
    };
    /** Of schema 1. */
    scenario?: Record<string, string>;
    /** Of schema 2. */
    steps?: { action: string; values: Record<string, string> }[];
    symbol: string;
    target: string;
    contract: { body: Record<string, Json> };
  }
  const changed = (change: (document: Document) => void): string => {
    const document = JSON.parse(valid) as Document;
    change(document);
    return replay(document);
  };
  const valuesIn = ({ scenario, steps }: Document): Record<string, string> => scenario ?? steps?.[0].values ?? {};
  const page = (at: string, permissions = 'r--') => ({ address: at, permissions, base64: 'AAAA' });

  plain('the valid ones are judged', () => {
    expect(VALID.map((text) => replay(JSON.parse(text)))).toEqual(VALID.map(() => 'judged'));
  });

  plain.each<[string, RegExp, (document: Document) => void]>([
    ['an odd page', /is not a page/, ({ code }) => code.pages.push(page('0x1001'))],
    ['a page of too many bytes', /is not a page/, ({ code }) => (code.pages[0].base64 = 'A'.repeat(5464))],
    ['no canonical address', /no page can lie/, ({ code }) => code.pages.push(page('0x800000000000'))],
    ['one page twice', /is there twice/, ({ code }) => code.pages.push({ ...code.pages[0] })],
    ['a page twice, once writable', /twice/, ({ code }) => code.pages.push({ ...code.pages[0], permissions: 'rw-' })],
    ['writable code', /writable and executable/, ({ code }) => (code.pages[0].permissions = 'rwx')],
    ['code that is no code', /no executable page/, ({ code }) => (code.pages[0].permissions = 'r--')],
    ['an entry elsewhere', /code.entry/, ({ code }) => (code.entry = '0x1000')],
    ['more code than pages', /reach past/, ({ code }) => (code.size = 0x2000)],
    ['pages that are missing', /3 more pages.*--image/, ({ code }) => (code.missing = 3)],
    ['a symbol elsewhere', /is in no page/, ({ code }) => code.symbols.push({ name: 'x', address: '0x1000', size: 0 })],
    ['no symbol', /does not name/, (document) => (document.symbol = 'another')],
    ['an external over the code', /cannot lie/, ({ code }) => code.externals.push({ name: 'x', address: code.entry })],
    [
      'an external between slots',
      /no slot of its own/,
      ({ code }) => code.externals.push({ name: '__x86_return_thunk', address: '0xffffffffa0000ffe' }),
    ],
    [
      'two externals in one slot',
      /no slot of its own/,
      ({ code }) => {
        for (const name of ['panic', 'x']) code.externals.push({ name, address: '0xffffffffa0000000' });
      },
    ],
    [
      'externals far apart',
      /pages of them/,
      ({ code }) => {
        for (let index = 0; index < 40; index++)
          code.externals.push({
            name: '__fentry__',
            address: `0xffffffffa${index.toString(16).padStart(2, '0')}00000`,
          });
      },
    ],
    [
      'an unknown slot',
      /^hostile\.json: steps\.0\.values: unknown slot entry\.rsp; nearest: entry\.rbp, entry\.rsi/,
      (document) => (valuesIn(document)['entry.rsp'] = '0x0'),
    ],
    [
      'flags that no register of 32 bits holds',
      /contract/,
      ({ contract }) =>
        (contract.body.parameters = [
          { kind: 'flags', name: 'f', place: { register: 'rdi' }, bits: { A: '0x100000000' } },
          { kind: 'block', name: 'out', place: { register: 'r9' }, nullable: true },
        ]),
    ],
  ])('%s', (_, message, change) => {
    expect(changed(change)).toMatch(message);
  });

  const overlapping = REGIONS.flatMap(({ stack, block, readOnly, acrossCarry, unmapped, returnAddress }, memory) =>
    Object.entries({
      stack: stack.address,
      'top of the stack': stack.address + 0x3000n,
      'guard page below the stack': stack.address - 0x1000n,
      block: block.address,
      'guard page above the block': block.address + BigInt(block.size),
      'read-only block': readOnly.address,
      'block in the low half': acrossCarry.address,
      'unmapped block': unmapped,
      'return address': returnAddress & ~0xfffn,
    }).map(([what, at]) => [`${what} of memory ${memory}`, `0x${at.toString(16)}`] as const),
  );
  plain.each(overlapping)('a page over the %s', (_, at) => {
    expect(changed(({ code }) => code.pages.push(page(at, 'rw-')))).toMatch(
      /^hostile\.json: code\.pages: .* over the caller's memory/,
    );
    expect(changed(({ code }) => code.externals.push({ name: 'panic', address: at }))).toMatch(/cannot lie/);
  });

  plain('control characters do not reach the terminal', () => {
    const evil = 'a\x1b]0;owned\x07\r\n\u202e';
    const message = changed((document) => {
      document.symbol = evil;
      document.target = evil;
      document.code.externals.push({ name: evil, address: '0x10' });
    });
    expect(message).not.toContain('\x1b');
    expect(message.split('\n')).toHaveLength(1);
    expect(
      changed((document) => {
        valuesIn(document)[evil] = '0x0';
        document.code.size = 1;
      }),
    ).not.toContain('\x1b');
    expect(replay({ schema: `tdxfuzz/case/${evil}` })).not.toContain('\x1b');
  });

  plain('a large function of a small file is no burden', () => {
    const started = Date.now();
    const result = changed(({ code }) => {
      const start = BigInt(code.pages[0].address);
      for (let index = 1n; index < 256n; index++)
        code.pages.push({ address: `0x${(start + 0x1000n * index).toString(16)}`, permissions: 'r-x', base64: '' });
      code.size = 0x10000;
    });
    expect(result).toBe('judged');
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(changed(({ code }) => (code.size = 0x10001))).toMatch(/code.size/);
  });
});
