/** From what the user named (images, contract sets, bindings, globs) to targets, with what was left out. */
import { findContractSet } from '../../contract/find-contract.js';
import type { ContractSet } from '../../contract/contract.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import { UsageError } from '../../errors.js';
import { withFunctionsAt } from '../../harness/code-by-address.js';
import { readable } from '../../text/demangle.js';
import { shorten } from '../../text/escape.js';
import type { Image } from '../../image/image.js';
import { openImages } from '../../image/open-images.js';
import { placeName } from '../../image/places.js';
import { adviceWithoutSymbols, meantSymbol } from '../../image/symbols.js';
import type { StructureLayouts } from '../../image/structure-layouts.js';
import { readOffsets } from '../../contract/offsets-file.js';
import { withLayout } from '../../program/dispatcher/kvm/resolve-layout.js';
import { isFunction } from '../../stage/functions.js';
import { isModelled } from '../../stage/outside.js';
import { nearest, nearestNames } from '../../text/nearest.js';
import { bindTarget, type Unnamed } from './bind-target.js';
import { builtInTargets } from './built-in-targets.js';
import { matchesGlob } from './glob.js';
import { withoutNamesakes } from './namesakes.js';
import type { AnyTarget } from '../../run/target.js';
import { cloneOf, isWanted, ownPart } from './own-part.js';
import { type RecognisedTargets, recogniseTargets } from './recognised-targets.js';
import { refuseUnlike } from './unlike.js';
import { functionsWithWrappedInstruction } from './wrapped-instructions.js';

export interface Selection {
  targets: AnyTarget[];
  /** What the user should know: symbols that the set has and the image has not, code that nothing covers. */
  notes: string[];
  /** Functions that have the name of a contract and are not judged, one line each: without a verdict of them the run has none. */
  unjudged: string[];
  /** Names of all targets that there were before globs narrowed them. */
  known: string[];
}

export interface SelectOptions {
  images: readonly string[];
  /** What they are called in names of targets and in notes, where there are several; their paths if not given. */
  labels?: readonly string[];
  /** Name of a set, a JSON file of one's own, a set itself, or `auto`. */
  contract: string | ContractSet;
  /** Path of a file of tdxfuzz offsets. */
  offsets?: string;
  /** Globs over target names, and bindings SYMBOL=SET/FUNCTION. */
  target: readonly string[];
  /** Globs over property names. */
  property: readonly string[];
  propertyNames: readonly string[];
}

/** @throws UsageError when something named matches nothing */
export function selectTargets(options: SelectOptions): Selection {
  const properties = selectProperties(options.property, options.propertyNames);
  const bindings = options.target.filter((text) => text.includes('='));
  const globs = options.target.filter((text) => !text.includes('='));
  if (bindings.length > 0 && options.images.length === 0)
    throw new UsageError(`--target ${bindings[0]}: a binding needs an IMAGE to bind in`);
  if (options.images.length === 0 && options.contract !== 'auto') {
    const name = typeof options.contract === 'string' ? findContractSet(options.contract).name : options.contract.name;
    throw new UsageError(
      `--contract ${shorten(name)}: needs an IMAGE; the built-in targets have their contracts, --target chooses among them`,
    );
  }
  const found =
    options.images.length === 0
      ? { targets: builtInTargets(), notes: [], unjudged: [] }
      : fromImages(options, options.labels ?? options.images, bindings);
  const targets = narrowed(found.targets, globs);
  return {
    targets: targets.map((target) => (properties === undefined ? target : { ...target, properties })),
    notes: found.notes,
    unjudged: found.unjudged,
    known: found.targets.map(({ name }) => name),
  };
}

/** The targets that a glob matches; all without globs. @throws UsageError for a glob that matches none */
export function narrowed(targets: AnyTarget[], globs: readonly string[]): AnyTarget[] {
  const names = targets.map(({ name }) => name);
  for (const glob of globs) {
    if (!names.some((name) => matchesGlob(name, glob)))
      throw new UsageError(`--target ${glob} matches no target; ${nearest(glob, [...families(names), ...names])}`);
  }
  return globs.length === 0 ? targets : targets.filter(({ name }) => globs.some((glob) => matchesGlob(name, glob)));
}

