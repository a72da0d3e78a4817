import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { UsageError } from '../errors.js';
import { escapeName } from '../text/escape.js';
import { asJson, withValue } from './json-set.test.helper.js';
import { LINUX_5_19 } from './library/linux-5.19.js';
import { CONTRACT_SETS } from './library/sets.js';
import { inconsistency, readContractSet, validateContractSet } from './validate.js';

const FLAGS = ['parameters', 1, 'bits'];
const escapeForPattern = (text: string): string => text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
const NOT_ENTERED = { vmFailInvalid: '0x1', generalProtection: '0x2', invalidOpcode: '0x3' };

/** What is put where in `contracts.__tdx_hypercall` of v5.19 (undefined: taken away), and the message behind the place. */
const MISTAKES: [path: (string | number)[], value: unknown, message: string][] = [
  [['source'], '', '.source: Too small: expected string to have >=1 characters'],
  [['convention'], 'win64', '.convention: Invalid option: expected one of "sysv"|"ms-x64"'],
  [['instruction'], 'vmcall', '.instruction: Invalid option: expected one of "tdcall"|"seamcall"'],
  [['instruction'], 'seamcall', ': notEntered: must be stated for SEAMCALL'],
  [['notEntered'], NOT_ENTERED, ': notEntered: TDCALL always reaches the module'],
  [
    ['notEntered'],
    { vmFailInvalid: '0x1' },
    '.notEntered.generalProtection: Invalid input: expected string, received undefined',
  ],
  [['assumes'], ['rbp'], '.assumes.0: Invalid option: expected one of "no-rbp-mod"|"rbp-mod"'],
  [['assumes'], ['no-rbp-mod', 'rbp-mod'], ': assumes: no-rbp-mod and rbp-mod exclude each other; leave out one'],
  [['colour'], 'red', ': Unrecognized key: "colour"'],
  [
    ['parameters', 0, 'kind'],
    'blok',
    ".parameters.0.kind: Invalid discriminator value. Expected 'block' | 'flags' | 'leaf' | 'value'",
  ],
  [
    ['parameters', 0, 'place'],
    { register: 'rsp' },
    '.parameters.0.place: one of {"register": NAME} (not rsp), {"stack": 0 to 10}',
  ],
  [['parameters', 0, 'place'], { stack: 11 }, '.parameters.0.place.stack: Too big: expected number to be <=10'],
  [['parameters', 0, 'name'], 'a b', '.parameters.0.name: a name of letters, digits, _ . - (at most 100)'],
  [
    ['parameters', 0, 'nullable'],
    undefined,
    '.parameters.0.nullable: Invalid input: expected boolean, received undefined',
  ],
  [['parameters', 1, 'name'], 'args', ': two parameters have one name'],
  [['parameters', 1, 'place'], { register: 'rdi' }, ': two parameters have one place'],
  [
    ['parameters', 2],
    { kind: 'block', name: 'more', place: { register: 'rdx' }, nullable: true },
    ': more than one parameter of kind block without a layout of its own: args, more',
  ],
  [
    ['parameters', 2],
    { kind: 'flags', name: 'more', place: { register: 'rdx' }, bits: {} },
    ': more than one parameter of kind flags',
  ],
  [['parameters'], 'args', '.parameters: Invalid input: expected array, received string'],
  [[...FLAGS, 'HAS_OUTPUT'], '1', '.parameters.1.bits.HAS_OUTPUT: a 64-bit value written as 0x...'],
  [[...FLAGS, 'HAS_OUTPUT'], '0x0', ': flag HAS_OUTPUT: 0x0 is not a bit of the lower 32'],
  [[...FLAGS, 'HAS_OUTPUT'], '0x100000000', ': flag HAS_OUTPUT: 0x100000000 is not a bit of the lower 32'],
  [['block'], undefined, ': a block parameter and "block" go together'],
  [['block', 'size'], 40, ': block.fields.r15: ends behind the block'],
  [['block', 'size'], 4096, '.block.size: Too big: expected number to be <=2048'],
  [['block', 'fields', 'r11'], 12, ': block.fields.r12: overlaps r11'],
  [['block', 'fields', 'r11'], -8, '.block.fields.r11: Too small: expected number to be >=0'],
  [['block', 'fields', 'r11'], 16, ': block.fields.r12: has the offset of r11'],
  [['inputs', 'rax'], undefined, ': inputs: rax must be stated'],
  [['inputs', 'rcx'], undefined, ': inputs: rcx must be stated: leaf 0 (TDG.VP.VMCALL) reads it'],
  [['inputs', 'rax'], { constant: '0x3' }, ': inputs.rax: 0x3 is none of the leaves'],
  [['inputs', 'rax'], { parameter: 'flags' }, ': inputs.rax: parameter flags is not of kind leaf'],
  [['inputs', 'rcx'], { parameter: 'flags' }, ': inputs.rcx: the exposure mask of leaf 0 is a constant or a field'],
  ...(
    [
      ['0x10000fc00', 'bit 32', 'this bit'],
      ['0x800000000000fc00', 'bit 63', 'this bit'],
      ['0xfc01', 'bit 0 (RAX)', 'this bit'],
      ['0xfc02', 'bit 1 (RCX)', 'this bit'],
      ['0xfc10', 'bit 4 (RSP)', 'this bit'],
      // With a bit that can never be, RBP is not worth a word.
      ['0x30000fc33', 'bits 0 (RAX), 1 (RCX), 4 (RSP), 32, 33', 'these bits'],
    ] as const
  ).map(([mask, bits, these]): (typeof MISTAKES)[number] => [
    ['inputs', 'rcx'],
    { constant: mask },
    `: inputs.rcx: the module refuses the exposure mask ${mask} on every call: ${bits} may never be set; leave out ${these}`,
  ]),
  [
    ['inputs', 'rcx'],
    { constant: '0xfc20' },
    ': inputs.rcx: the module refuses the exposure mask 0xfc20 of a TD with NO_RBP_MOD: bit 5 (RBP) is set; leave out ' +
      'this bit, or say that the function needs a TD without NO_RBP_MOD: "assumes": ["rbp-mod"]',
  ],
  [['inputs', 'rcx'], { constant: 'fc00' }, '.inputs.rcx.constant: a 64-bit value written as 0x...'],
  [
    ['inputs', 'rbx'],
    { filed: 'r10' },
    '.inputs.rbx: one of {"constant": "0x..."}, {"parameter": NAME}, {"field": NAME}',
  ],
  [['inputs', 'rbx'], { field: 'rbx' }, ': inputs.rbx: no field rbx'],
  [['inputs', 'rbx'], { field: 'constructor' }, ': inputs.rbx: no field constructor'],
  [['inputs', 'rbx'], { parameter: 'leaf' }, ': inputs.rbx: no parameter leaf'],
  [['inputs', 'rbx'], { field: 'r10' }, ': inputs.rbx: field r10 already goes to r10'],
  [['inputs', 'xmm0'], { field: 'r10' }, '.inputs: Unrecognized key: "xmm0"'],
  [['leaves'], [], '.leaves: Too small: expected array to have >=1 items'],
  [['leaves', 0], 0x10000, '.leaves.0: Too big: expected number to be <=65535'],
  [
    ['widestMask'],
    '0x1ffff0000',
    ': widestMask: the module refuses the exposure mask 0x1ffff0000 on every call: bit 32 may never be set',
  ],
  [
    ['widestMask'],
    '0xffff',
    ': widestMask: the module refuses the exposure mask 0xffff on every call: bits 0 (RAX), 1 (RCX), 4 (RSP) may',
  ],
  [['outputs', 'fields', 'rax'], 'rax', ': outputs.fields.rax: no such field of the block'],
  [['outputs', 'fields', 'r10'], 'eax', '.outputs.fields.r10: Invalid option: expected one of "rax"|"rcx"|"rdx"|'],
  [['outputs', 'when', 0], { flag: 'NO_OUTPUT' }, ': outputs.when: no flag NO_OUTPUT'],
  [['outputs', 'when', 0], { flag: 'toString' }, ': outputs.when: no flag toString'],
  [
    ['outputs', 'when', 0],
    'sometimes',
    '.outputs.when.0: one of "block-given", "status-success", "r10-success", {"flag": NAME}, {"clear": NAME}, {"nonzero": PARAMETER}, {"zero": PARAMETER}, {"answer": REGISTER, "is" or "isNot": ["0x..."]} with "mask" or without',
  ],
  [['returns'], 'rax', '.returns: one of "status", "r10", "status-or-r10", "nothing", '],
  [['onFailure'], 'panics', '.onFailure: Invalid option: expected one of "returns"|"stops"'],
  [['scrubsHostValues'], 'yes', '.scrubsHostValues: Invalid input: expected boolean, received string'],
  [['stiFlag'], 'STI', ': stiFlag: no flag STI'],
  [['redZone'], 0, '.redZone: Invalid input: expected boolean, received number'],
  [['vectorState'], 'any', '.vectorState: Invalid option: expected one of "untouched"|"convention"'],
];

