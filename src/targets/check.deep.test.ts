/** The objects of the corpus built again by the compiler of this machine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { assemblyCorpus } from './assembly-corpus.test.helper.js';
import { buildObjects } from './build-objects.js';
import { checkObjects } from './check.js';
import { readRecord, writeRecord } from './record.js';
import { findToolchain, sameToolchain } from './toolchain.js';

const ROOT = packageRoot();
const OTHER = { compiler: 'another compiler', assembler: 'another assembler', linker: 'another linker' };
const toolchain = findToolchain();

describe('the committed objects', () => {
  test.runIf(toolchain !== undefined)('are what this machine’s compiler makes, if it is the recorded one', async () => {
    const same = toolchain !== undefined && sameToolchain(readRecord(ROOT), toolchain);
    const states = (await checkObjects(ROOT)).map(({ state }) => state);
    expect(states.filter((state) => state !== 'rebuilt-same' && (same || state !== 'rebuilt-differs'))).toEqual([]);
  });
});

describe('a planted change', () => {
  const corpus = assemblyCorpus();

  test.runIf(toolchain !== undefined)('of the recorded flags shows in the rebuilt bytes', async () => {
    const record = readRecord(corpus.root);
    record.flags.assembly.push('-Wa,--defsym,planted=1');
    writeRecord(corpus.root, record);
    for (const check of await checkObjects(corpus.root, OTHER))
      expect(check).toMatchObject({ state: 'rebuilt-differs', error: false });
    const own = { compiler: record.compiler, assembler: record.assembler, linker: record.linker };
    for (const check of await checkObjects(corpus.root, own))
      expect(check).toMatchObject({ state: 'rebuilt-differs', error: true });
  });

  test.runIf(toolchain !== undefined)('is gone after a build, wherever the package lies', async () => {
    const before = readRecord(corpus.root);
    const target = join(corpus.root, 'corpus/targets/guest-6.4.S');
    writeFileSync(target, readFileSync(target, 'utf8').replace('hypercall\t__tdx_hypercall\n', ''));
    await buildObjects(corpus.root);
    const checks = await checkObjects(corpus.root);
    expect(checks.map(({ state }) => state)).toEqual(checks.map(() => 'rebuilt-same'));
    const after = readRecord(corpus.root);
    const changed = after.objects.filter(({ sha256 }, index) => sha256 !== before.objects[index].sha256);
    if (toolchain !== undefined && sameToolchain(before, toolchain)) {
      expect(changed.map(({ object }) => object)).toEqual(['corpus/targets/guest-6.4.o']);
    }
  });
});
