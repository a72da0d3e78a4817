import { describe, expect, test } from 'vitest';
import {
  atCall,
  type Clause,
  constant,
  endedAs,
  equal,
  fact,
  final,
  independent,
  initial,
  zero,
} from '../clause/clause.js';
import {
  clear,
  load,
  move,
  NOP,
  type Piece,
  RET,
  set32,
  SOUND,
  BLOCK_CONTRACT,
  STI,
  store,
  TDCALL,
  UD2,
  VADDPS,
} from '../harness/made-function.test.helper.js';
import { accountsOf } from './account.js';
import { caseOf, propertyOf, runnerOf } from './made-runner.test.helper.js';

const CALL: readonly Piece[] = [clear('rax'), set32('rcx', 0x400), TDCALL];

function said(
  pieces: readonly Piece[],
  clause: Clause,
  values: Readonly<Record<string, bigint>> = {},
): { expected: string; actual: string } {
  const runner = runnerOf(pieces, undefined, [propertyOf(clause)]);
  const [account] = accountsOf(runner, caseOf(runner, values));
  return { expected: account.expected, actual: account.actual };
}

describe('an account says what was expected and what was found', () => {
  test.each<[string, readonly Piece[], Clause, string, string]>([
    ['a register', [set32('rbx', 5), RET], equal(final('rbx'), constant(0x10n)), '0x10', 'final.rbx = 0x5'],
    [
      'some bits of it',
      [set32('rbx', 0xff5), RET],
      equal(final('rbx'), constant(0x10n), 0xf0n),
      '0x10',
      'final.rbx = 0xf0',
    ],
    ['zero', [set32('rbx', 5), RET], zero(final('rbx')), 'final.rbx = 0', 'final.rbx = 0x5'],
    [
      'whose value it is',
      [move('rbx', 'r12'), RET],
      equal(final('rbx'), initial('rbx')),
      'initial.rbx = 0x5ec2e7035ec2e703',
      'final.rbx = r12 at the entry (0x5ec2e70b5ec2e70b)',
    ],
    [
      'flags',
      [STI, RET],
      equal(final('rflags'), initial('rflags'), 0x200n),
      'initial.rflags = 0x0',
      'final.rflags = IF (0x200)',
    ],
    ['an end', [UD2], endedAs('returned', 'stopped'), 'the run ends: returned, stopped', 'trapped'],
    ['stray stores', [store('rsp', 8, 'rbx'), RET], { kind: 'noWriteOutside' }, 'stores on', '1 elsewhere'],
    [
      'accesses below RSP',
      [load('rax', 'rsp', -8), RET],
      { kind: 'noAccessBelowStackPointer' },
      'no access below RSP',
      '1 below RSP',
    ],
    [
      'a missing STI',
      [...CALL, RET],
      { kind: 'before', first: 'sti', second: 'call' },
      'STI is the instruction immediately before TDCALL',
      'no STI was executed',
    ],
    [
      'an early STI',
      [STI, NOP, ...CALL, RET],
      { kind: 'before', first: 'sti', second: 'call' },
      'STI is the instruction immediately before TDCALL',
      'other instructions stand between STI and TDCALL',
    ],
  ])('%s', (_, pieces, clause, expected, actual) => {
    const text = said(pieces, clause);
    expect(text.expected).toContain(expected);
    expect(text.actual).toContain(actual);
  });

  test('a leak: both values', () => {
    const pieces = [move('r10', 'rbx'), ...CALL, RET];
    const text = said(pieces, independent(atCall('r10'), 'guest-secrets'), { 'entry.rbx': 5n });
    expect(text.expected).toBe('call.r10 is the same for all guest secrets');
    // Companion G holds the complement.
    expect(text.actual).toBe('call.r10 = 0x5, but 0xfffffffffffffffa when only guest secrets change');
  });

  test('a path that depends on the host', () => {
    // jmp *%r10 is no path that any two host values share.
    const text = said([...CALL, load('rax', 'r10'), RET], independent(fact('faultAddress'), 'host-values'), {
      'answer.r10': 0x1000n,
    });
    expect(text.actual).toContain('faultAddress = 0x1000, but 0x');
  });

  test('where a run faulted', () => {
    const runner = runnerOf([load('rax', 'rbx'), RET]);
    runner.run(caseOf(runner, { 'entry.rbx': 0x1000n }));
    expect(runner.end).toBe('faulted with #PF at address 0x1000');
  });
});

test('each root cause once, also when several clauses speak of it', () => {
  const runner = runnerOf([set32('rbx', 5), RET], undefined, [
    propertyOf(zero(final('rbx')), equal(final('rbx'), initial('rbx'))),
  ]);
  expect(accountsOf(runner, caseOf(runner))).toHaveLength(1);
});

test('a sound function has nothing to account for, and what cannot be judged neither', () => {
  const sound = runnerOf(SOUND, BLOCK_CONTRACT);
  expect(accountsOf(sound, caseOf(sound, { 'block.field0': 3n, 'answer.r10': 7n }))).toEqual([]);
  const unknown = runnerOf([VADDPS, RET]);
  expect(accountsOf(unknown, caseOf(unknown))).toEqual([]);
  expect(unknown.problem).toContain('vaddps');
});
