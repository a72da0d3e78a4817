/** Bytes of an image that nobody knows: a run that comes to them has no verdict, and no other run minds. */
import { expect, test } from 'vitest';
import {
  call,
  clear,
  load,
  madeImage,
  NOP,
  type Piece,
  RET,
  set64,
  store,
  TEXT,
} from '../harness/made-function.test.helper.js';
import type { BadPlace, Image } from '../image/image.js';
import { indirectName } from '../image/image.js';
import { ProgramStage } from './program-stage.js';
import { STOP } from './stage.js';

const DATA = 0xffffffff82000000n;
const REASON = 'a.o: section 1 (.text) offset 0x3: R_X86_64_TPOFF32 (thread-local storage) is not supported';

function imageWith(pieces: readonly Piece[], badPlaces: readonly BadPlace[]): Image {
  const made = madeImage(pieces);
  const data = { name: '.data', address: DATA, size: 64, bytes: new Uint8Array(64) };
  return {
    ...made,
    segments: [...made.segments, { ...data, read: true, write: true, execute: false }],
    badPlaces,
  };
}

/** How a call of the function ends, on both engines alike. */
function ending(image: Image): { stop: number; problem: string } {
  const ends = (['interpreter', 'wasm'] as const).map((engine) => {
    const stage = new ProgramStage(image, 'f');
    stage.machine.engine = engine;
    let stop = 0;
    // Often enough that the code is translated.
    for (let time = 0; time < 50; time++) {
      stage.begin();
      stage.enter({ symbol: 'f', parameters: [], graffiti: 1n, interrupts: false });
      stop = stage.proceed();
    }
    return { stop, problem: stage.problem };
  });
  expect(ends[0]).toEqual(ends[1]);
  return ends[0];
}

const bad = (address: bigint, size: number): BadPlace => ({ address, size, reason: REASON });

test('an instruction that has such bytes is not executed', () => {
  const code: Piece[] = [NOP, set64('rax', 0n), RET];
  for (const [at, size] of [
    [1, 1],
    [10, 1],
    [0, 12],
  ])
    expect(ending(imageWith(code, [bad(TEXT + BigInt(at), size)]))).toEqual({
      stop: STOP.unknown,
      problem: `f+${at === 0 ? '0x0' : '0x1'} cannot be executed: ${REASON}`,
    });
});

test('what lies beside the way of a run does not matter to it', () => {
  const code: Piece[] = [NOP, RET, set64('rax', 0n), RET];
  const beside = [bad(TEXT + 2n, 8), bad(DATA, 8)];
  expect(ending(imageWith(code, beside))).toEqual({ stop: STOP.returned, problem: '' });
});

test('a load of such bytes, or of a part of them, ends in no verdict', () => {
  const reads = (displacement: number): Piece[] => [set64('rdx', DATA), load('rax', 'rdx', displacement), RET];
  for (const displacement of [1, 8, 15])
    expect(ending(imageWith(reads(displacement), [bad(DATA + 8n, 8)]))).toEqual({
      stop: STOP.unknown,
      problem: `f+0xa reads 0xffffffff82000008: ${REASON}`,
    });
  expect(ending(imageWith(reads(0), [bad(DATA + 8n, 8)])).problem).toBe('');
  expect(ending(imageWith(reads(16), [bad(DATA + 8n, 8)])).problem).toBe('');
});

test('of places that overlap the one counts that is read', () => {
  const code: Piece[] = [set64('rdx', DATA), load('rax', 'rdx', 40), RET];
  const places = [bad(DATA, 64), bad(DATA + 8n, 4)];
  expect(ending(imageWith(code, places)).stop).toBe(STOP.unknown);
});

test('bytes that the run itself has written are known', () => {
  const code: Piece[] = [clear('rax'), set64('rdx', DATA), store('rdx', 8, 'rax'), load('rax', 'rdx', 8), RET];
  expect(ending(imageWith(code, [bad(DATA + 8n, 8)])).problem).toBe('');
  // Only a part of them.
  expect(ending(imageWith(code, [bad(DATA + 8n, 16)])).stop).toBe(STOP.unknown);
});

test('a call of an IFUNC says what it is', () => {
  const image = madeImage([call(0xffffffffa0000000n), RET]);
  const stage = new ProgramStage({
    ...image,
    externals: [{ name: indirectName('memcpy'), address: 0xffffffffa0000000n }],
  });
  stage.begin();
  stage.enter({ symbol: 'f', parameters: [], graffiti: 1n, interrupts: false });
  expect(stage.proceed()).toBe(STOP.external);
  stage.refuseExternal();
  expect(stage.problem).toMatch(/^memcpy is an IFUNC: its resolver chooses the code when a program starts/);
});
