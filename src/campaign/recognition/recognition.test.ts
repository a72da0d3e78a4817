import { describe, expect, test } from 'vitest';
import { readShape } from '../../code/read-shape.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import {
  clear,
  jnz,
  jz,
  load,
  madeImage,
  move,
  type Piece,
  pop,
  push,
  RET,
  set32,
  store,
  TDCALL,
  test64,
  testBits,
  UD2,
} from '../../harness/made-function.test.helper.js';
import type { Image } from '../../image/image.js';
import { packageRoot } from '../../package-info.js';
import { readManifest } from '../../targets/manifest.js';
import { builtInStubs } from '../targets/built-in-targets.js';
import { imageCache } from '../targets/twin-targets.js';
import { tdVmCallCode } from './firmware.test.helper.js';
import { type Recognition, recognise } from './recognise.js';
import { type Candidate, candidatesFor } from './stub-recognition.js';

const ROOT = packageRoot();
const images = imageCache(ROOT);

function recognised(image: Image, wrapped: readonly string[]): Recognition {
  return recognise(image, wrapped, CONTRACT_SETS, (symbol) => image.symbols.some(({ name }) => name === symbol));
}
const made = (symbol: string, ...pieces: readonly Piece[]): Recognition =>
  recognised(madeImage(pieces, { symbol }), [symbol]);
const idsOf = ({ stubs }: Recognition): string[] => stubs.map(({ set, contract }) => `${set}/${contract.symbol}`);
const idOf = ({ set, contract }: Candidate): string => `${set}/${contract.symbol}`;

