import { describe, expect, it } from 'vitest';
import { BARE_CONTRACT, BLOCK_CONTRACT } from '../harness/made-function.test.helper.js';
import { asJson } from './json-set.test.helper.js';
import { compileContract } from './compiled.js';
import { paddingOf } from './compiled-blocks.js';
import { contractSchema, type Contract } from './contract.js';
import { allFaultsOf, faultsOf } from './faults.js';
import { resultOf } from './result-word.js';
import { validateContractSet } from './validate.js';

/** As somebody would write it, checked by the schema. */
function contract(changes: Record<string, unknown>, base: Contract = BARE_CONTRACT): Contract {
  return contractSchema.parse({ ...base, ...changes });
}

function messageOf(json: unknown): string[] {
  try {
    validateContractSet(json, 'my.json');
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
}

const block = (name: string, register: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  kind: 'block',
  name,
  place: { register },
  nullable: true,
  layout: { size: 16, fields: { a: 0, b: 8 } },
  ...more,
});

describe('what a contract with the words of data gets wrong', () => {
  it.each<[string, Record<string, unknown>, string]>([
    [
      'a flag above its type',
      { parameters: [{ kind: 'flags', name: 'f', place: { register: 'rdi' }, bits: { HIGH: '0x100' }, bytes: 1 }] },
      'flag HIGH: 0x100 is no bit of a parameter of 1 byte',
    ],
    [
      'a leaf above its type',
      {
        parameters: [{ kind: 'leaf', name: 'fn', place: { register: 'rdi' }, bytes: 1 }],
        inputs: { rax: { parameter: 'fn' }, rcx: { constant: '0x400' } },
        leaves: [0, 256],
      },
      'leaves: 256 does not fit into the parameter fn; make it wider, or leave it out',
    ],
    [
      'an alias of nothing',
      { parameters: [block('in', 'rdi'), block('out', 'rsi', { mayAlias: 'inn' })] },
      'parameter out: mayAlias: inn is no earlier block parameter; nearest: in',
    ],
    [
      'an alias of what comes later',
      { parameters: [block('in', 'rdi', { mayAlias: 'out' }), block('out', 'rsi')] },
      'parameter in: mayAlias: out is no earlier block parameter',
    ],
    [
      'an alias of a smaller block',
      {
        parameters: [
          block('in', 'rdi', { layout: { size: 8, fields: { a: 0 } } }),
          block('out', 'rsi', { mayAlias: 'in' }),
        ],
      },
      'parameter out: mayAlias: in has 8 bytes, and this block 16: put the larger block first, and say of the smaller one that it may alias',
    ],
    [
      'NULL for no call where it is no argument',
      { parameters: [block('in', 'rdi', { nullable: false, whenNull: { returns: 'nothing' } })] },
      'parameter in: "whenNull" needs "nullable": true',
    ],
    [
      'fields in one place',
      { parameters: [block('in', 'rdi', { layout: { size: 8, fields: { a: 0, b: { offset: 6, bytes: 2 } } } })] },
      'parameter in: layout.fields.b: overlaps a',
    ],
    [
      'a field behind the block',
      { parameters: [block('in', 'rdi', { layout: { size: 7, fields: { a: { offset: 4, bytes: 4 } } } })] },
      'parameter in: layout.fields.a: ends behind the block',
    ],
    [
      'a pointer as a value',
      { parameters: [block('in', 'rdi')], inputs: { ...BARE_CONTRACT.inputs, r10: { parameter: 'in' } } },
      'inputs.r10: in is a pointer to a block; name one of its fields: {"field": NAME}',
    ],
    [
      'five blocks',
      { parameters: ['rdi', 'rsi', 'rdx', 'r8', 'r9'].map((register) => block(`at-${register}`, register)) },
      '5 blocks, and there is room for 4',
    ],
    [
      'too much padding',
      { parameters: [block('in', 'rdi', { layout: { size: 1024, fields: { a: 0 }, padding: 'unchanged' } })] },
      '128 fields and words of padding that must not change, and there is room for 48: name fewer, or say "padding": "any"',
    ],
  ])('%s', (_, changes, fault) => {
    expect(faultsOf(contract(changes))).toEqual([fault]);
  });

  it('is nothing where the words fit', () => {
    const sound = contract({
      parameters: [
        block('in', 'rdi', { nullable: false }),
        block('out', 'rsi', { mayAlias: 'in', whenNull: { returns: { constant: '0x1', bytes: 4 } } }),
        { kind: 'value', name: 'v', place: { stack: 10 }, bytes: 2, signed: true },
      ],
      inputs: { ...BARE_CONTRACT.inputs, r10: { field: 'in.a' } },
      outputs: { fields: { 'out.b': 'r10' }, when: [] },
    });
    expect(allFaultsOf(sound)).toEqual([]);
    expect(compileContract(sound, 'made').forBulk).toBe(false);
    expect(compileContract(BLOCK_CONTRACT, 'made').forBulk).toBe(true);
  });
});

