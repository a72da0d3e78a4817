/** A gate of stubs and programs together: each with its own number of cases and the seed of its code, in the order given. */
import { expect, test } from 'vitest';
import { builtInTargets } from '../campaign/targets/built-in-targets.js';
import { fingerprint } from '../campaign/targets/fingerprint.js';
import { fuzz } from '../campaign/fuzz.js';
import { exitStatus } from '../campaign/records/result.js';
import { isProgram } from '../run/target.js';
import { gate, runsByKind } from './gate.js';

const NAMES = ['helper-7.3/tdx_io_in', 'guest-6.7/__tdcall', 'helper-5.19/tdx_safe_halt', 'guest-6.3/__tdx_hypercall'];
const targets = NAMES.map((name) => builtInTargets().find((target) => target.name === name)).filter(
  (target) => target !== undefined,
);

test('each target has what it would have alone', async () => {
  const seen: number[] = [];
  const runsOf = runsByKind({ stub: 300, program: 100 });
  const result = await gate({ targets, runsOf, workers: 1, onProgress: (cases) => seen.push(cases) });
  expect(result.result.targets.map(({ target, cases }) => `${target} ${cases}`)).toEqual(
    NAMES.map((name) => `${name} ${name.startsWith('guest') ? 300 : 100}`),
  );
  expect([result.result.seed, result.result.runs, exitStatus(result)]).toEqual(['from the code', 300, 0]);
  expect(seen.at(-1)).toBe(800);
  expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  for (const [index, target] of targets.entries()) {
    const alone = await fuzz({
      targets: [target],
      seed: fingerprint(target),
      budget: { runs: runsOf(target) },
      workers: 1,
    });
    expect(result.result.targets[index]).toEqual(alone.result.targets[0]);
  }
});

test('interrupted it says so, and is no pass', async () => {
  const result = await gate({ targets, runsOf: () => 100, workers: 1, stopped: () => true });
  expect([result.run.interrupted, result.result.targets.length, exitStatus(result)]).toEqual([true, 4, 130]);
});

test('the fingerprint is of the code, the contract and the properties', () => {
  const [target, other] = targets;
  expect(new Set(targets.map(fingerprint)).size).toBe(4);
  expect(fingerprint({ ...target, name: 'another name' })).toBe(fingerprint(target));
  expect(fingerprint({ ...target, properties: ['keeps-stack'] })).not.toBe(fingerprint(target));
  expect(fingerprint({ ...target, set: other.set })).not.toBe(fingerprint(target));
});

test('the fingerprint is not of where a contract was read', () => {
  for (const target of targets) {
    const elsewhere = isProgram(target)
      ? { ...target, program: { ...target.program, source: 'elsewhere' } }
      : { ...target, contract: { ...target.contract, source: 'elsewhere' } };
    expect(fingerprint(elsewhere)).toBe(fingerprint(target));
  }
});
