/** Functions that have no symbol, or a mangled one, from the command line to a finding and back. Needs gcc and binutils. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { tdxfuzz } from './run-cli.test.helper.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-address-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(tool: string, ...args: string[]): string {
  return execFileSync(tool, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

/** Two links of one object and its thunk, without any symbol. @returns the address of a function in it */
function stripped(object: string, output: string, symbol: string): string {
  copyFileSync(join(packageRoot(), object), join(folder, `${output}.o`));
  run('ld', '-Ttext=0x401230', '-e', '0x401230', `${output}.o`, 'thunk.o', '-o', output);
  const line = run('nm', output)
    .split('\n')
    .find((one) => one.endsWith(` ${symbol}`));
  run('strip', output);
  return `0x${(line ?? '').slice(0, 16).replace(/^0+/, '')}`;
}

function hasTools(): boolean {
  try {
    writeFileSync(join(folder, 'thunk.s'), '.globl __x86_return_thunk\n__x86_return_thunk: ret\n');
    run('as', 'thunk.s', '-o', 'thunk.o');
    return run('ld', '--version') !== '' && run('strip', '--version') !== '';
  } catch {
    console.warn('src/cli: functions by their address are skipped, no as, ld, nm or strip');
    return false;
  }
}

const there = hasTools();
const CONTRACT = 'linux-6.7/__tdcall_saved_ret';
const cli = (...args: string[]) => tdxfuzz(args, { cwd: folder });

test.skipIf(!there)(
  'a stripped image: found, replayed, judged again, and at a gate',
  { timeout: 120_000 },
  async () => {
    const bad = stripped('corpus/bugs/guest-6.7.o', 'bad', 'missing_scrub_rdx');
    const good = stripped('corpus/targets/guest-6.7.o', 'good', '__tdcall_saved_ret');
    const found = await cli(
      'fuzz',
      'bad',
      '--target',
      `${bad}=${CONTRACT}`,
      '--runs',
      '300',
      '--seed',
      'a',
      '--out',
      'out',
    );
    expect(found.status).toBe(1);
    expect(found.stdout).toContain(`place     ${bad}+0x48\n`);
    const [finding] = readdirSync(join(folder, 'out/findings'));
    const path = join('out/findings', finding);
    expect(JSON.parse(readFileSync(join(folder, path, 'case.json'), 'utf8'))).toMatchObject({ symbol: bad });
    expect((await cli('replay', path)).stdout).toMatch(/identical[^]*reproduced\n$/);
    expect((await cli('replay', path, '--image', 'bad')).stdout).toMatch(/still broken\n$/);
    expect(
      (await cli('replay', path, '--image', 'good', '--symbol', good.toUpperCase().replace('X', 'x'))).stdout,
    ).toMatch(/fixed\n$/);
    const clean = await cli('fuzz', 'good', '--target', `${good}=${CONTRACT}`, '--runs', '300', '--seed', 'a');
    expect(clean.status).toBe(0);
    const wrong = await cli('fuzz', 'good', '--target', `0x10=${CONTRACT}`);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(
      /^tdxfuzz: good: 0x10 is not in executable memory, which is 0x401230 to 0x[0-9a-f]+; .*\n$/,
    );
    const unnamed = await cli('fuzz', 'good', '--contract', 'linux-6.7');
    expect(unnamed.stderr).toMatch(/it names no functions at all; .*--target 0x1230=linux-6\.7\/FUNCTION\n$/);
    const targets = [
      { image: 'bad', bind: { [bad]: CONTRACT }, runs: 300 },
      { image: 'bad.o', bind: { '.noinstr.text+0x0': CONTRACT }, runs: 300 },
      { image: 'good', bind: { [good]: CONTRACT }, runs: 300 },
    ];
    writeFileSync(join(folder, 'tdxfuzz.config.ts'), `export default ${JSON.stringify({ targets })};\n`);
    const gate = await cli('gate');
    expect(gate.status).toBe(1);
    expect(gate.stdout).toContain(`place     ${bad}+0x48\n`);
    expect(gate.stdout).toContain('place     .noinstr.text+0x0+0x48\n');
    expect(gate.stdout).not.toContain(`place     ${good}`);
  },
);
