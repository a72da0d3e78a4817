import { describe, expect, test } from 'vitest';
import type { Contract } from '../contract/contract.js';
import { END, FACT, slotValue } from '../observation/layout.js';
import { PLACE } from '../scenario/layout.js';
import {
  add8,
  BARE_CONTRACT,
  Bench,
  BLOCK_CONTRACT,
  call,
  clear,
  load,
  move,
  NOP,
  type Piece,
  pop,
  push,
  RET,
  set64,
  store,
  TEXT,
} from './made-function.test.helper.js';
import { REGIONS } from '../stage/layout.js';

interface Survey {
  stray: bigint;
  below: bigint;
}

function survey(
  pieces: readonly Piece[],
  contract: Contract = BARE_CONTRACT,
  values: Readonly<Record<string, bigint>> = {},
): Survey {
  const observation = new Bench(pieces, contract).run(values);
  expect(observation[2 * FACT.end]).toBe(END.returned);
  return {
    stray: slotValue(observation, FACT.strayWrites),
    below: slotValue(observation, FACT.accessesBelowStack),
  };
}

const CLEAN = { stray: 0n, below: 0n };
const MS: Contract = { ...BARE_CONTRACT, convention: 'ms-x64' };

describe('stores on the stack', () => {
  test('into a frame of its own, by push and by call: legal', () => {
    const frame = [add8('rsp', -16), store('rsp', 8, 'rbx'), store('rsp', 0, 'rbx'), add8('rsp', 16), RET];
    expect(survey(frame)).toEqual(CLEAN);
    // call over the RET to a RET behind it: 5 bytes, then ret, ret.
    expect(survey([push('rbx'), pop('rbx'), call(TEXT + 8n), RET, RET])).toEqual(CLEAN);
  });

  test('over the return address and above it: stray', () => {
    expect(survey([load('rax', 'rsp'), store('rsp', 0, 'rax'), RET])).toEqual({ stray: 1n, below: 0n });
    expect(survey([store('rsp', 8, 'rbx'), RET])).toEqual({ stray: 1n, below: 0n });
    // Four bytes of a frame, four of the return address: the function returns to where only they differ.
    expect(survey([push('rbx'), load('rax', 'rsp', 4), store('rsp', 4, 'rax'), pop('rbx'), RET])).toEqual({
      stray: 1n,
      below: 0n,
    });
  });

  test('a push from the caller’s frame is stray as well', () => {
    // pop, pop (of the return address and one more), push both back.
    expect(survey([pop('rax'), pop('rdx'), push('rdx'), push('rax'), RET])).toEqual({ stray: 2n, below: 0n });
  });

  test('the shadow space is the callee’s for Microsoft x64 alone', () => {
    for (const offset of [8, 16, 24, 32]) {
      const pieces = [store('rsp', offset, 'rbx'), RET];
      expect(survey(pieces, MS)).toEqual(CLEAN);
      expect(survey(pieces)).toEqual({ stray: 1n, below: 0n });
    }
    expect(survey([store('rsp', 40, 'rbx'), RET], MS)).toEqual({ stray: 1n, below: 0n });
    expect(survey([store('rsp', 36, 'rbx'), RET], MS)).toEqual({ stray: 1n, below: 0n });
  });
});

describe('below RSP', () => {
  test('loads and stores count, at any distance within the stack', () => {
    expect(survey([store('rsp', -8, 'rbx'), RET])).toEqual({ stray: 0n, below: 1n });
    expect(survey([store('rsp', -8, 'rbx'), load('rax', 'rsp', -8), RET])).toEqual({ stray: 0n, below: 2n });
    expect(survey([load('rax', 'rsp', -1), RET])).toEqual({ stray: 0n, below: 1n });
    expect(survey([store('rsp', -128, 'rbx'), RET])).toEqual({ stray: 0n, below: 1n });
  });

  test('zeros that nobody reads clear dead stack', () => {
    const zero = (offset: number): Piece[] => [clear('rax'), store('rsp', offset, 'rax')];
    expect(survey([...zero(-8), RET])).toEqual(CLEAN);
    expect(survey([...zero(-8), push('rbx'), pop('rax'), RET])).toEqual(CLEAN);
    expect(survey([...zero(-16), push('rbx'), pop('rax'), RET])).toEqual(CLEAN);
  });

  test('zeros that are popped, or loaded once RSP was moved, count', () => {
    const zero = (offset: number): Piece[] => [clear('rax'), store('rsp', offset, 'rax')];
    expect(survey([...zero(-8), add8('rsp', -8), pop('rax'), RET])).toEqual({ stray: 0n, below: 1n });
    const moved = [...zero(-16), add8('rsp', -16), load('rax', 'rsp'), add8('rsp', 16), RET];
    expect(survey(moved)).toEqual({ stray: 0n, below: 1n });
    // Half of it was pushed over, and the other half is read.
    const half = [push('rbx'), pop('rbx'), add8('rsp', -12), load('rax', 'rsp'), add8('rsp', 12), RET];
    expect(survey([...zero(-12), ...half])).toEqual({ stray: 0n, below: 1n });
  });

  test('what was popped lies below RSP, and what is still pushed does not', () => {
    expect(survey([push('rbx'), load('rax', 'rsp'), pop('rbx'), RET])).toEqual(CLEAN);
    expect(survey([push('rbx'), pop('rbx'), load('rax', 'rsp', -8), RET])).toEqual({ stray: 0n, below: 1n });
  });

  test('through another register too', () => {
    expect(survey([move('rax', 'rsp'), store('rax', -16, 'rbx'), RET])).toEqual({ stray: 0n, below: 1n });
  });
});

