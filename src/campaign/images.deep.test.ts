/** Cases of images that no case can hold as a whole: a big one, and one that begins at address 0. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { add8, BARE_CONTRACT, load, madeImage, set64, TEXT, UD2 } from '../harness/made-function.test.helper.js';
import { builtInContract, findAnyContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { MAX_PAGES } from '../stored/case-schema.js';
import type { Image, Segment } from '../image/image.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import { findToolchain } from '../targets/toolchain.js';
import { fuzz } from './fuzz.js';
import { exitStatus, type FindingResult } from './records/result.js';
import type { AnyTarget } from '../run/target.js';
import { brokenTarget, imageCache } from './targets/twin-targets.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-images-'));
afterAll(() => rmSync(folder, { recursive: true }));
const toolchain = findToolchain();

async function find(target: AnyTarget, runs = 400): Promise<{ status: number; findings: FindingResult[] }> {
  const result = await fuzz({ targets: [target], seed: 'images', budget: { runs }, workers: 1, examine: false });
  return { status: exitStatus(result), findings: result.result.targets[0].findings };
}

/** Every finding repeats from its case, which holds few pages. */
async function checkFound(target: AnyTarget, place: string, runs?: number): Promise<FindingResult[]> {
  const { status, findings } = await find(target, runs);
  expect(findings.map((finding) => finding.unrepeated)).toEqual(findings.map(() => undefined));
  expect(findings.map((finding) => finding.place)).toContain(place);
  expect(status).toBe(1);
  for (const { case: file } of findings) expect(file.code.pages.length).toBeLessThan(12);
  return findings;
}

function make(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: folder });
  expect([command, status, stderr]).toEqual([command, 0, '']);
}

const images = imageCache(packageRoot());
const twin = (id: string): AnyTarget & { place: string } => {
  const found = readManifest(packageRoot()).find((one) => one.id === id);
  if (found === undefined) throw new Error(`no twin ${id}`);
  return { ...brokenTarget(found, images), place: found.place };
};

const BIG = 8 << 20;
const PROGRAMS = ['dispatcher-port-truncated', 'helper-7.3-io-size-off-by-one', 'seamcall-wrapper-6.8-retry-when-busy'];

describe('a program in a big image', () => {
  test.each(PROGRAMS)('%s: a case holds what its runs touched', async (id) => {
    const target = twin(id);
    const last = target.image.segments.at(-1) as Segment;
    const address = (last.address + BigInt(last.size) + 0xffffn) & ~0xfffn;
    const big = { name: '.big', address, size: BIG, bytes: new Uint8Array(0), read: true, write: true, execute: false };
    await checkFound(
      { ...target, image: { ...target.image, segments: [...target.image.segments, big] } },
      target.place,
    );
  });

  test.skipIf(toolchain === undefined)('linked with 8 MB of code and of data around it (needs gcc)', async () => {
    const target = twin(PROGRAMS[0]);
    const around = (name: string): string =>
      `.section .text.${name}, "ax"\n.globl ${name}\n${name}: .skip ${BIG / 2}, 0x90\nret\n.data\n.skip ${BIG / 2}, 1\n.section .note.GNU-stack, "", @progbits\n`;
    for (const name of ['before', 'behind']) {
      writeFileSync(join(folder, `${name}.s`), around(name));
      make('gcc', ['-c', '-o', `${name}.o`, `${name}.s`]);
    }
    copyFileSync(join(packageRoot(), `corpus/bugs/${PROGRAMS[0]}.o`), join(folder, 'twin.o'));
    make('ld', ['-r', '-o', 'big.o', 'before.o', 'twin.o', 'behind.o']);
    await checkFound({ ...target, image: parseImage(readFileSync(join(folder, 'big.o')), 'big.o') }, target.place);
  });
});

