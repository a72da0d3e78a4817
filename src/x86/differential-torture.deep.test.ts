import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BUILDS, isPresent, Torture } from './differential-torture.test.helper.js';

/** Cases of each build; TDXFUZZ_TORTURE raises it for a long run. */
const CASES = Number(process.env.TDXFUZZ_TORTURE ?? 2000);

const isNative = process.arch === 'x64' && process.platform === 'linux';
const compilers = new Set(['gcc', 'clang'].filter((compiler) => isNative && isPresent(compiler)));
for (const compiler of ['gcc', 'clang'])
  if (!compilers.has(compiler)) console.warn(`x86: the torture file is not compiled with ${compiler}: there is none`);

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-torture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('compiled C comes to the results of the CPU', () => {
  it.each(
    BUILDS.filter(({ compiler }) => compilers.has(compiler)).map(
      (build) => [`${build.compiler} ${build.options.join(' ')}`, build] as const,
    ),
  )('%s', (_name, build) => {
    const torture = new Torture(build, folder);
    const expected = torture.native(1, CASES);
    expect(expected.length).toBe(2 * CASES);
    const interpreted = torture.differences('interpreter', 1, expected);
    expect(interpreted.problems).toEqual([]);
    // Real work, not one function that returns at once.
    expect(interpreted.instructions / CASES).toBeGreaterThan(300);
    const translated = torture.differences('wasm', 1, expected);
    expect(translated.problems).toEqual([]);
    expect(translated.instructions).toBe(interpreted.instructions);
  });

  it.skipIf(!compilers.has('gcc'))('a wrong result is noticed', () => {
    const torture = new Torture({ compiler: 'gcc', options: ['-Os', '-mno-sse', '-fPIE'] }, folder);
    const expected = torture.native(1, 2).slice();
    expect(torture.differences('interpreter', 1, expected).problems).toEqual([]);
    expected[3] ^= 1;
    expect(torture.differences('interpreter', 1, expected).problems.join()).toMatch(
      /^case 2 \(function 2\): 0x[0-9a-f]+, on the CPU/,
    );
  });
});
