/** From recipes to the bytes of objects. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { applyEdit, EDITS_PATH } from './edits.js';
import { checkNames } from './function-names.js';
import { concurrently } from './concurrently.js';
import type { Recipe } from './recipes.js';
import type { BuildFlags } from './record.js';
import { hashSource, MISSING } from './sources.js';
import { compile, link } from './toolchain.js';
import type { Edit } from './twin.js';

/** Compilers that run at once. */
const LANES = 2;

class ObjectCompiler {
  /** Clean source -> its object, which twins share. */
  private readonly clean = new Map<string, Promise<string>>();
  private files = 0;

  constructor(
    private readonly root: string,
    private readonly flags: BuildFlags,
    /** For what is made on the way. */
    private readonly folder: string,
  ) {}

  async make(recipe: Recipe): Promise<Uint8Array> {
    const { object, parts, edit } = recipe;
    const edited = edit === undefined ? undefined : this.editTree(recipe, edit);
    const objects: string[] = [];
    for (const part of parts)
      objects.push(
        edited?.parts.includes(part) === true
          ? await this.compile(edited.tree, part, object)
          : await this.compileClean(part),
      );
    if (objects.length === 1) return readFileSync(objects[0]);
    checkNames(object, new Map(parts.map((part, index) => [part, readFileSync(objects[index])])));
    const linked = this.newPath();
    await link(this.folder, objects, linked, this.flags, object);
    return readFileSync(linked);
  }

  private newPath(): string {
    return join(this.folder, String(this.files++));
  }

  private compileClean(part: string): Promise<string> {
    const known = this.clean.get(part);
    if (known !== undefined) return known;
    const compiled = this.compile(this.root, part, part);
    this.clean.set(part, compiled);
    return compiled;
  }

  private async compile(tree: string, part: string, name: string): Promise<string> {
    const path = this.newPath();
    await compile(tree, part, path, this.flags, name);
    return path;
  }

  /** Makes a folder of the parts that the edit concerns and all that they include, under their paths. */
  private editTree({ object, parts }: Recipe, edit: Edit): { tree: string; parts: string[] } {
    const edited = parts
      .map((part) => ({ part, sources: hashSource(this.root, part) }))
      .filter(({ sources }) => edit.file in sources);
    if (edited.length === 0)
      throw new UsageError(`${EDITS_PATH}: ${object}: ${edit.file} is no source of ${edit.of}; name one that is`);
    const tree = this.newPath();
    for (const [path, hash] of edited.flatMap(({ sources }) => Object.entries(sources)))
      if (hash !== MISSING) cpSync(join(this.root, path), join(tree, path));
    const text = readFileSync(join(this.root, edit.file), 'utf8');
    writeFileSync(join(tree, edit.file), applyEdit(text, edit, object));
    return { tree, parts: edited.map(({ part }) => part) };
  }
}

/**
 * The bytes that this machine's compiler makes of each recipe, in their order. A source that several recipes share is
 * compiled once; of a twin, the parts that its edit concerns are compiled again.
 * @throws UsageError for an edit that does not fit, a source that does not compile, or names that clash
 */
export async function compileObjects(
  root: string,
  recipes: readonly Recipe[],
  flags: BuildFlags,
): Promise<Uint8Array[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-targets-'));
  try {
    const compiler = new ObjectCompiler(root, flags, folder);
    return await concurrently(LANES, recipes, (recipe) => compiler.make(recipe));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
