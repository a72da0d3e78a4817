import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endedAs, equal, final, initial, when, zero } from '../clause/clause.js';
import type { Contract } from '../contract/contract.js';
import {
  BARE_CONTRACT,
  BLOCK_CONTRACT,
  clear,
  jnz,
  jz,
  load,
  NOP,
  type Piece,
  RET,
  set32,
  store,
  TDCALL,
  test64,
  testBits,
  UD2,
} from '../harness/made-function.test.helper.js';
import { cases } from '../case/arbitrary.js';
import { type Case, copyCase } from '../case/case.js';
import { differingValues } from '../stored/stored-values.js';
import type { Runner } from '../run/runner.js';
import { FAULT } from '../scenario/layout.js';
import { caseOf, propertyOf, runnerOf, signaturesOf } from './made-runner.test.helper.js';
import { shrinkFailure } from './shrink.js';
import { twinRunner } from './twins.test.helper.js';
import { type Signature, signatureKey } from './signature.js';

/** The first drawn case that fails, as it was drawn. */
function failing(runner: Runner, seed: number): { values: Case; signature: Signature } {
  for (const values of fc.sample(cases(runner.space), { seed, numRuns: 20_000 })) {
    if ((runner.run(values) ?? []).length === 0) continue;
    return { values, signature: signaturesOf(runner, values)[0] };
  }
  throw new Error('no case fails');
}

/** What is left of a random failure, for several seeds. */
function shrunk(runner: Runner): Record<string, string>[] {
  return [1, 2, 3].map((seed) => {
    const { values, signature } = failing(runner, seed);
    const drawn = copyCase(values);
    const simplest = shrinkFailure(runner, values, signature);
    expect(values).toEqual(drawn);
    // It still fails, and in the same way.
    expect(signaturesOf(runner, simplest).map(signatureKey)).toContain(signatureKey(signature));
    return differingValues(simplest, runner.space);
  });
}

const everySeed = (values: Record<string, string>): Record<string, string>[] => [values, values, values];
/** UD2 unless ZF or not ZF: what stands in front decides. */
const trapUnless = (jump: (bytes: number) => number[]): Piece[] => [jump(2), UD2, RET];
const ENDS = propertyOf(when({ kind: 'caller-kept' }, endedAs('returned')));

describe('the simplest case', () => {
  test('is the neutral one where every case fails', () => {
    const runner = runnerOf([set32('rbx', 1), RET], BARE_CONTRACT, [propertyOf(equal(final('rbx'), initial('rbx')))]);
    expect(shrunk(runner)).toEqual(everySeed({}));
  });

  test('has one bit of one field where one bit decides', () => {
    const pieces = [load('rax', 'rdi'), testBits('rax', 0x1000), ...trapUnless(jz)];
    expect(shrunk(runnerOf(pieces, BLOCK_CONTRACT, [ENDS]))).toEqual(everySeed({ 'block.field0': '0x1000' }));
  });

  test('has the one value of the upper half that decides', () => {
    const contract: Contract = {
      ...BARE_CONTRACT,
      parameters: [{ kind: 'value', name: 'x', place: { register: 'rsi' } }],
    };
    // bt $40,%rsi; jnc
    const pieces = [[0x48, 0x0f, 0xba, 0xe6, 40], ...trapUnless((bytes) => [0x73, bytes])];
    expect(shrunk(runnerOf(pieces, contract, [ENDS]))).toEqual(everySeed({ 'entry.rsi': '0x10000000000' }));
  });

  test('has any status with the bit that decides, and nothing else', () => {
    const pieces = [clear('rax'), set32('rcx', 0x400), TDCALL, testBits('rax', 0x4000), ...trapUnless(jz)];
    expect(shrunk(runnerOf(pieces, BARE_CONTRACT, [ENDS]))).toEqual(everySeed({ 'answer.status': '0x4000' }));
  });

  test('has two values where two must come together', () => {
    const contract: Contract = {
      ...BARE_CONTRACT,
      parameters: [
        { kind: 'value', name: 'x', place: { register: 'rsi' } },
        { kind: 'value', name: 'y', place: { register: 'rdx' } },
      ],
    };
    // RSI & 1 and RDX & 2 together: test; jz +9 (to RET); test; jz +2; ud2; ret.
    const pieces = [testBits('rsi', 1), jz(11), testBits('rdx', 2), jz(2), UD2, RET];
    expect(shrunk(runnerOf(pieces, contract, [ENDS]))).toEqual(everySeed({ 'entry.rsi': '0x1', 'entry.rdx': '0x2' }));
  });

  test('keeps a host value as it was drawn: only that it is not neutral counts', () => {
    const pieces = [clear('rax'), set32('rcx', 0x400), TDCALL, RET];
    for (const values of shrunk(runnerOf(pieces, BARE_CONTRACT, [propertyOf(zero(final('r10')))])))
      expect(Object.keys(values)).toEqual(['answer.r10']);
  });

  test('has the interrupt, its boundary, and IF', () => {
    const pieces = [store('rsp', -8, 'rbx'), NOP, load('rax', 'rsp', -8), [0x48, 0x39, 0xd8], ...trapUnless(jz)];
    const all = shrunk(runnerOf(pieces, BARE_CONTRACT, [ENDS]));
    for (const values of all) {
      const { 'fault.kind': kind, 'fault.at': at, 'entry.rflags': flags } = values;
      // Before instruction 1 or 2: no bit can be cleared in either.
      expect(['0x1', '0x2']).toContain(at);
      if (Number(kind) === FAULT.nmi) expect(Object.keys(values).sort()).toEqual(['fault.at', 'fault.kind']);
      else expect([Number(kind), flags]).toEqual([FAULT.interrupt, '0x202']);
    }
  });

  test('does not slip to another root cause on the way', () => {
    // Two traps: the neutral case runs into the first, RSI != 0 into the second.
    const contract: Contract = {
      ...BARE_CONTRACT,
      parameters: [{ kind: 'value', name: 'x', place: { register: 'rsi' } }],
    };
    const runner = runnerOf([test64('rsi'), jnz(2), UD2, UD2], contract, [ENDS]);
    const second = fc
      .sample(cases(runner.space), { seed: 1, numRuns: 50 })
      .map((drawn) => ({ drawn, signature: signaturesOf(runner, drawn).at(0) }))
      .find(({ signature }) => signature?.place === 'f+0x7');
    if (second?.signature === undefined) throw new Error('the second trap was not reached');
    const simplest = shrinkFailure(runner, second.drawn, second.signature);
    const values = differingValues(simplest, runner.space);
    expect(Object.keys(values)).toEqual(['entry.rsi']);
    // One bit is left of the value.
    expect(BigInt(values['entry.rsi']).toString(2)).toMatch(/^10*$/);
  });
});

test('a twin shrinks to the same case from every start', () => {
  const runner = twinRunner('failure-by-low-half-5.19');
  const results = shrunk(runner);
  for (const values of results) expect(Object.keys(values)).toEqual(['answer.status']);
});

test('what does not fail so cannot be shrunk', () => {
  const runner = runnerOf([RET], BARE_CONTRACT, [ENDS]);
  const signature = {
    property: 'made-property',
    clause: 'when(caller-kept, endedAs(returned))',
    slot: 'end',
    place: 'f+0x0',
  };
  expect(() => shrinkFailure(runner, caseOf(runner), signature)).toThrow('did not fail again');
});
