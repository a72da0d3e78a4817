import { describe, expect, it } from 'vitest';
import { asJson, withValue } from './json-set.test.helper.js';
import { compileContract } from './compiled.js';
import type { Contract } from './contract.js';
import { LINUX_5_19 } from './library/linux-5.19.js';
import { LINUX_6_7 } from './library/linux-6.7.js';
import { validateContractSet } from './validate.js';

type Change = readonly [path: readonly (string | number)[], value: unknown];

/** The set with changes in one contract, as a file would have it. */
function read(set: typeof LINUX_5_19, symbol: string, ...changes: readonly Change[]): Contract {
  const json = changes.reduce<unknown>(
    (document, [path, value]) => withValue(document, ['contracts', symbol, ...path], value),
    asJson(set),
  );
  return validateContractSet(json, 'my.json').contracts[symbol];
}
const hypercall = (...changes: Change[]): Contract => read(LINUX_5_19, '__tdx_hypercall', ...changes);
const tdcall = (...changes: Change[]): Contract => read(LINUX_6_7, '__tdcall', ...changes);

const RETRY = { answer: 'r10', is: ['0x1'] };
const HIGH_BIT = { answer: 'r11', is: ['0x8000000000000000'], mask: '0x8000000000000000' };

describe('words of control flow that cannot be', () => {
  it.each<[string, Change[], string]>([
    [
      'a value outside of its mask',
      [[['stopsOn'], [{ answer: 'rax', is: ['0x1'], mask: '0xff00' }]]],
      '0x1 has bits outside of the mask 0xff00',
    ],
    ['RSP as an answer', [[['stopsOn'], [{ answer: 'rsp', is: ['0x1'] }]]], '.stopsOn.0: one of {"answer"'],
    [
      'is and isNot at once',
      [[['branchesOn'], [{ answer: 'r10', is: ['0x1'], isNot: ['0x2'] }]]],
      '.branchesOn.0: one of {"answer"',
    ],
    ['one try', [[['retry'], { on: [RETRY], tries: 1 }]], '.retry.tries: Too small'],
    ['a retry on nothing', [[['retry'], { on: [], tries: 3 }]], '.retry.on: Too small'],
    [
      'a retry on nothing that is left',
      [[['retry'], { on: [{ answer: 'rax', isNot: ['0x0', '0x1'], mask: '0x1' }], tries: 3 }]],
      ': retry.on: {"answer": "rax"}: "isNot" names every value that the mask 0x1 has',
    ],
    ['STI twice', [[['sti'], { when: [] }]], ': stiFlag and sti exclude each other; leave out one'],
    [
      'STI by a flag that is not there',
      [
        [['stiFlag'], undefined],
        [['sti'], { when: [{ clear: 'NONE' }] }],
      ],
      ': sti.when: no flag NONE',
    ],
    [
      'STI by a parameter that is not there',
      [
        [['stiFlag'], undefined],
        [['sti'], { when: [{ nonzero: 'do' }] }],
      ],
      ': sti.when: no parameter do of kind value',
    ],
    [
      'a result by a flag that is not there',
      [[['returnsWhen'], [{ when: [{ flag: 'NONE' }], returns: 'r10' }]]],
      ': returnsWhen: no flag NONE',
    ],
    [
      'never returning with a result',
      [
        [['neverReturns'], true],
        [['returnsWhen'], [{ when: [RETRY], returns: 'r10' }]],
      ],
      ': returnsWhen: the function never returns',
    ],
    [
      'never returning with stops',
      [
        [['neverReturns'], true],
        [['stopsOn'], [RETRY]],
      ],
      ': stopsOn: the function never returns at all',
    ],
    [
      'a computed mask',
      [[['inputs', 'rcx'], { or: [{ constant: '0x400' }, { constant: '0x800' }] }]],
      ': inputs.rcx: the exposure mask of leaf 0 is a constant or a field',
    ],
    ['an operation of one operand', [[['inputs', 'r11'], { or: [{ field: 'r11' }] }]], '.inputs.r11'],
    [
      'a field that is not there',
      [[['inputs', 'r11'], { shl: { field: 'none' }, by: 3 }]],
      ': inputs.r11: no field none',
    ],
    ['a shift by 64', [[['inputs', 'r11'], { shl: { field: 'r11' }, by: 64 }]], '.inputs.r11'],
    [
      'constants for a leaf',
      [[['inputs', 'rax'], { or: [{ constant: '0x0' }, { constant: '0x1' }] }]],
      ': inputs.rax: computed from exactly one parameter or field',
    ],
  ])('%s', (_, changes, message) => {
    expect(() => hypercall(...changes)).toThrow(/^my\.json: contracts\.__tdx_hypercall/);
    expect(() => hypercall(...changes)).toThrow(message);
  });

  it('operations deeper than four', () => {
    let source: unknown = { field: 'r11' };
    for (let depth = 0; depth < 5; depth++) source = { shl: source, by: 1 };
    expect(() => hypercall([['inputs', 'r11'], source])).toThrow('inputs.r11: at most 4 operations in each other');
  });
});