/** Globs that match all targets of one object: a glob is nearer to one than to a name. */
function families(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => `${name.slice(0, name.lastIndexOf('/') + 1)}*`))].filter(
    (glob) => glob !== '*',
  );
}

/** @returns undefined without globs: all of them @throws UsageError for a glob that matches none */
export function selectProperties(globs: readonly string[], names: readonly string[]): string[] | undefined {
  for (const glob of globs) {
    if (!names.some((name) => matchesGlob(name, glob)))
      throw new UsageError(`--property ${glob} matches no property; ${nearest(glob, names)}`);
  }
  return globs.length === 0 ? undefined : names.filter((name) => globs.some((glob) => matchesGlob(name, glob)));
}

function fromImages(
  { images: paths, contract, offsets }: SelectOptions,
  labels: readonly string[],
  given: readonly string[],
): Omit<Selection, 'known'> {
  const layouts = offsets === undefined ? undefined : readOffsets(offsets);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw new UsageError(`${shorten(twice)}: named twice; name every image once`);
  const named = given.map((text) => placeName(text.slice(0, text.indexOf('='))));
  const again = named.find((symbol, index) => named.indexOf(symbol) !== index);
  if (again !== undefined) throw new UsageError(`--target ${shorten(again)}=...: bound twice; bind every symbol once`);
  const asked = contract === 'auto' ? undefined : typeof contract === 'string' ? findContractSet(contract) : contract;
  // What a binding names by a set's name may be in the file that was given.
  const sets = asked === undefined ? CONTRACT_SETS : [asked, ...CONTRACT_SETS];
  const known = sets.flatMap(symbolsOf);
  const targets: AnyTarget[] = [];
  const wanted = new Set([...named, ...(asked === undefined ? [] : symbolsOf(asked))]);
  const opened = openImages(paths, { isWanted: (input) => isWanted(input, wanted), isModelled });
  const notes = [...opened.notes];
  const unjudged: string[] = [];
  /** Files that are one image stay one. */
  const wholes = new Map<Image, Image>();
  const images = opened.files.map((file, index) => {
    const whole = wholes.get(file.image) ?? withFunctionsAt(withoutNamesakes(file.image, known), named);
    wholes.set(file.image, whole);
    return {
      path: labels[index],
      image: ownPart({ ...file, image: whole }),
      whole,
      isShared: file.parts !== undefined,
    };
  });
  const bindings = given.map((text, index) => {
    const clone = clonedSymbol(named[index], images);
    if (clone !== undefined)
      notes.push(
        `--target ${shorten(named[index])}: not in the image; the compiler made ${shorten(clone)} of it, which is taken`,
      );
    return clone === undefined ? text : clone + text.slice(named[index].length);
  });
  const symbols = bindings.map((text) => placeName(text.slice(0, text.indexOf('='))));
  /** Why no contract is for a file that is one image with others: they may have one. */
  const without = new Map<Image, unknown>();
  for (const { path, image, whole, isShared } of images) {
    const label = paths.length === 1 ? '' : `${shorten(path)}:`;
    // Of several images each is bound where it has the symbol; one that none has is a mistake in the first.
    const here = bindings.filter((_, index) => {
      const having = images.filter((candidate) => isIn(candidate.image, symbols[index]));
      return isIn(image, symbols[index]) || (having.length === 0 && image === images[0].image);
    });
    const bound = here.map((text) => binding(text, whole, sets, layouts));
    const refuse = (error: unknown): void => {
      if (!isShared) throw error;
      if (!without.has(whole)) without.set(whole, error);
    };
    const boundSymbols = new Set(bound.map(({ symbol }) => symbol));
    if (boundSymbols.size < bound.length)
      throw new UsageError(`${shorten(path)}: --target names one function in two ways; bind every function once`);
    targets.push(...bound.map((target) => ({ ...target, name: `${label}${shorten(target.symbol)}` })));
    const covered = new Set(boundSymbols);
    const wrapped = functionsWithWrappedInstruction(image);
    // Bindings alone are enough; a set is then only used if it was asked for.
    if (asked === undefined) {
      if (bindings.length === 0) {
        const found = recogniseOr(refuse, image, whole, wrapped, path, layouts);
        targets.push(...(found?.targets ?? []).map((target) => ({ ...target, name: `${label}${target.name}` })));
        notes.push(...(found?.notes ?? []));
        unjudged.push(...(found?.unjudged ?? []));
        for (const symbol of found?.covered ?? []) covered.add(symbol);
      }
    } else {
      const present = Object.entries(asked.contracts).filter(([symbol]) => hasFunction(image, symbol));
      for (const [symbol, body] of present) {
        covered.add(symbol);
        if (!boundSymbols.has(symbol))
          targets.push({ name: `${label}${symbol}`, symbol, set: asked.name, contract: body, image: whole });
      }
      const programs = Object.entries(asked.programs ?? {});
      const played = programs.filter(([, { symbol }]) => hasFunction(image, symbol));
      for (const [name, program] of played) {
        const { symbol } = program;
        refuseUnlike(image, program);
        covered.add(symbol);
        const resolved = withLayout(whole, program, layouts);
        targets.push({
          name: `${label}${name}`,
          symbol,
          set: asked.name,
          program: resolved,
          contractName: name,
          image: whole,
        });
      }
      if (present.length + played.length === 0 && bound.length === 0) refuse(noSymbol(path, image, asked));
      const absent = symbolsOf(asked).filter((symbol) => !hasFunction(whole, symbol));
      if (absent.length > 0 && present.length + played.length > 0)
        notes.push(`${shorten(path)}: ${asked.name} also has ${absent.join(', ')}; not in this image`);
    }
    const uncovered = wrapped.filter((name) => !covered.has(name));
    if (uncovered.length > 0)
      notes.push(
        `${shorten(path)}: TDCALL or SEAMCALL in ${uncovered.map((name) => shorten(readable(name))).join(', ')}: no contract covers it`,
      );
  }
  for (const [whole, error] of without) if (!targets.some(({ image }) => image === whole)) throw error;
  return { targets, notes, unjudged };
}

