/** Builds the corpus's objects and their record. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { compileObjects } from './compile-objects.js';
import { EDITS_PATH } from './edits.js';
import { hashRecipe, listRecipes } from './recipes.js';
import { type BuildRecord, type ObjectRecord, writeRecord } from './record.js';
import { hashSections } from './sections.js';
import { sha256 } from './sources.js';
import { findNasm, findToolchain, FLAGS } from './toolchain.js';

/**
 * Makes every object of the corpus below `root`, and writes the record.
 * @throws UsageError without a compiler, or when an object cannot be made; then nothing is written
 */
export async function buildObjects(root: string): Promise<BuildRecord> {
  const toolchain = findToolchain();
  if (toolchain === undefined) throw new UsageError('no gcc for x86-64 found; install gcc and binutils');
  const recipes = listRecipes(root);
  const nasm = recipes.some(({ parts }) => parts.some((part) => part.endsWith('.nasm'))) ? findNasm() : undefined;
  const bytes = await compileObjects(root, recipes, FLAGS);
  const objects = recipes.map((recipe, index): ObjectRecord => ({
    object: recipe.object,
    parts: recipe.parts,
    sources: hashRecipe(root, recipe),
    sha256: sha256(bytes[index]),
    sections: hashSections(bytes[index], recipe.object),
  }));
  for (const [index, { object, edit }] of recipes.entries()) {
    if (edit !== undefined && objects.find((entry) => entry.object === edit.of)?.sha256 === objects[index].sha256)
      throw new UsageError(`${EDITS_PATH}: ${object}: the edit changes no byte of ${edit.of}; make one that does`);
  }
  recipes.forEach(({ object }, index) => writeFileSync(join(root, object), bytes[index]));
  const record: BuildRecord = {
    schema: 'tdxfuzz/objects/2',
    ...toolchain,
    ...(nasm !== undefined && { nasm }),
    flags: FLAGS,
    objects,
  };
  writeRecord(root, record);
  return record;
}
