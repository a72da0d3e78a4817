/** Builds the corpus's objects and their record. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { rebuild } from './check.js';
import { type BuildRecord, type ObjectRecord, writeRecord } from './record.js';
import { hashSections } from './sections.js';
import { hashSource, listSources, objectOf, sha256 } from './sources.js';
import { findToolchain, FLAGS } from './toolchain.js';

/**
 * Assembles every source below `root` into the object beside it and writes the record.
 * @throws UsageError without a compiler, or when a source cannot be assembled; then no record is written
 */
export function buildObjects(root: string): BuildRecord {
  const toolchain = findToolchain();
  if (toolchain === undefined) throw new UsageError('no gcc for x86-64 found; install gcc and binutils');
  const objects = listSources(root).map((source): ObjectRecord => {
    const object = objectOf(source);
    const bytes = rebuild(root, source, FLAGS);
    writeFileSync(join(root, object), bytes);
    return {
      object,
      source,
      sources: hashSource(root, source),
      sha256: sha256(bytes),
      sections: hashSections(bytes, object),
    };
  });
  const record: BuildRecord = { schema: 'tdxfuzz/objects/1', ...toolchain, flags: [...FLAGS], objects };
  writeRecord(root, record);
  return record;
}
