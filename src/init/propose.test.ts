import { describe, expect, it, test } from 'vitest';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { readIdioms } from '../corpus/idioms.js';
import {
  clear,
  jnz,
  load,
  madeImage,
  move,
  type Piece,
  RET,
  set32,
  store,
  TDCALL,
  test64,
  UD2,
} from '../harness/made-function.test.helper.js';
import { packageRoot } from '../package-info.js';
import { judged, proposedBy, proposedFor } from './proposals.test.helper.js';
import { propose } from './propose.js';
import type { Proposal } from './proposal.js';
import { tryOut } from './trial.js';

/** R8 to R11 out of a block and back. */
const FIELDS = [
  ['r8', 0],
  ['r9', 8],
  ['r10', 16],
  ['r11', 24],
] as const;

/** A stub of the four registers. @param change other pieces */
function stub(change: { mask?: number; stores?: readonly Piece[]; scrubs?: readonly Piece[] } = {}): readonly Piece[] {
  const stores = change.stores ?? FIELDS.map(([register, offset]) => store('rdi', offset, register));
  const scrubs = change.scrubs ?? [clear('r8'), clear('r9'), clear('r10'), clear('r11')];
  const tail = [...stores, move('rax', 'r10'), ...scrubs, RET];
  const length = tail.reduce((sum, piece) => sum + (piece as number[]).length, 0);
  return [
    ...FIELDS.map(([register, offset]) => load(register, 'rdi', offset)),
    set32('rcx', change.mask ?? 0xf00),
    clear('rax'),
    TDCALL,
    test64('rax'),
    jnz(length),
    ...tail,
    UD2,
  ];
}

const made = (pieces: readonly Piece[]): Proposal =>
  proposedBy({ image: madeImage(pieces, { symbol: 'f' }), symbol: 'f' });

async function tried(pieces: readonly Piece[]): Promise<{ found: string[]; asked: string }> {
  const image = madeImage(pieces, { symbol: 'f' });
  const { findings, questions } = await tryOut(image, proposedBy({ image, symbol: 'f' }), { runs: 400, workers: 1 });
  return { found: [...new Set(findings.map(({ property }) => property))], asked: questions.join('\n') };
}

describe('what is read off the code', () => {
  it('has parameters, block, mask, leaf, inputs, outputs, result and policy', () => {
    expect(made(stub()).contract).toMatchObject({
      convention: 'sysv',
      instruction: 'tdcall',
      parameters: [{ kind: 'block', name: 'args', place: { register: 'rdi' }, nullable: false }],
      block: { size: 32, fields: { r8: 0, r9: 8, r10: 16, r11: 24 } },
      inputs: {
        rax: { constant: '0x0' },
        rcx: { constant: '0xf00' },
        r8: { field: 'r8' },
        r9: { field: 'r9' },
        r10: { field: 'r10' },
        r11: { field: 'r11' },
      },
      leaves: [0],
      outputs: { fields: { r8: 'r8', r9: 'r9', r10: 'r10', r11: 'r11' }, when: [] },
      returns: 'r10',
      onFailure: 'stops',
      scrubsHostValues: true,
    });
  });

  it('is silent on sound code', async () => {
    expect((await tried(stub())).found).toEqual([]);
  });
});

describe('the ABI comes before the code', () => {
  it('a bit that no mask may have is left out, said and found', async () => {
    const pieces = stub({ mask: 0xf10 });
    expect(made(pieces).contract.inputs.rcx).toEqual({ constant: '0xf00' });
    const { found, asked } = await tried(pieces);
    expect(asked).toContain('bits 0x10 may never be set');
    expect(found).toContain('vmcall-frame');
  });

  it('a register that is loaded as its neighbours are belongs into the mask', async () => {
    const pieces = stub({ mask: 0xd00 });
    expect(made(pieces).contract.inputs.rcx).toEqual({ constant: '0xf00' });
    const { found, asked } = await tried(pieces);
    expect(asked).toContain('R9 is loaded as its neighbours are');
    expect(found).toContain('vmcall-frame');
  });

  it('two fields that are exchanged are in order in the proposal', async () => {
    const stores = [store('rdi', 0, 'r8'), store('rdi', 8, 'r9'), store('rdi', 16, 'r11'), store('rdi', 24, 'r10')];
    const pieces = stub({ stores });
    expect(made(pieces).contract.outputs.fields).toEqual({ r8: 'r8', r9: 'r9', r10: 'r10', r11: 'r11' });
    const { found, asked } = await tried(pieces);
    expect(asked).toContain('Fields r10 and r11 come back in each other’s place');
    expect(found).toContain('writes-outputs');
  });

  it('a field that is loaded and not stored, unlike the others, is asked about', () => {
    const stores = [store('rdi', 0, 'r8'), store('rdi', 8, 'r9'), store('rdi', 16, 'r10')];
    expect(made(stub({ stores })).questions.join('\n')).toContain('Field r11 is loaded and nothing is stored into it');
  });

  it('scrubbing is asked for where one register is forgotten', async () => {
    const pieces = stub({ scrubs: [clear('r8'), clear('r9'), clear('r11')] });
    const { found, asked } = await tried(pieces);
    expect(found).toEqual(['scrubs-host-values']);
    expect(asked).toContain('R10 keeps what the host chose');
  });

  it('and given up only with a question, where every value is a result', () => {
    const { contract, questions } = made(stub({ scrubs: [] }));
    expect(contract.scrubsHostValues).toBe(false);
    expect(questions.join('\n')).toContain('Your code leaves R8, R9, R10, R11 as the host chose them');
  });
});

test('a contract of the library that fits in every detail is used by its name', () => {
  const set = CONTRACT_SETS.find(({ name }) => name === 'linux-5.19');
  const own = { ...set, name: 'own', contracts: { f: { ...made(stub()).contract } } } as (typeof CONTRACT_SETS)[number];
  const target = { image: madeImage(stub(), { symbol: 'g' }), symbol: 'g' };
  expect(proposedBy(target, [own] as never).known).toMatchObject({ set: 'own', contract: { symbol: 'f' } });
});

test('what no contract can say is said', () => {
  const nothing = propose(madeImage([RET], { symbol: 'f' }), 'f', { source: 'a test', library: [] });
  expect(nothing).toEqual({ kind: 'none', symbol: 'f', reason: 'it reaches no TDCALL and no SEAMCALL' });
});

/** Unlike each other: all others are in proposals.deep.test.ts. */
const SOME = [
  'vmcall_six',
  'exchange',
  'transfer',
  'sample',
  'halt_inside',
  'accept_patiently',
  'host_call',
  'map_errno',
];

describe('an idiom', () => {
  const idioms = readIdioms(packageRoot()).filter(({ clean }) => SOME.includes(clean));
  test.each(idioms)('$clean: the proposal is silent on it, and finds $broken', async (idiom) => {
    const contract = await proposedFor(idiom, 300);
    expect((await judged(idiom.cleanTarget, contract, 300)).findings).toEqual([]);
    expect((await judged(idiom.brokenTarget, contract, 1000)).findings.length).toBeGreaterThan(0);
  });
});