const FIELDS = [0, 8, 16, 24, 32, 40] as const;
const REGISTERS = ['r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;
const SAVED = ['r12', 'r13', 'r14', 'r15'] as const;
const LOADS = REGISTERS.map((register, index) => load(register, 'rdi', FIELDS[index]));
const STORES = REGISTERS.map((register, index) => store('rdi', FIELDS[index], register)).flat();
const SCRUBS = [clear('r10'), clear('r11')];
const SAVES = SAVED.map(push);
const RESTORES = SAVED.toReversed().map(pop);

/** A stub of the block and the mask of Linux 5.19, with what it does about failure and STI. */
const hypercall = (sti: Piece, failure: readonly Piece[], stop: readonly Piece[]): Piece[] => [
  ...SAVES,
  ...LOADS,
  set32('rcx', 0xfc00),
  clear('rax'),
  sti,
  TDCALL,
  ...failure,
  testBits('rsi', 1),
  jz(STORES.length),
  STORES,
  move('rax', 'r10'),
  ...SCRUBS,
  ...RESTORES,
  RET,
  ...stop,
];
const behind = (pieces: readonly Piece[]): number => pieces.reduce((sum, piece) => sum + (piece as number[]).length, 0);
const REST = behind([testBits('rsi', 1), jz(0), STORES, move('rax', 'r10'), ...SCRUBS, ...RESTORES, RET]);
const STI_IF_ASKED = [...testBits('rsi', 2), ...jz(1), 0xfb];
const STOPS: readonly Piece[] = [test64('rax'), jnz(REST)];

describe('code that one contract fits in every detail', () => {
  test.each(builtInStubs())('$name', ({ symbol, set, image, contract }) => {
    const best = candidatesFor(readShape(image, symbol), CONTRACT_SETS).filter(({ fit }) => fit.isExact);
    expect(best.map(idOf)).toContain(`${set}/${symbol}`);
    for (const candidate of best) expect(candidate.contract).toEqual(contract);
  });

  test('6.3 and 6.4 are told apart by code alone', () => {
    for (const [object, other] of [
      ['guest-6.3', 'linux-6.4'],
      ['guest-6.4', 'linux-6.3'],
    ]) {
      const image = images(`corpus/targets/${object}.o`);
      const fits = candidatesFor(readShape(image, '__tdx_hypercall'), CONTRACT_SETS);
      expect(
        fits.find(({ set, contract }) => set === other && contract.symbol === '__tdx_hypercall')?.fit.isExact,
      ).toBe(false);
    }
  });
});

describe('two policies that differ are another contract', () => {
  const SOUND = hypercall(STI_IF_ASKED, STOPS, [UD2]);

  test('Linux 5.19 itself', () =>
    expect(idsOf(made('__tdx_hypercall', ...SOUND))).toEqual(['linux-5.19/__tdx_hypercall']));

  test('one difference is a mistake', () => {
    const withoutSti = made('__tdx_hypercall', ...hypercall([], STOPS, [UD2]));
    expect(idsOf(withoutSti)).toEqual(['linux-5.19/__tdx_hypercall']);
    expect(withoutSti.notes).toEqual([expect.stringMatching(/no STI without looking at what asks for it/)]);
  });

  test('no STI and a status that nobody looks at: what a test kernel makes of it, and not judged by it', () => {
    const { stubs, unjudged } = made('__tdx_hypercall', ...hypercall([], [], []));
    expect(stubs).toEqual([]);
    expect(unjudged).toEqual([
      expect.stringMatching(
        /__tdx_hypercall has the name of linux-5\.19\/__tdx_hypercall and another shape \(\d+ %: the status in RAX is not looked at.*no STI/,
      ),
    ]);
  });
});

test('the bytes below RSP are no detail for a function of another name', () => {
  const few = [
    move('rax', 'rdi'),
    ...(['r11', 'r10', 'r9', 'r8', 'rdx', 'rcx'] as const).map((register, index) =>
      load(register, 'rsi', 40 - 8 * index),
    ),
  ];
  expect(idsOf(made('mine', ...few, TDCALL, RET))).toEqual(['linux-6.7/__tdcall']);
  const { stubs, notes } = made('mine', store('rsp', -8, 'rdi'), ...few, TDCALL, RET);
  expect(stubs).toEqual([]);
  expect(notes).toEqual([
    expect.stringMatching(/mine has nearly the shape of linux-6\.7\/__tdcall \(95 %: memory below RSP is used\)/),
  ]);
});

describe('firmware', () => {
  const tdVmCall = (mask: number, onlyOnSuccess: boolean): Recognition =>
    made('TdVmCall', ...tdVmCallCode({ mask, onlyOnSuccess }));

  test.each([
    [0xffcc, false, 'edk2'],
    [0xffec, false, 'edk2-202402'],
    [0xffec, true, 'edk2-2021'],
  ])('mask 0x%s, the value on success only: %s', (mask, onlyOnSuccess, set) => {
    const recognition = tdVmCall(mask, onlyOnSuccess);
    expect(recognition.unjudged).toEqual([]);
    expect(idsOf(recognition)).toEqual([`${set}/TdVmCall`]);
    expect(recognition.notes).toEqual([`${set} fits TdVmCall in every detail`]);
  });

  test('a mask that none of them has could be a mistake in two of them', () => {
    const { stubs, unjudged } = tdVmCall(0x7fcc, false);
    expect(stubs).toEqual([]);
    expect(unjudged).toEqual([
      expect.stringMatching(/TdVmCall fits .*edk2\/TdVmCall \(\d+ %: RCX is 0x7fcc, not 0xffcc\).* alike/),
    ]);
  });
});

describe('broken twins under the name of their contract', () => {
  const twins = readManifest(ROOT).filter(({ object }) => /(guest|seamcall)-[^w]*\.o$/.test(object));
  /** With nothing else in the image these two are as near to one kernel as to the other. */
  const UNDECIDED = ['outputs-without-flag-6.3', 'outputs-unasked-6.4'];

  test('there are many', () => expect(twins.length).toBeGreaterThan(130));

  test.each(twins.filter(({ id }) => !UNDECIDED.includes(id)))('$id', ({ object, symbol, contract }) => {
    const ids = idsOf(alone(object, symbol, contract));
    expect(ids).toHaveLength(1);
    // Of a contract that several kernels have, any is right.
    expect(ids[0].endsWith('/__tdx_module_call') ? contract.replace(/^[^/]*/, ids[0].split('/')[0]) : contract).toBe(
      ids[0],
    );
  });

  test.each(twins.filter(({ id }) => UNDECIDED.includes(id)))('$id is asked about', ({ object, symbol, contract }) => {
    const { stubs, unjudged } = alone(object, symbol, contract);
    expect(stubs).toEqual([]);
    expect(unjudged).toEqual([expect.stringMatching(/fits linux-6\.3.* alike; say which/)]);
  });

  /** The image with this function alone, under the name that its contract has. */
  function alone(object: string, symbol: string, contract: string): Recognition {
    const image = images(object);
    const name = contract.slice(contract.indexOf('/') + 1);
    const own = image.symbols.filter((candidate) => candidate.name === symbol).map((found) => ({ ...found, name }));
    return recognised({ ...image, symbols: own }, [name]);
  }
});

describe('what an image says of its generation', () => {
  const image = images('corpus/targets/helper-7.3.o');
  const banner = (version: string): Image => {
    const bytes = new Uint8Array(Buffer.from(`Linux version ${version} (builder)\0`));
    const address = 0xffffffff90000000n;
    const rodata = { name: '.rodata', address, size: bytes.length, bytes, read: true, write: false, execute: false };
    const symbol = { name: 'linux_banner', address, size: bytes.length, kind: 'object', global: true } as const;
    return {
      ...image,
      segments: [...image.segments, rodata].sort((a, b) => (a.address < b.address ? -1 : 1)),
      symbols: [...image.symbols, { ...symbol, segment: '.rodata' }],
    };
  };
  const programs = (of: Image): number => recognised(of, []).programs.length;

  test.each([
    ['5.18.0', 0],
    ['6.1.188', 0],
    ['6.5.11', 15],
    ['6.12.117+deb12-cloud-amd64', 15],
    ['6.15.4', 15],
    ['6.16.1', 19],
    ['7.3.4', 19],
  ])('a kernel %s has %i helpers that a contract fits', (version, count) => {
    const of = banner(version);
    expect(programs(of)).toBe(count);
    expect(recognised(of, []).stubs.length).toBe(4);
    if (count === 0)
      expect(recognised(of, []).notes).toContainEqual(
        expect.stringMatching(
          /no contract fits .*handle_io.* \(linux-helpers-7\.3: the kernel is [56]\.\d+, and the set is for 6\.16 on\)/,
        ),
      );
  });

  test('without a banner, a function that came with the generation', () => {
    expect(programs(image)).toBe(19);
    const without = { ...image, symbols: image.symbols.filter(({ name }) => name !== 'tdx_mcall_extend_rtmr') };
    expect(programs(without)).toBe(0);
  });

  test('a kernel in which the work of a helper is inlined', () => {
    const without = { ...image, externals: image.externals.filter(({ name }) => name !== 'decode_mmio') };
    const names = recognised(without, []).programs.map(({ name }) => name);
    expect(names).not.toContain('handle_mmio');
    expect(names).toContain('handle_io');
  });
});
