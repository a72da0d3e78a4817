/**
 * Objects of NASM and of plain `as`: global symbols without type and size, and labels that stay in the symbol table. What is
 * found in them has one place in the campaign and in its case, and a function is its code and not what stands before a label.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { builtInContract } from '../contract/find-contract.js';
import { functionAround } from '../harness/call-graph.js';
import type { Image, ImageSymbol } from '../image/image.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import { fuzz } from './fuzz.js';
import { exitStatus, type FindingResult } from './records/result.js';
import { type AnyTarget, isProgram } from '../run/target.js';
import { brokenTarget, imageCache } from './targets/twin-targets.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));
const SOURCES = join(packageRoot(), 'corpus/labels');

/** Assembler, its source, and the committed object that it made. */
const ASSEMBLERS = [
  ['nasm', 'nasm.asm', 'nasm.o', ['-f', 'elf64']],
  ['as', 'as.s', 'as.o', ['-mx86-used-note=no']],
] as const;

const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

async function find(
  targets: readonly AnyTarget[],
  runs: number,
): Promise<{ status: number; findings: FindingResult[][] }> {
  const result = await fuzz({ targets, seed: 'labels', budget: { runs }, workers: 1, examine: false });
  return { status: exitStatus(result), findings: result.result.targets.map(({ findings }) => findings) };
}

const placesOf = (findings: readonly FindingResult[]): string[] =>
  findings.map(({ property, slot, place, unrepeated = '' }) => `${property}: ${slot} at ${place}${unrepeated}`);

async function checkStubs(image: Image): Promise<void> {
  const targets = ['__tdcall', '__tdcall_ret'].map((symbol): AnyTarget => {
    const { set, contract } = builtInContract(`linux-6.7/${symbol}`);
    return { name: symbol, symbol, set: set.name, contract, image };
  });
  const { status, findings } = await find(targets, 1500);
  expect(status).toBe(1);
  expect(findings.map(placesOf)).toEqual([
    ['marshals-arguments: call.r9 at __tdcall+0xe'],
    // The part behind another function is a function of its own, whatever labels it has.
    ['writes-outputs: final.block.r9 at store_some+0xb'],
  ]);
}

describe.each(ASSEMBLERS)('an object of %s', (program, source, object, flags) => {
  const image = parseImage(readFileSync(join(SOURCES, object)), object);

  test('as it is committed: every finding has its place and repeats from its case', () => checkStubs(image));

  test.skipIf(!isThere(program))(`assembled here (needs ${program})`, async () => {
    const made = join(folder, object);
    const { status, stderr } = spawnSync(program, [...flags, '-o', made, join(SOURCES, source)], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const bytes = readFileSync(made);
    await checkStubs(parseImage(bytes, object));
  });

  test('functions go as far as control goes: past labels, and not into padding', () => {
    const base = image.segments.find(({ execute }) => execute)?.address ?? 0n;
    const sizes = [0n, 0x10n, 0x20n, 0x40n, 0x41n, 0x48n].map((offset) => {
      const code = functionAround(image, base + offset);
      return code && [code.symbol, Number(code.address - base), code.size];
    });
    const tdcall = ['Alias_of_tdcall', 0, 0x1f];
    const store = ['store_some', 0x41, 0x18];
    expect(sizes).toEqual([tdcall, tdcall, ['__tdcall_ret', 0x20, 0x20], ['another', 0x40, 1], store, store]);
  });
});

/** The image as plain `as` would have left it: no type and no size, and a label at every target of a branch. */
function unsized(image: Image): Image {
  const code = ({ kind }: ImageSymbol): boolean => kind === 'function';
  const labels = image.symbols.filter(code).flatMap(({ address, segment }) =>
    (functionAround(image, address)?.instructions ?? [])
      .filter(({ flow, target }) => flow === 'conditional' && target !== undefined)
      .map(({ target }): ImageSymbol => {
        const at = target as bigint;
        return { name: `L${at.toString(16)}`, address: at, size: 0, kind: 'untyped', global: false, segment };
      }),
  );
  const symbols = image.symbols.map((symbol): ImageSymbol =>
    code(symbol) ? { ...symbol, size: 0, kind: 'untyped' } : symbol,
  );
  return { ...image, symbols: [...labels, ...symbols] };
}

describe('a broken twin without types and sizes', () => {
  const images = imageCache(packageRoot());
  const all = readManifest(packageRoot()).map((twin) => brokenTarget(twin, images));
  const every = (step: number, program: boolean): AnyTarget[] =>
    all.filter((target) => isProgram(target) === program).filter((_, index) => index % step === 0);

  test.each([
    ['stub', every(16, false), 200],
    ['program', every(41, true), 150],
  ])('%s: the same findings, and each repeats from its case', async (_, targets, runs) => {
    const plain = targets.map((target) => ({ ...target, image: unsized(target.image) }));
    const [sized, found] = [await find(targets, runs), await find(plain, runs)];
    expect(found.findings.flat().length).toBeGreaterThan(targets.length / 2);
    expect(found.findings.map(placesOf)).toEqual(sized.findings.map(placesOf));
    expect(found.status).toBe(1);
  });
});
