/** The table of real code: what counts as a change, and that the committed one can be read. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { changesOf, readWild, type WildImage } from './wild-file.js';

const FINDING = { property: 'msr-halves', slot: 'TDVMCALL.r12', place: 'read_msr+0x10' };
const KNOWN = { ...FINDING, known: { reason: 'known: a defect' } };
const IMAGE: WildImage = {
  name: 'linux-one',
  version: '1.2-3',
  hash: 'a'.repeat(64),
  functions: [
    { function: '__tdcall', contract: 'linux-6.7/__tdcall', verdict: 'holds', findings: [] },
    { function: 'read_msr', contract: 'linux-helpers-6.7/read_msr', verdict: 'known', findings: [KNOWN] },
  ],
};
const [stub, helper] = IMAGE.functions;

test('what is as it was is no change', () => expect(changesOf(IMAGE, structuredClone(IMAGE))).toEqual([]));

test.each<[string, Partial<WildImage>, string[]]>([
  ['another version', { version: '1.2-4' }, ['version 1.2-3 is now 1.2-4']],
  ['another file', { hash: 'b'.repeat(64) }, ['another file: its sha256 differs']],
  [
    'a rule that is gone',
    { functions: [stub, { ...helper, verdict: 'new', findings: [FINDING] }] },
    [
      'read_msr: known is now new',
      'read_msr: found now: msr-halves TDVMCALL.r12 read_msr+0x10 new',
      'read_msr: found no longer: msr-halves TDVMCALL.r12 read_msr+0x10',
    ],
  ],
  [
    'no verdict',
    { functions: [{ ...stub, verdict: 'no verdict', problem: 'unknown instruction' }, helper] },
    ['__tdcall: holds is now no verdict (unknown instruction)'],
  ],
  ['a function that is gone', { functions: [stub] }, ['read_msr (linux-helpers-6.7/read_msr) is judged no longer']],
  [
    'a function that is new',
    { functions: [stub, helper, { ...stub, function: '__tdcall_ret' }] },
    ['__tdcall_ret (linux-6.7/__tdcall) is judged now: holds'],
  ],
])('a change: %s', (_, changed, lines) =>
  expect(changesOf(IMAGE, { ...IMAGE, ...changed })).toEqual(lines.map((line) => `linux-one: ${line}`)),
);

test('the committed table is one, of two kernels by their packages at least', () => {
  const path = join(packageRoot(), 'reports/wild.json');
  expect(existsSync(path)).toBe(true);
  const { images } = readWild(path);
  expect(images.filter(({ version }) => version !== undefined).length).toBeGreaterThanOrEqual(2);
  expect(images.flatMap(({ functions }) => functions).length).toBeGreaterThan(40);
});

test('a damaged table is refused in one line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-wild-'));
  try {
    const path = join(folder, 'wild.json');
    writeFileSync(path, JSON.stringify({ schema: 'tdxfuzz/wild/1', tool: '0', seed: 'a', runs: 0, images: [] }));
    expect(() => readWild(path)).toThrow(/wild\.json: runs/);
    expect(() => readWild(join(folder, 'none.json'))).toThrow(/none\.json/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