test('a run that touches more pages than a case holds is reported, and its case says so', async () => {
  // RAX goes through the pages behind the code; the trap is the mistake.
  const pages = MAX_PAGES + 40;
  const pieces = [
    set64('rax', TEXT + 0x1000n),
    set64('rcx', BigInt(pages)),
    load('rdx', 'rax'),
    // add $0x1000, %rax; dec %rcx; jnz to the load
    [0x48, 0x05, 0x00, 0x10, 0x00, 0x00],
    add8('rcx', 0xff),
    [0x75, 0xf0],
    UD2,
  ];
  const made = madeImage(pieces);
  const bytes = new Uint8Array(0);
  const data = {
    name: '.data',
    address: TEXT + 0x1000n,
    size: pages * 0x1000,
    bytes,
    read: true,
    write: true,
    execute: false,
  };
  const image: Image = { ...made, segments: [...made.segments, data] };
  const { status, findings } = await find(
    { name: 'made', symbol: 'f', set: 'made', contract: BARE_CONTRACT, image },
    50,
  );
  expect(findings.length).toBeGreaterThan(0);
  for (const { unrepeated, case: file } of findings) {
    expect(unrepeated).toMatch(/^the case: its runs touch 41 more pages than a case holds; replay it on the image/);
    expect(file.code.missing).toBe(41);
    expect(file.code.pages).toHaveLength(MAX_PAGES);
  }
  // The finding is one: nothing of the tool failed.
  expect(status).toBe(1);
});

describe('an image that begins at address 0', () => {
  test('of a stub', async () => {
    const target = twin('rsi-not-loaded-6.7');
    const base = target.image.segments.map(({ address }) => address).reduce((a, b) => (a < b ? a : b));
    const moved = <T extends { address: bigint }>(one: T): T => ({ ...one, address: one.address - base });
    const image: Image = {
      ...target.image,
      segments: target.image.segments.map(moved),
      symbols: target.image.symbols.map(moved),
      fixups: [],
    };
    const findings = await checkFound({ ...target, image }, target.place);
    expect(findings.map(({ case: file }) => file.code.pages[0].address)).toContain('0x0');
  });

  test.skipIf(toolchain === undefined)('of a stub, linked so (needs gcc)', async () => {
    const target = twin('rsi-not-loaded-6.7');
    copyFileSync(join(packageRoot(), 'corpus/bugs/guest-6.7.o'), join(folder, 'stub.o'));
    make('ld', ['-shared', '-z', 'noseparate-code', '-o', 'stub.so', 'stub.o']);
    const image = parseImage(readFileSync(join(folder, 'stub.so')), 'stub.so');
    expect(image.segments[0].address).toBe(0n);
    const { set, contract } = builtInContract('linux-6.7/__tdcall_saved_ret');
    await checkFound({ name: 'so', symbol: target.symbol, set: set.name, contract, image }, target.place);
  });

  test.skipIf(toolchain === undefined)('of a program, linked so (needs gcc)', async () => {
    const sources = ['exit', 'access', 'processor', 'map-gpa', 'userspace-calls', 'hypercall'];
    const objects = sources.map((name) => {
      const path = join(packageRoot(), `corpus/targets/dispatcher/${name}.c`);
      // The mistake: another constant is stored.
      const text = readFileSync(path, 'utf8').replace(
        'run->hypercall.flags = HYPERCALL_LONG_MODE',
        'run->hypercall.flags = 2',
      );
      writeFileSync(join(folder, `${name}.c`), text);
      const flags = [
        '-std=gnu17',
        '-O2',
        '-ffreestanding',
        '-fPIC',
        '-fvisibility=hidden',
        '-mno-red-zone',
        '-mgeneral-regs-only',
        '-fcf-protection=none',
        '-fno-stack-protector',
      ];
      make('gcc', [
        '-c',
        ...flags,
        '-I',
        join(packageRoot(), 'corpus/targets/dispatcher'),
        '-o',
        `${name}.o`,
        `${name}.c`,
      ]);
      return `${name}.o`;
    });
    make('ld', ['-shared', '-z', 'noseparate-code', '-o', 'host.so', ...objects]);
    const image = parseImage(readFileSync(join(folder, 'host.so')), 'host.so');
    expect(image.segments[0].address).toBe(0n);
    const { set, program } = findAnyContract('kvm-7.3/sequence', CONTRACT_SETS);
    if (program === undefined) throw new Error('no program');
    const { status, findings } = await find({ name: 'so', symbol: program.symbol, set: set.name, program, image });
    expect(findings.map(({ slot, unrepeated }) => [slot, unrepeated])).toContainEqual([
      'KVM_EXIT_HYPERCALL.flags',
      undefined,
    ]);
    expect(status).toBe(1);
  });
});
