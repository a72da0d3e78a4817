import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtInContract } from '../../contract/find-contract.js';
import { parseImage } from '../../image/load.js';
import { packageRoot } from '../../package-info.js';
import { readManifest } from '../../targets/manifest.js';
import { builtInStubs } from '../targets/built-in-targets.js';
import { enginesAgree } from './engines-agree.js';
import { createRunner } from '../../run/open-runner.js';

test('both engines judge the built-in stubs alike', () => {
  const checks = enginesAgree(builtInStubs(), 500);
  expect(checks.map(({ target, agree }) => [target, agree])).toEqual(builtInStubs().map(({ name }) => [name, true]));
  for (const { executions } of checks) expect(executions).toBeGreaterThanOrEqual(500);
});

test.each(['guest-6.7', 'seamcall-6.7'])('and the broken twins of %s, with every failure of theirs', (family) => {
  const path = `corpus/bugs/${family}.o`;
  const twins = readManifest(packageRoot()).filter(({ object }) => object === path);
  const image = parseImage(readFileSync(join(packageRoot(), path)), path);
  const targets = twins.map(({ id, symbol, contract }) => {
    const found = builtInContract(contract);
    return { name: id, symbol, set: found.set.name, contract: found.contract, image };
  });
  expect(enginesAgree(targets, 300).filter(({ agree }) => !agree)).toEqual([]);
});

test('the check runs the translation', () => {
  const [target] = builtInStubs();
  expect(createRunner(target, undefined, { engine: 'wasm', hotRuns: 1 }).harness.machine.engine).toBe('wasm');
  expect(createRunner(target).harness.machine.engine).toBe('interpreter');
});
