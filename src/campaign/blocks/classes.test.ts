import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PLACE_NAMES } from '../../scenario/layout.js';
import { cases } from '../../case/arbitrary.js';
import type { Case } from '../../case/case.js';
import type { StubRunner } from '../../run/stub-runner.js';
import {
  BLOCK_CONTRACT,
  clear,
  load,
  madeImage,
  RET,
  set32,
  SOUND,
  TDCALL,
} from '../../harness/made-function.test.helper.js';
import { caseOf, runnerOf } from '../../finding/made-runner.test.helper.js';
import { stubRunner } from '../../finding/twins.test.helper.js';
import { builtInStubs } from '../targets/built-in-targets.js';
import { ClassCounter } from './classes.js';
import { Reach } from './reach.js';

/** What is counted of cases, and what of code they reached. */
function classesOf(runner: StubRunner, all: readonly Case[]): Record<string, number> {
  const counter = new ClassCounter(runner);
  const reach = new Reach(runner);
  for (const values of all) {
    runner.run(values);
    counter.count();
    reach.note(values);
  }
  return counter.result(reach.coverage());
}

function counted(...all: Readonly<Record<string, bigint>>[]): Record<string, number> {
  const runner = runnerOf(SOUND, BLOCK_CONTRACT);
  return classesOf(
    runner,
    all.map((values) => caseOf(runner, values)),
  );
}

/** The classes that one case more adds to, beyond those of the neutral case. */
const added = (values: Readonly<Record<string, bigint>>): string[] => {
  const neutral = counted({});
  return Object.entries(counted(values)).flatMap(([name, cases]) => (cases > (neutral[name] ?? 0) ? [name] : []));
};

describe('a case is counted in every class that it falls into', () => {
  test('the neutral one', () => {
    const classes = counted({});
    const present = Object.entries(classes).flatMap(([name, cases]) => (cases > 0 ? [name] : []));
    expect(present).toEqual(['no fault', 'IF clear at entry', 'block valid', 'call succeeded', 'host answers 0']);
    expect(Object.values(classes).every((cases) => cases <= 1)).toBe(true);
  });

  test.each<[string, Record<string, bigint>, string[]]>([
    ['IF', { 'entry.rflags': 0x202n }, ['IF set at entry']],
    ['a NULL block', { 'block.place': 2n }, ['block null']],
    [
      'a status with its low half 0',
      { 'answer.status': 0x80000000_00000000n },
      ['call failed', 'TDVMCALL failed, low half 0'],
    ],
    [
      'a status with its high half 0',
      { 'answer.status': 1n },
      ['call failed', 'TDVMCALL failed, high half 0', 'TDVMCALL failed, bit 63 clear'],
    ],
    ['RETRY', { 'answer.r10': 1n }, ['host answers RETRY']],
    ['an answer that is the argument', { 'answer.r10': 9n, 'block.field0': 9n }, ['host value equals an argument']],
    ['an NMI', { 'fault.kind': 2n, 'fault.at': 1n }, ['NMI delivered', 'interrupted at +0x4']],
    [
      'an interrupt',
      { 'fault.kind': 1n, 'fault.at': 0n, 'entry.rflags': 0x202n },
      ['interrupt delivered', 'IF set at entry', 'interrupted at +0x0'],
    ],
    ['an interrupt with IF clear', { 'fault.kind': 1n }, ['interrupt never deliverable']],
  ])('%s', (_, values, classes) => {
    expect(added(values)).toEqual(expect.arrayContaining(classes));
    expect(added(values).filter((name) => !classes.includes(name))).toEqual([]);
  });

  test('each instruction that was executed is a boundary, also one that no interrupt came to', () => {
    const boundaries = Object.keys(counted({})).filter((name) => name.startsWith('interrupted at'));
    expect(boundaries).toEqual([0, 4, 6, 11, 15, 19, 22].map((offset) => `interrupted at +0x${offset.toString(16)}`));
  });

  test('every place of the block is a class', () => {
    const classes = counted(...PLACE_NAMES.map((_, place) => ({ 'block.place': BigInt(place) })));
    for (const place of PLACE_NAMES) expect([place, classes[`block ${place}`]]).toEqual([place, 1]);
  });
});

