/** A copy of the corpus that holds assembly only, and so is quickly built. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { packageRoot } from '../package-info.js';
import { EDITS_PATH } from './edits.js';
import { PROGRAMS_PATH } from './programs.js';
import { readRecord, writeRecord } from './record.js';
import { listObjects, listRecipes } from './recipes.js';

const ROOT = packageRoot();

/** @returns where it lies: a new one for each test */
export function assemblyCorpus(): { root: string } {
  const corpus = { root: '' };
  beforeEach(() => {
    corpus.root = mkdtempSync(join(tmpdir(), 'tdxfuzz-check-'));
    cpSync(join(ROOT, 'corpus/targets'), join(corpus.root, 'corpus/targets'), { recursive: true });
    cpSync(join(ROOT, 'corpus/bugs'), join(corpus.root, 'corpus/bugs'), { recursive: true });
    writeFileSync(join(corpus.root, PROGRAMS_PATH), '{ "schema": "tdxfuzz/programs/1", "programs": {} }');
    writeFileSync(join(corpus.root, EDITS_PATH), '{ "schema": "tdxfuzz/edits/1", "twins": [] }');
    const made = listRecipes(corpus.root).map(({ object }) => object);
    for (const object of listObjects(corpus.root)) if (!made.includes(object)) rmSync(join(corpus.root, object));
    const record = readRecord(ROOT);
    writeRecord(corpus.root, { ...record, objects: record.objects.filter(({ object }) => made.includes(object)) });
  });
  afterEach(() => rmSync(corpus.root, { recursive: true }));
  return corpus;
}