/** The same for the whole document. */
const DOCUMENT_MISTAKES: [path: string[], value: unknown, message: string][] = [
  [['schema'], 'tdxfuzz/contracts/9', 'schema: Invalid input: expected "tdxfuzz/contracts/1"'],
  [['name'], '../up', 'name: a name of letters, digits, _ . - (at most 100)'],
  [['title'], '', 'title: Too small: expected string to have >=1 characters'],
  [['contracts'], {}, 'contracts: at least one contract'],
  [['contracts'], [], 'contracts: Invalid input: expected record, received array'],
  [
    ['contracts', 'f\n\x1b[2J'],
    {},
    'contracts.f\\x0a\\x1b[2J.source: Invalid input: expected string, received undefined',
  ],
  [['two\nlines'], 1, 'top level: Unrecognized key: "two\\x0alines"'],
];

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error('nothing was wrong with it');
}

describe('a set that somebody wrote', () => {
  const example = asJson(LINUX_5_19);

  it.each(CONTRACT_SETS.map((set) => [set.name, set] as const))('%s comes back through JSON', (_, set) => {
    expect(validateContractSet(asJson(set), 'my.json')).toEqual(set);
  });

  it.each(MISTAKES)('%j = %j is one line that names file and place', (path, value, expected) => {
    const message = messageOf(() =>
      validateContractSet(withValue(example, ['contracts', '__tdx_hypercall', ...path], value), 'my.json'),
    );
    const lines = message.split('\n');
    expect(
      lines.some((line) => line.startsWith(`my.json: contracts.__tdx_hypercall${expected}`)),
      message,
    ).toBe(true);
    for (const line of lines) {
      expect(line.startsWith('my.json: contracts.__tdx_hypercall'), line).toBe(true);
      expect(line, 'no escape').toBe(escapeName(line));
    }
  });

  it.each(DOCUMENT_MISTAKES)('%j = %j is one line that names file and place', (path, value, expected) => {
    const message = messageOf(() => validateContractSet(withValue(example, path, value), 'my.json'));
    expect(message.split('\n')[0]).toMatch(new RegExp(`^my\\.json: ${escapeForPattern(expected)}`));
  });

  it.each([[null], [3], ['text'], [[]]])('%j is no set', (json) => {
    expect(messageOf(() => validateContractSet(json, 'my.json'))).toMatch(/^my\.json: top level: Invalid input/);
  });
});

