import { expect, it } from 'vitest';
import { load, madeImage, type Piece, RET, store } from '../harness/made-function.test.helper.js';
import { performCall } from '../play/call.js';
import { ProgramStage } from './program-stage.js';

const PARAMETERS = [1n, 2n, 3n, 4n, 5n, 6n, 0x7777n, 0x8888n];
/** Offsets from RSP at the entry: the return address, then what did not fit into registers. */
const SEVENTH = 8;
const EIGHTH = 16;
const NINTH = 24;

function returned(...pieces: readonly Piece[]): Record<string, bigint> {
  const stage = new ProgramStage(madeImage([...pieces, RET]));
  stage.begin();
  const call = { symbol: 'f', parameters: PARAMETERS, graffiti: 1n, interrupts: false, externals: {} };
  const { value } = performCall(stage, call).next();
  return { ...value?.values };
}

it('passes the parameters behind the sixth on the stack', () => {
  expect(returned(load('rax', 'rsp', SEVENTH))['rax']).toBe(0x7777n);
  expect(returned(load('rax', 'rsp', EIGHTH))['rax']).toBe(0x8888n);
});

it('lets a function change the parameters on its stack, and nothing above them', () => {
  expect(returned(store('rsp', EIGHTH, 'rdi'))['stray']).toBe(0n);
  expect(returned(store('rsp', NINTH, 'rdi'))['stray']).toBe(1n);
});

it('enters with the flags that the ABI has at a call: IF as asked, bit 1 of RFLAGS set, all others clear', () => {
  const stage = new ProgramStage(madeImage([RET]));
  stage.begin();
  stage.enter({ symbol: 'f', parameters: [], graffiti: 1n, interrupts: false });
  expect(stage.flags).toBe(0x2);
  stage.enter({ symbol: 'f', parameters: [], graffiti: 1n, interrupts: true });
  expect(stage.flags).toBe(0x202);
});
