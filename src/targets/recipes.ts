/** What each object of the corpus is made of. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { EDITS_PATH, readEditedTwins } from './edits.js';
import { PROGRAMS_PATH, readPrograms } from './programs.js';
import { hashSource, sha256 } from './sources.js';
import type { Edit } from './twin.js';

/** The folders of the objects, relative to the package's root. Each `.S` file in them is an object of its own. */
const OBJECT_FOLDERS = ['corpus/bugs', 'corpus/targets'] as const;

/** Here each source is an object of its own, in whatever language; a corpus need not have the folders. */
const MIXED_FOLDERS = ['corpus/idioms', 'corpus/variants'] as const;
const MIXED_SOURCE = /\.(S|c|nasm)$/;

/** Paths are relative to the package's root. */
export interface Recipe {
  object: string;
  /** Sources in the order of linking; a single one becomes the object without a link. */
  parts: string[];
  /** Made before the parts are compiled. */
  edit?: Edit;
}

/** Files of one kind in the objects' folders, relative to `root`. @throws UsageError when a folder is missing */
function listFiles(root: string, ending: string): string[] {
  return OBJECT_FOLDERS.flatMap((folder) => {
    const path = join(root, folder);
    if (!existsSync(path)) throw new UsageError(`${path}: no such folder; run this in a checkout of tdxfuzz`);
    return readdirSync(path)
      .filter((name) => name.endsWith(ending))
      .map((name) => `${folder}/${name}`);
  });
}

/** Files of the idioms and variants whose names match, relative to `root`. */
function listMixed(root: string, pattern: RegExp): string[] {
  return MIXED_FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => pattern.test(name))
      .map((name) => `${folder}/${name}`),
  );
}

/** Paths of the objects that are there. @throws UsageError when a folder is missing */
export function listObjects(root: string): string[] {
  return [...listFiles(root, '.o'), ...listMixed(root, /\.o$/)];
}

const byName = (one: Recipe, other: Recipe): number => (one.object < other.object ? -1 : 1);

/**
 * All objects: assembly sources and programs by name, then their edited twins by name.
 * @throws UsageError when a list is broken, or when two of them make one object
 */
export function listRecipes(root: string): Recipe[] {
  const assembly = listFiles(root, '.S').map((source): Recipe => ({
    object: source.replace(/S$/, 'o'),
    parts: [source],
  }));
  const mixed = listMixed(root, MIXED_SOURCE).map((source): Recipe => ({
    object: source.replace(MIXED_SOURCE, '.o'),
    parts: [source],
  }));
  const clean = [...assembly, ...mixed, ...readPrograms(root)].sort(byName);
  const edited = readEditedTwins(root).map(({ object, edit }): Recipe => {
    const parts = clean.find((recipe) => recipe.object === edit.of)?.parts;
    if (parts !== undefined) return { object, parts, edit };
    throw new UsageError(`${EDITS_PATH}: ${object}: nothing makes ${edit.of}; add it to ${PROGRAMS_PATH}`);
  });
  const recipes = [...clean, ...edited.sort(byName)];
  const made = new Set<string>();
  for (const { object } of recipes) {
    if (made.has(object)) throw new UsageError(`${object} is made twice; rename one of its sources`);
    made.add(object);
  }
  return recipes;
}

/** SHA-256 (hexadecimal) of all that an object is made of: each source, each file it includes, and the edit. */
export function hashRecipe(root: string, { object, parts, edit }: Recipe): Record<string, string> {
  const sources = Object.fromEntries(parts.flatMap((part) => Object.entries(hashSource(root, part))));
  if (edit === undefined) return sources;
  return { ...sources, [`${EDITS_PATH}: ${object}`]: sha256(JSON.stringify([edit.file, edit.replace, edit.with])) };
}
