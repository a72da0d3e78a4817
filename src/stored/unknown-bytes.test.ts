/** Bytes of an image that nobody knows, and code in the low 2 GiB, go with a case and come back. */
import { expect, test } from 'vitest';
import { LOW_RANGE } from '../image/externals.js';
import type { BadPlace, Image } from '../image/image.js';
import { BLOCK_CONTRACT, madeImage, NOP, RET, TDCALL, TEXT } from '../harness/made-function.test.helper.js';
import { StubRunner } from '../run/stub-runner.js';
import { openRunner } from '../run/open-runner.js';
import { stepOf } from '../case/case.js';
import { validateCase } from './case-file.js';
import { caseImage } from './case-image.js';
import { makeCase } from './make-case.js';
import { openCase } from './open-case.js';

const REASON = 'a.o: section 1 (.text) offset 0x1: R_X86_64_TPOFF32 (thread-local storage) is not supported';

function imageWith(badPlaces: readonly BadPlace[]): Image {
  return { ...madeImage([NOP, NOP, TDCALL, RET, NOP, NOP]), badPlaces };
}

function runnerOf(image: Image): StubRunner {
  const target = { name: 'f', symbol: 'f', set: 'made', contract: BLOCK_CONTRACT, image };
  const runner = openRunner(target);
  if (!(runner instanceof StubRunner)) throw new Error('no runner of a stub');
  return runner;
}

test('a place beside the way goes into the case; the same code that comes to it has no verdict', () => {
  const end = TEXT + 7n;
  const runner = runnerOf(imageWith([{ address: end, size: 2, reason: REASON }]));
  const values = [stepOf(runner.space.actions[0])];
  runner.run(values);
  expect(runner.problem).toBe('');
  const file = makeCase(runner, values, undefined, null);
  expect(file.code.badPlaces).toEqual([{ address: `0x${end.toString(16)}`, size: 2, reason: REASON }]);
  const again = validateCase(JSON.parse(JSON.stringify(file)), 'case.json');
  expect(caseImage(again, 'case.json').badPlaces).toEqual([{ address: end, size: 2, reason: REASON }]);
  // Another case may come to it.
  again.code.badPlaces = [{ address: `0x${TEXT.toString(16)}`, size: 1, reason: REASON }];
  const { runner: replayed, values: stored } = openCase(again, 'case.json');
  replayed.run(stored);
  expect(replayed.problem).toBe(`f+0x0 cannot be executed: ${REASON}`);
});

test('symbols from outside may lie in the low 2 GiB', () => {
  const image: Image = { ...imageWith([]), externals: [{ name: 'panic', address: LOW_RANGE.externals }] };
  const runner = runnerOf(image);
  const values = [stepOf(runner.space.actions[0])];
  runner.run(values);
  const file = makeCase(runner, values, undefined, null);
  expect(caseImage(file, 'case.json').externals).toEqual([{ name: 'panic', address: LOW_RANGE.externals }]);
  file.code.externals[0].address = '0x1000';
  expect(() => caseImage(file, 'case.json')).toThrow(/panic cannot lie at 0x1000/);
});
