import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildObjects } from './build-objects.js';
import { checkObjects, type ObjectCheck } from './check.js';
import { EDITS_PATH } from './edits.js';
import { PROGRAMS_PATH } from './programs.js';
import { readRecord, writeRecord } from './record.js';
import { listObjects, listRecipes } from './recipes.js';
import { findToolchain, sameToolchain } from './toolchain.js';

const ROOT = join(import.meta.dirname, '../..');
const OTHER = { compiler: 'another compiler', assembler: 'another assembler', linker: 'another linker' };
const toolchain = findToolchain();

/** Looks at files only, compiler or not. */
const checkFiles = (root: string): Promise<ObjectCheck[]> => checkObjects(root, 'none');

function stateOf(checks: readonly ObjectCheck[], object: string): ObjectCheck {
  const check = checks.find((entry) => entry.object === object);
  if (check === undefined) throw new Error(`${object} was not checked`);
  return check;
}

describe('the committed objects', () => {
  test('are all recorded and in step with their record', async () => {
    const checks = await checkFiles(ROOT);
    expect(checks.map(({ object }) => object)).toEqual(
      listRecipes(ROOT)
        .map(({ object }) => object)
        .sort(),
    );
    expect(checks.length).toBeGreaterThanOrEqual(8);
    expect(checks.filter(({ state }) => state !== 'same')).toEqual([]);
  });

  test.runIf(toolchain !== undefined)('are what this machine’s compiler makes, if it is the recorded one', async () => {
    const same = toolchain !== undefined && sameToolchain(readRecord(ROOT), toolchain);
    const states = (await checkObjects(ROOT)).map(({ state }) => state);
    expect(states.filter((state) => state !== 'rebuilt-same' && (same || state !== 'rebuilt-differs'))).toEqual([]);
  });
});

test('a machine without a compiler has no toolchain', () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  try {
    expect(findToolchain()).toBeUndefined();
  } finally {
    process.env['PATH'] = path;
  }
});

describe('a planted change', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tdxfuzz-check-'));
    cpSync(join(ROOT, 'corpus/targets'), join(root, 'corpus/targets'), { recursive: true });
    cpSync(join(ROOT, 'corpus/bugs'), join(root, 'corpus/bugs'), { recursive: true });
    // Assembly only: quickly built.
    writeFileSync(join(root, PROGRAMS_PATH), '{ "schema": "tdxfuzz/programs/1", "programs": {} }');
    writeFileSync(join(root, EDITS_PATH), '{ "schema": "tdxfuzz/edits/1", "twins": [] }');
    const made = listRecipes(root).map(({ object }) => object);
    for (const object of listObjects(root)) if (!made.includes(object)) rmSync(join(root, object));
    const record = readRecord(ROOT);
    writeRecord(root, { ...record, objects: record.objects.filter(({ object }) => made.includes(object)) });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('of a source is found, and only there', async () => {
    appendFileSync(join(root, 'corpus/targets/guest-6.4.S'), '\n');
    const checks = await checkFiles(root);
    const check = stateOf(checks, 'corpus/targets/guest-6.4.o');
    expect(check).toMatchObject({ state: 'source-differs-from-record', error: true });
    expect(check.detail).toContain('corpus/targets/guest-6.4.S');
    expect(checks.filter(({ error }) => error)).toHaveLength(1);
  });

  test('of an included file is found in every object that includes it', async () => {
    appendFileSync(join(root, 'corpus/targets/guest-6.3.inc'), '\n');
    const broken = (await checkFiles(root)).filter(({ error }) => error);
    expect(broken.map(({ object }) => object)).toEqual(['corpus/bugs/guest-6.3.o', 'corpus/targets/guest-6.3.o']);
    expect(broken.map(({ state }) => state)).toEqual(['source-differs-from-record', 'source-differs-from-record']);
  });

  test('of one byte of code is found and its section named', async () => {
    const path = join(root, 'corpus/targets/guest-6.7.o');
    const bytes = readFileSync(path);
    const tdcall = bytes.indexOf(Buffer.from([0x66, 0x0f, 0x01, 0xcc]));
    expect(tdcall).toBeGreaterThan(0);
    bytes[tdcall + 3] = 0xcf;
    writeFileSync(path, bytes);
    const check = stateOf(await checkFiles(root), 'corpus/targets/guest-6.7.o');
    expect(check).toMatchObject({ state: 'object-differs-from-record', error: true });
    expect(check.detail).toContain('.noinstr.text');
  });

  test('that removes an object, a source or a record is found', async () => {
    rmSync(join(root, 'corpus/targets/guest-6.7.o'));
    rmSync(join(root, 'corpus/bugs/guest-6.3.S'));
    const record = readRecord(root);
    record.objects = record.objects.filter(({ object }) => object !== 'corpus/bugs/guest-5.19.o');
    writeRecord(root, record);
    const checks = await checkFiles(root);
    expect(stateOf(checks, 'corpus/targets/guest-6.7.o').state).toBe('object-differs-from-record');
    expect(stateOf(checks, 'corpus/bugs/guest-6.3.o').state).toBe('source-differs-from-record');
    expect(stateOf(checks, 'corpus/bugs/guest-5.19.o').state).toBe('not-recorded');
    expect(checks.filter(({ error }) => error)).toHaveLength(3);
  });

  test.runIf(toolchain !== undefined)('of the recorded flags shows in the rebuilt bytes', async () => {
    const record = readRecord(root);
    record.flags.assembly.push('-Wa,--defsym,planted=1');
    writeRecord(root, record);
    for (const check of await checkObjects(root, OTHER))
      expect(check).toMatchObject({ state: 'rebuilt-differs', error: false });
    const own = { compiler: record.compiler, assembler: record.assembler, linker: record.linker };
    for (const check of await checkObjects(root, own))
      expect(check).toMatchObject({ state: 'rebuilt-differs', error: true });
  });

  test.runIf(toolchain !== undefined)('is gone after a build, wherever the package lies', async () => {
    const before = readRecord(root);
    const target = join(root, 'corpus/targets/guest-6.4.S');
    writeFileSync(target, readFileSync(target, 'utf8').replace('hypercall\t__tdx_hypercall\n', ''));
    await buildObjects(root);
    const checks = await checkObjects(root);
    expect(checks.map(({ state }) => state)).toEqual(checks.map(() => 'rebuilt-same'));
    const after = readRecord(root);
    const changed = after.objects.filter(({ sha256 }, index) => sha256 !== before.objects[index].sha256);
    if (toolchain !== undefined && sameToolchain(before, toolchain)) {
      expect(changed.map(({ object }) => object)).toEqual(['corpus/targets/guest-6.4.o']);
    }
  });
});
