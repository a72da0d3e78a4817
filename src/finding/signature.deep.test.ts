/**
 * Places of violations are remembered by the way that led there. Whatever a place depends on must be part of that: names from
 * memory and names made anew are the same, on broken twins of every kind and on dispatchers with one wrong constant.
 */
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
import { builtInPrograms } from '../campaign/targets/built-in-targets.js';
import { brokenTarget, imageCache } from '../campaign/targets/twin-targets.js';
import { functionAround } from '../harness/call-graph.js';
import type { Image } from '../image/image.js';
import { packageRoot } from '../package-info.js';
import { openRunner } from '../run/open-runner.js';
import { isProgram, type ProgramTarget } from '../run/target.js';
import { readManifest } from '../targets/manifest.js';
import { cases, drawCases } from '../case/arbitrary.js';
import type { Case } from '../case/case.js';
import type { Runner } from '../run/runner.js';
import type { StubRunner } from '../run/stub-runner.js';
import { caseOf, propertyOf, runnerOf, signaturesOf } from './made-runner.test.helper.js';
import { twinRunner, twins } from './twins.test.helper.js';
import { type Signature, signatureKey, Signatures } from './signature.js';

/** Signatures of every failing case, by one Signatures that remembers. */
function remembered(runner: Runner, all: readonly Case[]): Signature[][] {
  const signatures = new Signatures(runner);
  return all.map((values) => signatures.of(runner.run(values) ?? []));
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
    const all = fc.sample(cases(runner.space), { seed: 7, numRuns: 400 });
    const failing = all.filter((values) => (runner.run(values) ?? []).length > 0).slice(0, 200);
    expect(failing.length).toBeGreaterThan(0);
    const found = remembered(runner, failing);
    expect(found.flat().length).toBeGreaterThanOrEqual(failing.length);
    failing.forEach((values, index) => expect(found[index]).toEqual(signaturesOf(runner, values)));
  });

  /** Two cases that take one path and are to blame on two instructions. */
  const both = (runner: StubRunner, a: Record<string, bigint>, b: Record<string, bigint>): Signature[][] => {
    const two = [caseOf(runner, a), caseOf(runner, b)];
    const alone = two.map((values) => signaturesOf(runner, values));
    expect(remembered(runner, two)).toEqual(alone);
    expect(remembered(runner, [...two].reverse())).toEqual([...alone].reverse());
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

const images = imageCache(packageRoot());

/** How many stories fail, the violations in them, and those that have another name from memory than anew. */
function compare(target: ProgramTarget, stories: number): { failing: number; found: Signature[]; different: string[] } {
  const runner = openRunner(target);
  const signatures = new Signatures(runner);
  let failing = 0;
  const found: Signature[] = [];
  const different: string[] = [];
  for (const story of drawCases(runner.space, [1, 2, 3, 4], stories)) {
    const violations = runner.run(story) ?? [];
    if (violations.length === 0) continue;
    failing++;
    const known = signatures.of(violations);
    const anew = signaturesOf(runner, story);
    found.push(...anew);
    known.forEach((signature, at) => {
      const [one, other] = [signatureKey(signature), signatureKey(anew[at])];
      if (one !== other) different.push(`${target.name}: ${one}, not ${other}`);
    });
  }
  return { failing, found, different };
}

/** The stores of a constant in what a program's image has. */
function constantStores(image: Image): { symbol: string; address: bigint; end: number }[] {
  const functions = image.symbols.filter(({ kind }) => kind === 'function');
  return functions.flatMap(({ name, address: start }) =>
    (functionAround(image, start)?.instructions ?? [])
      .filter(({ text }) => /^mov[lq] \$.*\)$/.test(text))
      .map(({ address, length }) => ({ symbol: name, address, end: length })),
  );
}

/** The image with one bit of a constant changed: it has the last four bytes of the instruction. */
function withOtherConstant(image: Image, { address, end }: { address: bigint; end: number }): Image {
  const segments = image.segments.map((segment) => {
    const at = Number(address - segment.address);
    if (at < 0 || at >= segment.bytes.length) return segment;
    const bytes = segment.bytes.slice();
    bytes[at + end - 4] ^= 1;
    return { ...segment, bytes };
  });
  return { ...image, segments };
}

function dispatcher(): ProgramTarget {
  const target = builtInPrograms().find(({ name }) => name === 'dispatcher-7.3/sequence');
  if (target === undefined) throw new Error('no dispatcher');
  return target;
}

describe('of programs, too, a remembered place', () => {
  test('is the one of the trace, in every broken twin of a program', () => {
    const results = readManifest(packageRoot())
      .map((twin) => brokenTarget(twin, images))
      .filter(isProgram)
      .map((target) => compare(target, 15));
    expect(results.flatMap(({ different }) => different)).toEqual([]);
    // Some mistakes show in few stories only.
    expect(results.filter(({ failing }) => failing > 0).length).toBeGreaterThan(100);
  });

  test('is the one of the trace where the dispatcher stores another constant', () => {
    const target = dispatcher();
    const stores = constantStores(target.image);
    const results = stores.map((store) => compare({ ...target, image: withOtherConstant(target.image, store) }, 30));
    expect(results.flatMap(({ different }) => different)).toEqual([]);
    expect(results.filter(({ failing }) => failing > 0).length).toBeGreaterThan(20);
    // A field that is called `flags` is memory and not RFLAGS: what stored it is to blame.
    const flags = results.flatMap(({ found }, index) =>
      found
        .filter(({ slot }) => slot === 'KVM_EXIT_HYPERCALL.flags')
        .map(({ place }) => ({ place, store: `${stores[index].symbol}+0x` })),
    );
    expect(flags.length).toBeGreaterThan(0);
    for (const { place, store } of flags) expect(place).toMatch(store);
  });
});

test('a place is named after the function, after a neighbour, or by its address', () => {
  const [twin] = twins();
  const runner = twinRunner(twin.id);
  const { entry, image } = runner;
  expect(runner.place(entry)).toBe(`${twin.symbol}+0x0`);
  expect(runner.place(entry + BigInt(runner.size) - 1n)).toBe(`${twin.symbol}+0x${(runner.size - 1).toString(16)}`);
  const other = image.symbols.find(({ kind, address }) => kind === 'function' && address !== entry);
  if (other === undefined) throw new Error('one function only');
  expect(runner.place(other.address + 1n)).toBe(`${other.name}+0x1`);
  expect(runner.place(0x1234n)).toBe('0x1234');
});

test('clauses that blame one instruction for one slot are one violation', () => {
  const signature = { property: 'p', clause: 'a', slot: 'final.r10', place: 'f+0x1' };
  expect(signatureKey({ ...signature, clause: 'b' })).toBe(signatureKey(signature));
  for (const change of [{ property: 'q' }, { slot: 'final.r11' }, { place: 'f+0x2' }])
    expect(signatureKey({ ...signature, ...change })).not.toBe(signatureKey(signature));
});
