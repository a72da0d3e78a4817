/** The committed objects and their record; `check.deep.test.ts` builds them again. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { assemblyCorpus } from './assembly-corpus.test.helper.js';
import { checkObjects, type ObjectCheck } from './check.js';
import { readRecord, writeRecord } from './record.js';
import { listRecipes } from './recipes.js';
import { findToolchain } from './toolchain.js';

const ROOT = packageRoot();

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
  const corpus = assemblyCorpus();

  test('of a source is found, and only there', async () => {
    appendFileSync(join(corpus.root, 'corpus/targets/guest-6.4.S'), '\n');
    const checks = await checkFiles(corpus.root);
    const check = stateOf(checks, 'corpus/targets/guest-6.4.o');
    expect(check).toMatchObject({ state: 'source-differs-from-record', error: true });
    expect(check.detail).toContain('corpus/targets/guest-6.4.S');
    expect(checks.filter(({ error }) => error)).toHaveLength(1);
  });

  test('of an included file is found in every object that includes it', async () => {
    appendFileSync(join(corpus.root, 'corpus/targets/guest-6.3.inc'), '\n');
    const broken = (await checkFiles(corpus.root)).filter(({ error }) => error);
    expect(broken.map(({ object }) => object)).toEqual(['corpus/bugs/guest-6.3.o', 'corpus/targets/guest-6.3.o']);
    expect(broken.map(({ state }) => state)).toEqual(['source-differs-from-record', 'source-differs-from-record']);
  });

  test('of one byte of code is found and its section named', async () => {
    const path = join(corpus.root, 'corpus/targets/guest-6.7.o');
    const bytes = readFileSync(path);
    const tdcall = bytes.indexOf(Buffer.from([0x66, 0x0f, 0x01, 0xcc]));
    expect(tdcall).toBeGreaterThan(0);
    bytes[tdcall + 3] = 0xcf;
    writeFileSync(path, bytes);
    const check = stateOf(await checkFiles(corpus.root), 'corpus/targets/guest-6.7.o');
    expect(check).toMatchObject({ state: 'object-differs-from-record', error: true });
    expect(check.detail).toContain('.noinstr.text');
  });

  test('that removes an object, a source or a record is found', async () => {
    rmSync(join(corpus.root, 'corpus/targets/guest-6.7.o'));
    rmSync(join(corpus.root, 'corpus/bugs/guest-6.3.S'));
    const record = readRecord(corpus.root);
    record.objects = record.objects.filter(({ object }) => object !== 'corpus/bugs/guest-5.19.o');
    writeRecord(corpus.root, record);
    const checks = await checkFiles(corpus.root);
    expect(stateOf(checks, 'corpus/targets/guest-6.7.o').state).toBe('object-differs-from-record');
    expect(stateOf(checks, 'corpus/bugs/guest-6.3.o').state).toBe('source-differs-from-record');
    expect(stateOf(checks, 'corpus/bugs/guest-5.19.o').state).toBe('not-recorded');
    expect(checks.filter(({ error }) => error)).toHaveLength(3);
  });
});