describe('a file', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-contract-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is read', () => {
    const path = join(folder, 'good.json');
    writeFileSync(path, JSON.stringify(asJson(LINUX_5_19)));
    expect(readContractSet(path)).toEqual(LINUX_5_19);
  });

  it.each([
    ['truncated', '{"schema": "tdxfuzz/contracts/1", '],
    ['of several lines', '{\n  "schema": x\n}'],
    ['with control characters', '{"a": \x1b[2J}'],
    ['empty', ''],
  ])('%s is one line with its name', (_, text) => {
    const path = join(folder, 'bad.json');
    writeFileSync(path, text);
    const message = messageOf(() => readContractSet(path));
    expect(message.startsWith(`${path}: not JSON (`), message).toBe(true);
    expect(message, 'no line end, no escape').toBe(escapeName(message));
  });

  it('that is not there is one line with its name', () => {
    expect(messageOf(() => readContractSet(join(folder, 'none.json')))).toMatch(
      /none\.json: no such file; give a contract set/,
    );
  });
});

describe('an exposure mask', () => {
  const example = asJson(LINUX_5_19);
  const withMask = (mask: string, assumes?: string[]): unknown =>
    withValue(
      withValue(example, ['contracts', '__tdx_hypercall', 'inputs', 'rcx'], { constant: mask }),
      ['contracts', '__tdx_hypercall', 'assumes'],
      assumes,
    );

  it.each(Array.from({ length: 16 }, (_, bit) => bit))('with bit %i alone is taken if some call may have it', (bit) => {
    const mask = `0x${(1 << bit).toString(16)}`;
    const take = (assumes?: string[]) => (): unknown => validateContractSet(withMask(mask, assumes), 'my.json');
    if ([0, 1, 4].includes(bit)) for (const assumes of [[], ['rbp-mod']]) expect(take(assumes)).toThrow(UsageError);
    else if (bit === 5) {
      for (const assumes of [undefined, ['no-rbp-mod']]) expect(take(assumes)).toThrow(/bit 5 \(RBP\)/);
      expect(take(['rbp-mod'])).not.toThrow(/refuses the exposure mask/);
    } else {
      // That the inputs of the contract are not in it is another matter.
      expect(take()).not.toThrow(/refuses the exposure mask/);
      expect(take()).toThrow(/does not let R1\d through/);
    }
  });

  it('is an ordinary argument of every other leaf', () => {
    const set = withValue(withMask('0x13'), ['contracts', '__tdx_hypercall', 'leaves'], [3]);
    const own = withValue(set, ['contracts', '__tdx_hypercall', 'inputs', 'rax'], { constant: '0x3' });
    expect(() => validateContractSet(own, 'my.json')).not.toThrow();
  });

  it('from the caller is no constant of the contract', () => {
    const set = withValue(withMask('0x0'), ['contracts', '__tdx_hypercall', 'inputs', 'rcx'], { field: 'r10' });
    const own = withValue(set, ['contracts', '__tdx_hypercall', 'inputs', 'r10'], undefined);
    expect(() => validateContractSet(own, 'my.json')).not.toThrow();
  });
});

test('every contract of the library is consistent', () => {
  const wrong = CONTRACT_SETS.flatMap((set) => Object.values(set.contracts).map(inconsistency));
  expect(wrong.length).toBeGreaterThanOrEqual(10);
  expect(wrong.filter((line) => line !== undefined)).toEqual([]);
});

test('every contract of the library has the symbol that it is found under', () => {
  for (const { contracts } of CONTRACT_SETS)
    for (const [symbol, contract] of Object.entries(contracts)) expect(contract.symbol).toBe(symbol);
});