describe('registers that the exposure mask does not let through', () => {
  it('are named, each with its bit', () => {
    const wrong = contract({
      parameters: [{ kind: 'value', name: 'value', place: { register: 'rdi' } }],
      inputs: {
        rax: { constant: '0x0' },
        rcx: { constant: '0x1c00' },
        r11: { constant: '0x20' },
        r13: { parameter: 'value' },
        r14: { constant: '0x0' },
      },
      returns: { register: 'r15' },
    });
    expect(allFaultsOf(wrong)).toEqual([
      'inputs.r13: the exposure mask does not let R13 through, so that the host gets 0; set bit 13 of inputs.rcx (0x1c00), or leave the input out',
      'returns: the exposure mask does not let R15 through, so that the host answers nothing in it; set bit 15 of inputs.rcx (0x1c00), or return something else',
    ]);
    // A stored case may have such a contract: it can be run.
    expect(faultsOf(wrong)).toEqual([]);
  });

  it('of outputs are named; RCX keeps the mask', () => {
    const wrong = contract({ outputs: { fields: { a: 'r12', b: 'rcx' }, when: [] } }, BLOCK_CONTRACT);
    expect(allFaultsOf(wrong)).toEqual([
      'outputs.fields.a: the exposure mask does not let R12 through, so that the host answers nothing in it; set bit 12 of inputs.rcx (0x400), or leave the output out',
    ]);
  });

  it('are ordinary arguments of every other leaf', () => {
    const other = contract({
      inputs: { rax: { constant: '0x3' }, rcx: { constant: '0x0' }, rdx: { constant: '0x5' } },
      leaves: [3],
      returns: 'status',
    });
    expect(allFaultsOf(other)).toEqual([]);
  });
});

describe('a set with several mistakes', () => {
  const good = asJson({ name: 'mine', title: 'Mine', contracts: { f: BARE_CONTRACT, g: BLOCK_CONTRACT } }) as {
    contracts: Record<string, Record<string, unknown>>;
  };

  it('says all of them at once, with the nearest names', () => {
    const wrong = structuredClone(good);
    wrong.contracts['f']['convetion'] = 'sysv';
    wrong.contracts['f']['instruction'] = 'tdcal';
    wrong.contracts['g']['redzone'] = false;
    wrong.contracts['g']['inputs'] = {
      rax: { constant: '0x0' },
      rcx: { constant: '0x401' },
      r10: { field: 'aa' },
    };
    (wrong.contracts['g']['block'] as Record<string, unknown>)['field'] = {};
    expect(messageOf(wrong)).toEqual([
      'my.json: contracts.f.instruction: Invalid option: expected one of "tdcall"|"seamcall"; nearest: tdcall',
      'my.json: contracts.f: Unrecognized key: "convetion"; nearest: convention',
      'my.json: contracts.g.block: Unrecognized key: "field"; nearest: fields',
      'my.json: contracts.g: Unrecognized key: "redzone"; nearest: redZone',
      'my.json: contracts.g: inputs.r10: no field aa; nearest: a, b, c',
      'my.json: contracts.g: inputs.rcx: the module refuses the exposure mask 0x401 on every call: bit 0 (RAX) may never be set; leave out this bit',
    ]);
  });

  it('lists no more than people read', () => {
    const many = structuredClone(good);
    for (let index = 0; index < 50; index++) many.contracts['f'][`word${index}`] = 1;
    const lines = messageOf(many);
    expect(lines).toHaveLength(21);
    expect(lines[20]).toBe('my.json: and 30 more of them');
  });
});

describe('results', () => {
  it.each<[Contract['returns'], Partial<ReturnType<typeof resultOf>>]>([
    ['status', { value: { kind: 'register', register: 'rax' }, fromHost: false }],
    ['r10', { fromHost: true, testsR10: false, mask: 2n ** 64n - 1n }],
    ['nothing', { value: { kind: 'nothing' }, fromHost: false }],
    [
      { register: 'r11', bytes: 4 },
      { mask: 0xffffffffn, fromHost: true },
    ],
    [
      { register: 'rax', bytes: 4 },
      { mask: 0xffffffffn, fromHost: false },
    ],
    [{ isZero: 'status' }, { mask: 0xffn, fromHost: false, testsR10: false, test: 'zero' }],
    [
      { isNotZero: 'status-or-r10', bytes: 4 },
      { mask: 0xffffffffn, fromHost: true, testsR10: true, test: 'not-zero' },
    ],
    [{ constant: '0x5' }, { value: { kind: 'constant', value: 5n }, fromHost: false }],
  ])('%j', (returns, expected) => {
    expect(resultOf({ returns })).toMatchObject(expected);
  });
});

it('padding is cut into aligned words', () => {
  const padding = paddingOf(
    [
      { offset: 1, bytes: 2 },
      { offset: 16, bytes: 8 },
    ],
    27,
    '',
    0,
  );
  expect(padding.map(({ offset, bytes }) => [offset, bytes])).toEqual([
    [0, 1],
    [3, 1],
    [4, 4],
    [8, 8],
    [24, 2],
    [26, 1],
  ]);
});