describe('the argument block', () => {
  test('its fields are legal, one beyond either end is stray', () => {
    expect(survey([store('rdi', 0, 'rbx'), store('rdi', 24, 'rbx'), RET], BLOCK_CONTRACT)).toEqual(CLEAN);
    expect(survey([store('rdi', 32, 'rbx'), RET], BLOCK_CONTRACT)).toEqual({ stray: 1n, below: 0n });
    expect(survey([store('rdi', -8, 'rbx'), RET], BLOCK_CONTRACT)).toEqual({ stray: 1n, below: 0n });
    expect(survey([store('rdi', 28, 'rbx'), RET], BLOCK_CONTRACT)).toEqual({ stray: 1n, below: 0n });
  });

  test('in the caller’s frame: the block is legal there, its neighbours are not', () => {
    const values = { 'block.place': BigInt(PLACE.callerFrame), 'block.offset': 2n };
    expect(survey([store('rdi', 0, 'rbx'), RET], BLOCK_CONTRACT, values)).toEqual(CLEAN);
    expect(survey([store('rdi', -8, 'rbx'), RET], BLOCK_CONTRACT, values)).toEqual({ stray: 1n, below: 0n });
  });

  test('right below RSP: what the function reads there is the block, not its own frame', () => {
    const values = { 'block.place': BigInt(PLACE.overlapsStack) };
    expect(survey([load('rax', 'rdi', 8), RET], BLOCK_CONTRACT, values)).toEqual(CLEAN);
    expect(survey([load('rax', 'rdi', -8), RET], BLOCK_CONTRACT, values)).toEqual({ stray: 0n, below: 1n });
  });

  test('what lies between its fields is nobody’s to write, if nothing else is said', () => {
    const holes = { size: 32, fields: { a: 0, b: { offset: 8, bytes: 4 as const }, c: 16 } };
    const contract: Contract = { ...BLOCK_CONTRACT, block: holes, inputs: BARE_CONTRACT.inputs };
    expect(survey([store('rdi', 0, 'rbx'), store('rdi', 16, 'rbx'), RET], contract)).toEqual(CLEAN);
    expect(survey([store('rdi', 8, 'rbx'), RET], contract)).toEqual({ stray: 1n, below: 0n });
    expect(survey([store('rdi', 24, 'rbx'), RET], contract)).toEqual({ stray: 1n, below: 0n });
    expect(survey([load('rbx', 'rdi', 24), RET], contract)).toEqual(CLEAN);
    for (const padding of ['any', 'unchanged'] as const)
      expect(survey([store('rdi', 24, 'rbx'), RET], { ...contract, block: { ...holes, padding } })).toEqual(CLEAN);
  });

  test('a store elsewhere is stray, a load elsewhere is not', () => {
    const elsewhere = set64('rax', REGIONS[0].block.address);
    expect(survey([elsewhere, store('rax', 0, 'rbx'), RET], BLOCK_CONTRACT)).toEqual({ stray: 1n, below: 0n });
    expect(survey([elsewhere, load('rbx', 'rax'), RET], BLOCK_CONTRACT)).toEqual(CLEAN);
  });
});

test('the path and the addresses of a run tell runs apart', () => {
  const facts = (pieces: readonly Piece[], values: Readonly<Record<string, bigint>> = {}): bigint[] => {
    const observation = new Bench(pieces, BLOCK_CONTRACT).run(values);
    return [slotValue(observation, FACT.path), slotValue(observation, FACT.addresses)];
  };
  const [path, addresses] = facts([load('rax', 'rdi'), NOP, RET]);
  expect(facts([load('rax', 'rdi'), NOP, NOP, RET])[0]).not.toBe(path);
  expect(facts([load('rax', 'rdi', 8), NOP, RET])).toEqual([path, expect.not.toSatisfy((hash) => hash === addresses)]);
  expect(facts([load('rax', 'rdi'), NOP, RET], { 'block.field0': 5n })).toEqual([path, addresses]);
  // The same address, written instead of read.
  expect(facts([store('rdi', 0, 'rax'), NOP, RET])[1]).not.toBe(addresses);
});
