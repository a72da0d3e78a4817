import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endedAs, equal, field, final, initial, vector } from '../clause/clause.js';
import {
  BLOCK_CONTRACT,
  CLD,
  jz,
  load,
  MOVQ_RDI_XMM0,
  MOVQ_RSI_XMM0,
  NOP,
  type Piece,
  RET,
  STD,
  STI,
  store,
  test64,
  UD2,
} from '../harness/made-function.test.helper.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { scenarios } from '../case/arbitrary.js';
import type { Scenario } from '../scenario/layout.js';
import { caseOf, propertyOf, runnerOf, signaturesOf } from './made-runner.test.helper.js';
import { twinRunner, twins } from './twins.test.helper.js';
import { placeName, type Signature, signatureKey, Violations } from './signature.js';

/** Signatures of every failing scenario, by one Violations that remembers. */
function remembered(runner: CaseRunner, all: readonly Scenario[]): Signature[][] {
  const violations = new Violations(runner);
  return all.map((scenario) => violations.signatures(Math.max(0, runner.run(scenario))));
}

const EVERY_KIND = [
  'derived-r11-5.19',
  'sti-without-flag-5.19',
  'mask-with-rbp-5.19',
  'store-beyond-block-5.19',
  'failure-returns-5.19',
  'stray-caller-frame-5.19',
  'missing-pop-without-output-5.19',
  'leaf-upper-bits-stale-6.3',
  'tdcall-twice-6.3',
  'args-in-exposed-register-6.3',
  'table-indexed-by-r10-6.3',
  'args-in-xmm0-6.3',
  'ac-left-set-6.3',
  'jump-through-r11-6.4',
  'retry-forever-6.3',
  'rsi-not-loaded-6.7',
  'status-half-6.7',
  'missing-pop-on-failure-6.7',
];

describe('what is remembered is what would be found again', () => {
  test.each(EVERY_KIND)('twin %s', (id) => {
    const runner = twinRunner(id);
    const all = fc.sample(scenarios(runner.space), { seed: 7, numRuns: 400 });
    const failing = all.filter((scenario) => runner.run(scenario) > 0).slice(0, 200);
    expect(failing.length).toBeGreaterThan(0);
    const found = remembered(runner, failing);
    expect(found.flat().length).toBeGreaterThanOrEqual(failing.length);
    failing.forEach((scenario, index) => expect(found[index]).toEqual(signaturesOf(runner, scenario)));
  });

  /** Two cases that take one path and are to blame on two instructions. */
  const both = (runner: CaseRunner, a: Record<string, bigint>, b: Record<string, bigint>): Signature[][] => {
    const cases = [caseOf(runner, a), caseOf(runner, b)];
    const alone = cases.map((scenario) => signaturesOf(runner, scenario));
    expect(remembered(runner, cases)).toEqual(alone);
    expect(remembered(runner, [...cases].reverse())).toEqual([...alone].reverse());
    return alone;
  };
  const placesOf = (signatures: readonly Signature[][]): string[] => signatures.map(([{ place }]) => place);

  test('flags: which instruction changed them depends on what they were', () => {
    const runner = runnerOf([STD, STI, RET], undefined, [
      propertyOf(equal(final('rflags'), initial('rflags'), 0x600n)),
    ]);
    expect(placesOf(both(runner, {}, { 'entry.rflags': 0x202n }))).toEqual(['f+0x1', 'f+0x0']);
  });

  test('vector state: a second write of the same value changes nothing', () => {
    const clause = equal(vector('final', 'xmm0.low'), vector('initial', 'xmm0.low'));
    const runner = runnerOf([MOVQ_RDI_XMM0, MOVQ_RSI_XMM0, RET], undefined, [propertyOf(clause)]);
    const same = { 'entry.rdi': 5n, 'entry.rsi': 5n };
    expect(placesOf(both(runner, {}, same))).toEqual(['f+0x5', 'f+0x0']);
  });

  test('a trap or a fault right behind a branch: the instruction that ended the run was not executed', () => {
    const clause = endedAs('returned');
    const trap: Piece[] = [test64('rbx'), jz(2), UD2, UD2];
    const traps = runnerOf(trap, undefined, [propertyOf(clause)]);
    expect(placesOf(both(traps, { 'entry.rbx': 0n }, { 'entry.rbx': 1n }))).toEqual(['f+0x7', 'f+0x5']);
    const access: Piece[] = [test64('rbx'), jz(4), load('rax', 'rdx'), load('rcx', 'rdx'), RET];
    const faults = runnerOf(access, undefined, [propertyOf(clause)]);
    const rdx = { 'entry.rdx': 0n };
    expect(placesOf(both(faults, { 'entry.rbx': 0n, ...rdx }, { 'entry.rbx': 1n, ...rdx }))).toEqual([
      'f+0x9',
      'f+0x5',
    ]);
  });

  test('a field: which store hit it depends on the addresses', () => {
    const clause = equal(field('final', 'b'), field('initial', 'b'));
    // The second store goes where field c says: into b or into d.
    const runner = runnerOf(
      [store('rdi', 8, 'rbx'), load('rax', 'rdi', 16), store('rax', 0, 'r12'), RET],
      BLOCK_CONTRACT,
      [propertyOf(clause)],
    );
    const b = 0xffff888012340808n;
    const elsewhere = { 'block.field2': b + 16n };
    expect(placesOf(both(runner, { 'block.field2': b }, elsewhere))).toEqual(['f+0x8', 'f+0x0']);
  });

  test('an interrupt in the run changes no place', () => {
    const runner = runnerOf([CLD, STD, NOP, RET], undefined, [
      propertyOf(equal(final('rflags'), initial('rflags'), 0x400n)),
    ]);
    const nmi = { 'fault.kind': 2n, 'fault.at': 2n };
    expect(placesOf(both(runner, {}, nmi))).toEqual(['f+0x1', 'f+0x1']);
  });
});

test('a place is named after the function, after a neighbour, or by its address', () => {
  const [twin] = twins();
  const runner = twinRunner(twin.id);
  const { entry, image } = runner.target;
  expect(placeName(runner, entry)).toBe(`${twin.symbol}+0x0`);
  expect(placeName(runner, entry + BigInt(runner.size) - 1n)).toBe(
    `${twin.symbol}+0x${(runner.size - 1).toString(16)}`,
  );
  const other = image.symbols.find(({ kind, address }) => kind === 'function' && address !== entry);
  if (other === undefined) throw new Error('one function only');
  expect(placeName(runner, other.address + 1n)).toBe(`${other.name}+0x1`);
  expect(placeName(runner, 0x1234n)).toBe('0x1234');
});

test('clauses that blame one instruction for one slot are one root cause', () => {
  const signature = { property: 'p', clause: 'a', slot: 'final.r10', place: 'f+0x1' };
  expect(signatureKey({ ...signature, clause: 'b' })).toBe(signatureKey(signature));
  for (const change of [{ property: 'q' }, { slot: 'final.r11' }, { place: 'f+0x2' }])
    expect(signatureKey({ ...signature, ...change })).not.toBe(signatureKey(signature));
});
