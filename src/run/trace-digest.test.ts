import { expect, test } from 'vitest';
import { NOP, type Piece, RET, set32 } from '../harness/made-function.test.helper.js';
import { caseOf, runnerOf } from '../finding/made-runner.test.helper.js';
import { recordTrace } from './stub-trace.js';
import { traceDigest } from './trace-digest.js';

function digest(pieces: readonly Piece[], values: Readonly<Record<string, bigint>> = {}): string {
  const runner = runnerOf(pieces);
  const [{ words }] = caseOf(runner, values);
  return traceDigest(recordTrace(runner.reference.harness, words, 0));
}

test('a digest depends on the path, and on every register and flag along it', () => {
  const plain = digest([NOP, RET]);
  expect(plain).toMatch(/^[0-9a-f]{64}$/);
  expect(digest([NOP, RET])).toBe(plain);
  expect(digest([NOP, NOP, RET])).not.toBe(plain);
  expect(digest([NOP, RET], { 'entry.r15': 1n })).not.toBe(plain);
  expect(digest([NOP, RET], { 'entry.rax': 1n << 63n })).not.toBe(plain);
  expect(digest([NOP, RET], { 'entry.rflags': 0x3n })).not.toBe(plain);
  // A value that is gone at the end was there on the way.
  expect(digest([set32('rax', 1), set32('rax', 3), RET])).not.toBe(digest([set32('rax', 2), set32('rax', 3), RET]));
});

test('a digest says nothing of what the run did not touch', () => {
  expect(digest([NOP, RET], { 'answer.r10': 5n })).toBe(digest([NOP, RET]));
});
