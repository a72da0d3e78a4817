/** Mutants: one bit each, judged on the same cases, summed up as the committed baseline says. */
import { describe, expect, it } from 'vitest';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import type { StubTarget } from '../run/target.js';
import { UsageError } from '../errors.js';
import { functionCode } from '../harness/function-code.js';
import { functionExtent } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import { packageRoot } from '../package-info.js';
import { mutantsJson, mutantsMarkdown, readMutants } from './baseline.js';
import { mutantOf } from './mutant.js';
import { codeOf, sumUp } from './survey.js';
import { type Outcome, Trial } from './trial.js';

const STUBS = builtInStubs();

function stub(name: string): StubTarget {
  const found = STUBS.find((target) => target.name === name);
  if (found === undefined) throw new Error(`no target ${name}`);
  return found;
}

/** Bytes of a function after relocation. */
function bytesOf({ image, symbol }: StubTarget): number[] {
  const { address, size } = functionExtent(image, findFunction(image, symbol));
  return functionCode(image, address, size).instructions.flatMap(({ bytes }) => [...bytes]);
}

const SMALLEST = stub('guest-6.7/__tdcall');
const HYPERCALL = stub('guest-5.19/__tdx_hypercall');

describe('a mutant', () => {
  const { address } = functionExtent(HYPERCALL.image, findFunction(HYPERCALL.image, HYPERCALL.symbol));

  it('has one bit the other way round, and the image is as it was', () => {
    const before = bytesOf(HYPERCALL);
    const after = bytesOf({ ...HYPERCALL, image: mutantOf(HYPERCALL.image, address, { offset: 1, bit: 6 }) });
    expect(after[1]).toBe(before[1] ^ 0x40);
    const copy = mutantOf(HYPERCALL.image, address, { offset: 1, bit: 6 });
    const restored = mutantOf(copy, address, { offset: 1, bit: 6 });
    expect(restored).toEqual(HYPERCALL.image);
    expect(bytesOf(HYPERCALL)).toEqual(before);
  });

  it('needs a byte', () => {
    expect(() => mutantOf(HYPERCALL.image, address, { offset: 1_000_000, bit: 0 })).toThrow(RangeError);
  });
});

describe('a trial', () => {
  const trial = new Trial(HYPERCALL, 200);

  it('lets correct code survive', () => expect(trial.runUnharmed()).toEqual({ kind: 'survived' }));

  it('kills the mask that exposes RBP, and says by what', () => {
    // movl $0xfc00, %ecx at +0x1f: bit 5 of its immediate's low byte is RBP's.
    expect(bytesOf(HYPERCALL).slice(0x1f, 0x24)).toEqual([0xb9, 0x00, 0xfc, 0x00, 0x00]);
    const outcome = trial.run({ offset: 0x20, bit: 5 });
    expect(outcome).toMatchObject({
      kind: 'killed',
      by: expect.arrayContaining(['vmcall-frame: call.rcx']) as unknown,
    });
  });

  it('kills every change of the XOR that clears R10 after a refusal, but for those that do the same', () => {
    const vendor = stub('guest-rfc-2021/__tdx_hypercall_vendor_kvm');
    expect(bytesOf(vendor).slice(0x51, 0x54)).toEqual([0x45, 0x31, 0xd2]);
    const tried = new Trial(vendor, 1000);
    const survivors = [0x51, 0x52, 0x53].flatMap((offset) =>
      [0, 1, 2, 3, 4, 5, 6, 7]
        .filter((bit) => tried.run({ offset, bit }).kind === 'survived')
        .map((bit) => `${offset.toString(16)}.${bit}`),
    );
    // xor r10d with REX.X or REX.W, and the same XOR in its other encoding: they do the same.
    expect(survivors).toEqual(['51.1', '51.3', '52.1']);
  });

  it('has no verdict on an instruction that nothing models', () => {
    const outcomes = Array.from({ length: 8 * 0x30 }, (_, index) => index)
      .map((index) => trial.run({ offset: index >> 3, bit: index & 7 }))
      .filter((outcome) => outcome.kind === 'no verdict');
    expect(outcomes.length).toBeGreaterThan(5);
    for (const { problem } of outcomes) expect(problem).not.toBe('');
  });

  it('without cases kills nothing', () => {
    expect(new Trial(HYPERCALL, 0).run({ offset: 0x20, bit: 5 })).toEqual({ kind: 'survived' });
  });
});

describe('the baseline', () => {
  const baseline = readMutants(packageRoot());

  it('speaks of every built-in stub as it is now', () => {
    expect(baseline.targets.map(({ target, code, bytes }) => ({ target, code, bytes }))).toEqual(
      STUBS.map((target) => ({ target: target.name, code: codeOf(target), bytes: bytesOf(target).length })),
    );
  });

  it('accounts for every mutant', () => {
    for (const { target, bytes, killed, survived, noVerdict, survivors } of baseline.targets) {
      expect(killed + survived + noVerdict, target).toBe(8 * bytes);
      expect(Object.values(survivors).join('').length, target).toBe(survived);
    }
  });

  it('names code of its own for each target', () => {
    const [first] = baseline.targets;
    const address = functionExtent(SMALLEST.image, findFunction(SMALLEST.image, SMALLEST.symbol)).address;
    const other = { ...SMALLEST, image: mutantOf(SMALLEST.image, address, { offset: 0, bit: 0 }) };
    expect(codeOf(other)).not.toBe(codeOf(SMALLEST));
    expect(first.code).not.toBe(codeOf(SMALLEST));
  });
});

describe('the sum', () => {
  const died: Outcome = { kind: 'killed', by: ['keeps-stack: memory', 'ends-safely: end'], after: 3 };
  const lived: Outcome = { kind: 'survived' };
  const unknown: Outcome = { kind: 'no verdict', problem: 'wait' };
  const row = sumUp(SMALLEST, [
    [died, lived, lived, died, unknown, died, died, lived],
    [died, died, died, died, died, died, died, died],
  ]);

  it('counts', () => {
    expect(row).toMatchObject({
      killed: 12,
      survived: 3,
      noVerdict: 1,
      killers: { 'ends-safely: end': 12, 'keeps-stack: memory': 12 },
      survivors: { '0x0': '127' },
    });
    expect(Object.keys(row.killers)).toEqual(['ends-safely: end', 'keeps-stack: memory']);
  });

  it('reads back what it writes, and shows people the instruction', () => {
    const text = mutantsMarkdown([row], [SMALLEST], 7);
    expect(text).toContain('| guest-6.7/__tdcall | 2 | 16 | 12 | 3 | 1 | 80.0 % |');
    expect(text).toContain('0.127 |');
    expect(JSON.parse(mutantsJson([row], 7))).toEqual({ schema: 'tdxfuzz/mutants/1', cases: 7, targets: [row] });
  });
});

describe('a baseline that cannot be read', () => {
  it('is one clear line', () => {
    expect(() => readMutants('/nowhere')).toThrow(UsageError);
    expect(() => readMutants('/nowhere')).toThrow(/mutants\.json: no such file; npm run mutants writes it/);
  });
});
