/** All broken twins: the functions of `corpus/bugs/manifest.json`, and the edits of `corpus/bugs/edits.json`. */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { EDITS_PATH, readEditedTwins } from './edits.js';
import { readJson } from './read-json.js';
import { type AssemblyTwin, functionShape, type Twin, twinShape } from './twin.js';

/** Where the manifest of the assembly twins lies, relative to the package's root. */
export const MANIFEST_PATH = 'corpus/bugs/manifest.json';

const rowSchema = z.strictObject({
  ...twinShape,
  /** The culprit, as objdump prints it (a branch: with its target in place of the address). */
  instruction: z.string().min(1),
  /** Where the culprit begins, from the symbol, in bytes. */
  offset: z.string().regex(/^0x[0-9a-f]+$/, 'a hexadecimal number written as 0x...'),
  /** The clean neighbour, on which everything must stay silent. */
  fixed: z.strictObject(functionShape),
});

function readAssemblyTwins(root: string): AssemblyTwin[] {
  const advice = { missing: 'it is part of the package: restore it', wrong: 'mend it' };
  return readJson(root, MANIFEST_PATH, z.array(rowSchema), advice).map(({ offset, ...facts }) => ({
    ...facts,
    kind: 'assembly',
    place: `${facts.symbol}+${offset}`,
  }));
}

/**
 * The broken twins, those in assembly first.
 * @throws UsageError when a list is missing or is not what its schema says, or when two twins have one id
 */
export function readManifest(root: string): Twin[] {
  const twins = [...readAssemblyTwins(root), ...readEditedTwins(root)];
  const ids = new Set<string>();
  for (const { id } of twins) {
    if (ids.has(id)) throw new UsageError(`${MANIFEST_PATH}, ${EDITS_PATH}: two twins have the id ${id}; rename one`);
    ids.add(id);
  }
  return twins;
}