/** What the compiler made of a function that no image has. */
function clonedSymbol(symbol: string, images: readonly { image: Image }[]): string | undefined {
  if (images.some(({ image }) => hasFunction(image, symbol))) return undefined;
  const clones = images.flatMap(({ image }) => cloneOf(image, symbol) ?? []);
  return clones.length === 1 ? clones[0] : undefined;
}

function recogniseOr(
  refuse: (error: unknown) => void,
  own: Image,
  whole: Image,
  wrapped: readonly string[],
  path: string,
  layouts: StructureLayouts | undefined,
): RecognisedTargets | undefined {
  try {
    return recogniseTargets(own, whole, wrapped, path, layouts);
  } catch (error) {
    refuse(error);
    return undefined;
  }
}

function noSymbol(path: string, image: Image, set: ContractSet): UsageError {
  const functions = image.symbols.filter((symbol) => isFunction(image, symbol)).map(({ name }) => shorten(name));
  const wanted = symbolsOf(set);
  if (functions.length === 0)
    return new UsageError(
      `${shorten(path)}: no function of ${set.name} (${wanted.join(', ')}): it names no functions at all; ${adviceWithoutSymbols(image)}, or name one by its address with --target 0x1230=${set.name}/FUNCTION`,
    );
  const near = [...new Set(wanted.flatMap((name) => nearestNames(name, functions)))].slice(0, 3);
  const hint = near.length > 0 ? `nearest: ${near.join(', ')}` : `it has ${functions.slice(0, 5).join(', ')}`;
  return new UsageError(
    `${shorten(path)}: no function of ${set.name} (${wanted.join(', ')}); ${hint}; bind another name with --target SYMBOL=${set.name}/FUNCTION`,
  );
}

/** Every symbol that a set has a contract for. */
export function symbolsOf({ contracts, programs = {} }: ContractSet): string[] {
  return [...new Set([...Object.keys(contracts), ...Object.values(programs).map(({ symbol }) => symbol)])];
}

export function hasFunction(image: Image, symbol: string): boolean {
  return image.symbols.some(({ name, kind }) => name === symbol && kind !== 'object');
}

/** Whether an image has the function that somebody means. */
function isIn(image: Image, name: string): boolean {
  return hasFunction(image, meantSymbol(image, name));
}

function binding(
  text: string,
  image: Image,
  sets: readonly ContractSet[],
  layouts: StructureLayouts | undefined,
): Unnamed {
  const equals = text.indexOf('=');
  return bindTarget(image, text.slice(equals + 1), text.slice(0, equals), sets, layouts);
}
