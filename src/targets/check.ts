/** Whether the committed objects are what their record says, and what this machine's compiler makes of their sources. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type BuildRecord, type ObjectRecord, readRecord } from './record.js';
import { hashSections } from './sections.js';
import { hashSource, listSources, objectOf, sha256 } from './sources.js';
import { assemble, findToolchain, sameToolchain, type Toolchain } from './toolchain.js';

export type ObjectState =
  /** Source and object are in step with the record; nothing was rebuilt, there being no compiler. */
  | 'same'
  /** A source, or a file that it includes, is not what the object was built from. */
  | 'source-differs-from-record'
  /** The object is not what the record says. */
  | 'object-differs-from-record'
  /** A source without a record. */
  | 'not-recorded'
  /** In step, and the compiler makes the same bytes. */
  | 'rebuilt-same'
  /** In step, but the compiler makes other bytes: an error only under the recorded compiler. */
  | 'rebuilt-differs';

export interface ObjectCheck {
  /** Path relative to the package's root. */
  object: string;
  state: ObjectState;
  error: boolean;
  /** What differs and what to do; empty when nothing does. */
  detail: string;
}

const REBUILD = 'run npm run build:targets and commit the result';

/**
 * Checks every object of the corpus.
 * @param root the package's root
 * @param toolchain what to rebuild with; by default what this machine has
 * @throws UsageError when the record or a folder is missing or broken
 */
export function checkObjects(root: string, toolchain: Toolchain | 'none' = findToolchain() ?? 'none'): ObjectCheck[] {
  const record = readRecord(root);
  const unrecorded = listSources(root)
    .filter((source) => record.objects.every((entry) => entry.source !== source))
    .map((source): ObjectCheck => failed(objectOf(source), 'not-recorded', `${source} has no record; ${REBUILD}`));
  return [...record.objects.map((entry) => checkObject(root, record, entry, toolchain)), ...unrecorded].sort(
    (one, other) => (one.object < other.object ? -1 : 1),
  );
}

function failed(object: string, state: ObjectState, detail: string): ObjectCheck {
  return { object, state, error: true, detail };
}

function checkObject(
  root: string,
  record: BuildRecord,
  entry: ObjectRecord,
  toolchain: Toolchain | 'none',
): ObjectCheck {
  const { object } = entry;
  const changed = differing(hashSource(root, entry.source), entry.sources);
  if (changed.length > 0) return failed(object, 'source-differs-from-record', `${changed.join(', ')}; ${REBUILD}`);
  if (!existsSync(join(root, object))) {
    return failed(object, 'object-differs-from-record', `the file is missing; ${REBUILD}`);
  }
  const bytes = readFileSync(join(root, object));
  if (sha256(bytes) !== entry.sha256) {
    const sections = differing(hashSections(bytes, object), entry.sections);
    const where = sections.length > 0 ? sections.join(', ') : 'relocations or symbols';
    return failed(object, 'object-differs-from-record', `${where}; ${REBUILD}`);
  }
  if (!isDeepStrictEqual(hashSections(bytes, object), entry.sections)) {
    return failed(object, 'object-differs-from-record', `the record's section hashes; ${REBUILD}`);
  }
  if (toolchain === 'none') return { object, state: 'same', error: false, detail: '' };
  return checkRebuilt(root, record, entry, bytes, toolchain);
}

/** Names whose value differs, or that only one side has. */
function differing(found: Record<string, string>, recorded: Record<string, string>): string[] {
  const names = new Set([...Object.keys(found), ...Object.keys(recorded)]);
  return [...names].filter((name) => found[name] !== recorded[name]).sort();
}

function checkRebuilt(
  root: string,
  record: BuildRecord,
  entry: ObjectRecord,
  committed: Uint8Array,
  toolchain: Toolchain,
): ObjectCheck {
  const { object } = entry;
  const rebuilt = rebuild(root, entry.source, record.flags);
  if (sha256(rebuilt) === sha256(committed)) return { object, state: 'rebuilt-same', error: false, detail: '' };
  if (!sameToolchain(record, toolchain)) {
    const detail = `other compiler: ${toolchain.compiler}, ${toolchain.assembler}`;
    return { object, state: 'rebuilt-differs', error: false, detail };
  }
  const sections = differing(hashSections(rebuilt, object), entry.sections);
  return failed(
    object,
    'rebuilt-differs',
    `under the recorded compiler: ${sections.join(', ') || 'no loaded section'}`,
  );
}

/** The bytes that this machine's compiler makes of a source. */
export function rebuild(root: string, source: string, flags: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-targets-'));
  try {
    const object = join(folder, 'rebuilt.o');
    assemble(root, source, object, flags);
    return readFileSync(object);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
