/** Whether the committed objects are what their record says, and what this machine's compiler makes of their sources. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { compileObjects } from './compile-objects.js';
import { hashRecipe, listObjects, listRecipes, type Recipe } from './recipes.js';
import { type BuildRecord, type ObjectRecord, readRecord } from './record.js';
import { hashSections } from './sections.js';
import { sha256 } from './sources.js';
import { findNasm, findToolchain, sameToolchain, type Toolchain } from './toolchain.js';

export type ObjectState =
  /** Source and object are in step with the record; nothing was rebuilt, there being no compiler. */
  | 'same'
  /** A source, a file that it includes, the list of parts or the edit is not what the object was built from. */
  | 'source-differs-from-record'
  /** The object is not what the record says. */
  | 'object-differs-from-record'
  /** An object to be made, or one that is there, without a record. */
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
 * @throws UsageError when the record, a list or a folder is missing or broken, or when a source cannot be compiled
 */
export async function checkObjects(
  root: string,
  toolchain: Toolchain | 'none' = findToolchain() ?? 'none',
): Promise<ObjectCheck[]> {
  const record = readRecord(root);
  const recipes = listRecipes(root);
  const names = [record.objects, recipes].flatMap((list) => list.map(({ object }) => object));
  const wrong: ObjectCheck[] = [];
  const inStep: { recipe: Recipe; entry: ObjectRecord }[] = [];
  for (const object of new Set([...names, ...listObjects(root)])) {
    const recipe = recipes.find((candidate) => candidate.object === object);
    const entry = record.objects.find((candidate) => candidate.object === object);
    const problem = checkFiles(root, object, recipe, entry);
    if (problem !== undefined) wrong.push({ object, error: true, ...problem });
    else if (recipe !== undefined && entry !== undefined) inStep.push({ recipe, entry });
  }
  const nasm = findNasm();
  const canBuild = ({ recipe: { parts } }: (typeof inStep)[0]): boolean =>
    toolchain !== 'none' && (nasm !== undefined || !parts.some((part) => part.endsWith('.nasm')));
  const same = inStep
    .filter((one) => !canBuild(one))
    .map(({ entry: { object } }): ObjectCheck => ({ object, state: 'same', error: false, detail: '' }));
  const rebuilt =
    toolchain === 'none' ? [] : await checkRebuilt(root, record, inStep.filter(canBuild), toolchain, nasm);
  return [...wrong, ...same, ...rebuilt].sort((one, other) => (one.object < other.object ? -1 : 1));
}

/** What is wrong with an object, as far as can be told without a compiler. */
function checkFiles(
  root: string,
  object: string,
  recipe: Recipe | undefined,
  entry: ObjectRecord | undefined,
): Pick<ObjectCheck, 'state' | 'detail'> | undefined {
  if (entry === undefined) {
    if (recipe === undefined) return { state: 'not-recorded', detail: 'nothing makes it; delete it' };
    return { state: 'not-recorded', detail: `${recipe.parts.join(', ')}: no record; ${REBUILD}` };
  }
  const changed = recipe === undefined ? ['nothing makes it'] : differing(hashRecipe(root, recipe), entry.sources);
  if (changed.length === 0 && !isDeepStrictEqual(recipe?.parts, entry.parts)) changed.push('the order of its parts');
  if (changed.length > 0) return { state: 'source-differs-from-record', detail: `${changed.join(', ')}; ${REBUILD}` };
  if (!existsSync(join(root, object)))
    return { state: 'object-differs-from-record', detail: `the file is missing; ${REBUILD}` };
  const bytes = readFileSync(join(root, object));
  const sections = differing(hashSections(bytes, object), entry.sections);
  if (sha256(bytes) === entry.sha256 && sections.length === 0) return undefined;
  const where = sections.length > 0 ? sections.join(', ') : 'relocations or symbols';
  return { state: 'object-differs-from-record', detail: `${where}; ${REBUILD}` };
}

/** Names whose value differs, or that only one side has. */
function differing(found: Record<string, string>, recorded: Record<string, string>): string[] {
  const names = new Set([...Object.keys(found), ...Object.keys(recorded)]);
  return [...names].filter((name) => found[name] !== recorded[name]).sort();
}

async function checkRebuilt(
  root: string,
  record: BuildRecord,
  inStep: readonly { recipe: Recipe; entry: ObjectRecord }[],
  toolchain: Toolchain,
  nasm: string | undefined,
): Promise<ObjectCheck[]> {
  const recipes = inStep.map(({ recipe }) => recipe);
  const isRecorded = sameToolchain(record, toolchain);
  return (await compileObjects(root, recipes, record.flags)).map((bytes, index): ObjectCheck => {
    const { object, parts, sha256: recorded, sections } = inStep[index].entry;
    const error = parts.some((part) => part.endsWith('.nasm')) ? record.nasm === nasm : isRecorded;
    if (sha256(bytes) === recorded) return { object, state: 'rebuilt-same', error: false, detail: '' };
    const where = differing(hashSections(bytes, object), sections).join(', ') || 'no loaded section';
    const detail = error
      ? `under the recorded compiler: ${where}`
      : `other tools: ${[toolchain.compiler, toolchain.assembler, toolchain.linker, ...(nasm === undefined ? [] : [nasm])].join(', ')}`;
    return { object, state: 'rebuilt-differs', error, detail };
  });
}