describe('leaves', () => {
  const leavesOf = (leaves: unknown): number[] => tdcall([['leaves'], leaves]).leaves;

  it('in a range are those that the module has', () => {
    expect(leavesOf([{ from: 1, to: 20 }])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 20]);
    expect(leavesOf([3, { from: 2, to: 4 }, 40])).toEqual([3, 2, 4, 40]);
  });

  it('any but some', () => {
    expect(leavesOf({ anyBut: [0, { from: 5, to: 0xffff }] })).toEqual([1, 2, 3, 4]);
    expect(leavesOf({ anyBut: [0] })).toContain(27);
    expect(leavesOf({ anyBut: [0] })).not.toContain(0);
  });

  it('of which none is left', () => {
    expect(() => leavesOf([{ from: 13, to: 17 }])).toThrow('leaves: the module has no leaf from 13 to 17 of TDCALL');
    expect(() => leavesOf({ anyBut: [{ from: 0, to: 0xffff }] })).toThrow('leaves: "anyBut" leaves none');
    expect(() => leavesOf({ anyBut: [] })).toThrow('.leaves.anyBut: Too small');
  });

  it('may leave RCX open where none of them reads it', () => {
    expect(tdcall([['inputs', 'rcx'], undefined], [['leaves'], [1, 3]]).inputs.rcx).toBeUndefined();
    expect(() => tdcall([['inputs', 'rcx'], undefined], [['leaves'], [1, 6]])).toThrow(
      'inputs: rcx must be stated: leaf 6 (TDG.MEM.PAGE.ACCEPT) reads it',
    );
  });
});

describe('compiled', () => {
  const compiled = (...changes: Change[]) => compileContract(hypercall(...changes), 'my');

  it('every value of an answer that decides something is named, in its register', () => {
    const { namedValues, referenceOnly } = compiled(
      [['stopsOn'], [{ answer: 'r10', isNot: ['0x0', '0x1'] }]],
      [['branchesOn'], [HIGH_BIT]],
    );
    expect(namedValues[10].map(({ low, high, maskLow }) => [low, high, maskLow])).toEqual([
      [0, 0, -1],
      [1, 0, -1],
    ]);
    expect(namedValues[11]).toEqual([{ low: 0, high: -0x80000000, maskLow: 0, maskHigh: -0x80000000 }]);
    expect(namedValues.flat()).toHaveLength(3);
    expect(referenceOnly).toBe(true);
  });

  it('a contract without such words names nothing, and goes in bulk', () => {
    const { namedValues, referenceOnly, passedParts, sti } = compiled();
    expect([namedValues.flat(), referenceOnly, passedParts]).toEqual([[], false, []]);
    expect(sti).toEqual({ when: [{ flag: 'ISSUE_STI' }], ifAfter: 'set' });
  });

  it.each<[unknown, bigint]>([
    [{ or: [{ field: 'r12' }, { constant: '0xff00000000000001' }] }, 0x00ff_ffff_ffff_fffen],
    [{ and: [{ field: 'r12' }, { constant: '0xff0' }] }, 0xff0n],
    [{ shl: { field: 'r12' }, by: 12 }, 0x000f_ffff_ffff_ffffn],
    [{ shr: { field: 'r12' }, by: 60 }, 0xf000_0000_0000_0000n],
    [{ low: { field: 'r12' }, bits: 16 }, 0xffffn],
    [{ signed: { field: 'r12' }, bits: 8 }, 0xffn],
    [{ low: { add: [{ field: 'r12' }, { constant: '0x1' }] }, bits: 8 }, 0xffn],
    [{ and: [{ shr: { field: 'r12' }, by: 4 }, { constant: '0xf' }] }, 0xf0n],
  ])('%j passes the bits that can change it', (source, bits) => {
    const { passedParts, fieldRegister, fieldIndex } = compiled([['inputs', 'r12'], source]);
    const field = fieldIndex.get('r12') ?? -1;
    expect(fieldRegister[field]).toBe(-1);
    expect(passedParts).toHaveLength(1);
    const [{ low, high, register }] = passedParts;
    expect([passedParts[0].field, register]).toEqual([field, 1 << 12]);
    expect((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toBe(bits);
  });
});