test('masks of the caller: refused, the widest, and fewer', () => {
  const contract = {
    ...BLOCK_CONTRACT,
    inputs: { rax: { constant: '0x0' }, rcx: { field: 'a' } },
    outputs: { fields: {}, when: [] },
    widestMask: '0xffcc',
  };
  const runner = runnerOf([load('rcx', 'rdi'), clear('rax'), TDCALL, RET], contract);
  const masks = [0xffccn, 0x400n, 0n, 1n, 1n << 32n];
  const classes = classesOf(
    runner,
    masks.map((mask) => caseOf(runner, { 'block.field0': mask })),
  );
  expect(classes['mask exposes all']).toBe(1);
  expect(classes['mask exposes some']).toBe(2);
  expect(classes['mask rejected by the module']).toBe(2);
});

test('classes that a contract cannot have are none of its own', () => {
  expect(Object.keys(counted({})).filter((name) => name.startsWith('leaf') || name.startsWith('mask'))).toEqual([]);
  const runner = runnerOf([set32('rcx', 0x400), RET]);
  expect(Object.keys(classesOf(runner, [])).filter((name) => name.startsWith('block'))).toEqual([]);
  expect(madeImage(SOUND).segments).toHaveLength(1);
});

test('the built-in targets leave no class empty in some thousand cases', () => {
  const targets = builtInStubs();
  for (const target of [...targets.slice(0, 3), ...targets.filter(({ name }) => name.startsWith('seamcall-2023'))]) {
    const runner = stubRunner(target);
    const classes = classesOf(runner, fc.sample(cases(runner.space), { seed: 5, numRuns: 8000 }));
    expect(Object.entries(classes).filter(([, cases]) => cases === 0)).toEqual([]);
  }
});

describe('a call of a host stub', () => {
  const target = builtInStubs().find(({ name }) => name === 'seamcall-6.7/__seamcall_saved_ret');
  const ofCall = (values: Readonly<Record<string, bigint>>): string[] => {
    if (target === undefined) throw new Error('no such target');
    const runner = stubRunner(target);
    const ofCase = /^(no fault|IF |block |interrupted)/;
    return Object.entries(classesOf(runner, [caseOf(runner, values)])).flatMap(([name, cases]) =>
      cases > 0 && !ofCase.test(name) ? [name] : [],
    );
  };
  test.each<[Record<string, bigint>, string[]]>([
    [{}, ['call succeeded', 'the TD answers', 'leaf 0']],
    [
      { 'answer.status': 0x80000200_00000001n },
      ['call failed', 'call failed: TDX_OPERAND_BUSY', 'TDH.VP.ENTER fails', 'leaf 0'],
    ],
    [
      { 'entry.rdi': 24n, 'answer.status': 0x80000203_00000000n },
      ['call failed', 'call failed: TDX_RND_NO_ENTROPY', 'leaf 24'],
    ],
    [{ 'entry.rdi': 42n }, ['call failed', 'leaf rejected by the module']],
    [{ 'entry.rdi': 0x80000000_00000001n }, ['call succeeded', 'the P-SEAMLDR answers']],
    [{ 'entry.rdi': 24n, 'call.outcome': 1n }, ['SEAMCALL fails with CF = 1', 'leaf 24']],
    [{ 'entry.rdi': 24n, 'call.outcome': 2n }, ['SEAMCALL raises #GP', 'leaf 24']],
    [{ 'entry.rdi': 24n, 'call.outcome': 3n }, ['SEAMCALL raises #UD', 'leaf 24']],
  ])('%o', (values, classes) => expect(ofCall(values).sort()).toEqual(classes.sort()));
});
