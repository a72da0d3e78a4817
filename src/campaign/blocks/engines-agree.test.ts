import { expect, test } from 'vitest';
import { builtInStubs } from '../targets/built-in-targets.js';
import { enginesAgree } from './engines-agree.js';
import { createRunner } from '../../run/open-runner.js';

test('both engines judge the built-in stubs alike', () => {
  const checks = enginesAgree(builtInStubs(), 500);
  expect(checks.map(({ target, agree }) => [target, agree])).toEqual(builtInStubs().map(({ name }) => [name, true]));
  for (const { executions } of checks) expect(executions).toBeGreaterThanOrEqual(500);
});

test('the check runs the translation', () => {
  const [target] = builtInStubs();
  expect(createRunner(target, undefined, { engine: 'wasm', hotRuns: 1 }).harness.machine.engine).toBe('wasm');
  expect(createRunner(target).harness.machine.engine).toBe('interpreter');
});
