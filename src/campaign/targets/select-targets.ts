/** From what the user named (images, contract sets, bindings, globs) to targets, with what was left out. */
import { findContractSet } from '../../contract/find-contract.js';
import type { Contract, ContractSet } from '../../contract/contract.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import { UsageError } from '../../errors.js';
import { functionCode } from '../../harness/function-code.js';
import { shorten } from '../../text/escape.js';
import type { Image } from '../../image/image.js';
import { loadImage } from '../../image/load.js';
import { functionExtent } from '../../stage/functions.js';
import { findFunction } from '../../image/symbols.js';
import { nearest, nearestNames } from '../../text/nearest.js';
import { bindTarget, type Unnamed } from './bind-target.js';
import { builtInTargets } from './built-in-targets.js';
import { matchesGlob } from './glob.js';
import type { AnyTarget } from '../../run/target.js';
import { functionsWithWrappedInstruction } from './wrapped-instructions.js';

export interface Selection {
  targets: AnyTarget[];
  /** What the user should know: symbols that the set has and the image has not, code that nothing covers. */
  notes: string[];
  /** Names of all targets that there were before globs narrowed them. */
  known: string[];
}

export interface SelectOptions {
  images: readonly string[];
  /** Name of a set, a JSON file of one's own, a set itself, or `auto`. */
  contract: string | ContractSet;
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
      ? { targets: builtInTargets(), notes: [] }
      : fromImages(options.images, options.contract, bindings);
  const targets = narrowed(found.targets, globs);
  return {
    targets: targets.map((target) => (properties === undefined ? target : { ...target, properties })),
    notes: found.notes,
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
  paths: readonly string[],
  contract: SelectOptions['contract'],
  bindings: readonly string[],
): Omit<Selection, 'known'> {
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw new UsageError(`${shorten(twice)}: named twice; name every image once`);
  const symbols = bindings.map((text) => text.slice(0, text.indexOf('=')));
  const again = symbols.find((symbol, index) => symbols.indexOf(symbol) !== index);
  if (again !== undefined) throw new UsageError(`--target ${shorten(again)}=...: bound twice; bind every symbol once`);
  const sets = typeof contract === 'string' ? CONTRACT_SETS : [contract, ...CONTRACT_SETS];
  const targets: AnyTarget[] = [];
  const notes: string[] = [];
  const images = paths.map((path) => ({ path, image: loadImage(path) }));
  for (const { path, image } of images) {
    const label = paths.length === 1 ? '' : `${shorten(path)}:`;
    // Of several images each is bound where it has the symbol; one that none has is a mistake in the first.
    const here = bindings.filter((_, index) => {
      const having = images.filter((candidate) => hasFunction(candidate.image, symbols[index]));
      return hasFunction(image, symbols[index]) || (having.length === 0 && image === images[0].image);
    });
    const bound = here.map((text) => binding(text, image, sets));
    const boundSymbols = new Set(bound.map(({ symbol }) => symbol));
    targets.push(...bound.map((target) => ({ ...target, name: `${label}${shorten(target.symbol)}` })));
    // Bindings alone are enough; a set is then only used if it was asked for.
    const set =
      bindings.length > 0 && contract === 'auto'
        ? undefined
        : contract === 'auto'
          ? recognise(image, path)
          : typeof contract === 'string'
            ? findContractSet(contract)
            : contract;
    const covered = new Set(boundSymbols);
    if (set !== undefined) {
      const present = Object.entries(set.contracts).filter(([symbol]) => hasFunction(image, symbol));
      for (const [symbol, body] of present) {
        covered.add(symbol);
        if (!boundSymbols.has(symbol))
          targets.push({ name: `${label}${symbol}`, symbol, set: set.name, contract: body, image });
      }
      const programs = Object.entries(set.programs ?? {});
      const played = programs.filter(([, { symbol }]) => hasFunction(image, symbol));
      for (const [name, program] of played) {
        const { symbol } = program;
        covered.add(symbol);
        targets.push({ name: `${label}${name}`, symbol, set: set.name, program, contractName: name, image });
      }
      if (present.length + played.length === 0 && bound.length === 0) throw noSymbol(path, image, set);
      const absent = symbolsOf(set).filter((symbol) => !hasFunction(image, symbol));
      if (absent.length > 0)
        notes.push(`${shorten(path)}: ${set.name} also has ${absent.join(', ')}; not in this image`);
    }
    const uncovered = functionsWithWrappedInstruction(image).filter((name) => !covered.has(name));
    if (uncovered.length > 0)
      notes.push(
        `${shorten(path)}: TDCALL or SEAMCALL in ${uncovered.map((name) => shorten(name)).join(', ')}: no contract covers it`,
      );
  }
  return { targets, notes };
}

function noSymbol(path: string, image: Image, set: ContractSet): UsageError {
  const functions = image.symbols.filter(({ kind }) => kind === 'function').map(({ name }) => shorten(name));
  const wanted = symbolsOf(set);
  const near = [...new Set(wanted.flatMap((name) => nearestNames(name, functions)))].slice(0, 3);
  const hint = near.length > 0 ? `nearest: ${near.join(', ')}` : `it has ${functions.slice(0, 5).join(', ')}`;
  return new UsageError(
    `${shorten(path)}: no function of ${set.name} (${wanted.join(', ')}); ${hint}; bind another name with --target SYMBOL=${set.name}/FUNCTION`,
  );
}

/** Every symbol that a set has a contract for. */
function symbolsOf({ contracts, programs = {} }: ContractSet): string[] {
  return [...new Set([...Object.keys(contracts), ...Object.values(programs).map(({ symbol }) => symbol)])];
}

function hasFunction(image: Image, symbol: string): boolean {
  return image.symbols.some(({ name, kind }) => name === symbol && kind !== 'object');
}

function binding(text: string, image: Image, sets: readonly ContractSet[]): Unnamed {
  const equals = text.indexOf('=');
  return bindTarget(image, text.slice(equals + 1), text.slice(0, equals), sets);
}

/** The set whose functions the image has, told apart by the masks in the code. @throws UsageError if none or several fit */
function recognise(image: Image, path: string): ContractSet {
  const scores = CONTRACT_SETS.map((set) => ({ set, score: fit(set, image) }));
  const best = Math.max(...scores.map(({ score }) => score));
  const names = CONTRACT_SETS.map(({ name }) => name).join(', ');
  if (best <= 0)
    throw new UsageError(
      `${shorten(path)}: fits no built-in contract set; name one with --contract (${names}, or a JSON file); without a contract: tdxfuzz audit ${shorten(path)} says what holds for everybody`,
    );
  const alike = scores.filter(({ score }) => score === best).map(({ set }) => set);
  const released = alike.filter(({ neverReleased }) => neverReleased !== true);
  const fitting = released.length > 0 ? released : alike;
  if (fitting.length > 1)
    throw new UsageError(
      `${shorten(path)}: fits ${fitting.map(({ name }) => name).join(' and ')} alike; say which with --contract`,
    );
  return fitting[0];
}

/** Functions of the set that the image has, or -1 if the code of one speaks of another mask. */
function fit(set: ContractSet, image: Image): number {
  let present = 0;
  for (const [symbol, contract] of Object.entries(set.contracts)) {
    if (!hasFunction(image, symbol)) continue;
    if (!hasMask(contract, image, symbol)) return -1;
    present++;
  }
  for (const { symbol } of Object.values(set.programs ?? {})) if (hasFunction(image, symbol)) present++;
  return present;
}

function hasMask({ inputs }: Contract, image: Image, symbol: string): boolean {
  const mask = inputs.rcx;
  if (mask === undefined || !('constant' in mask)) return true;
  const { address, size } = functionExtent(image, findFunction(image, symbol));
  const wanted = BigInt(mask.constant);
  return functionCode(image, address, size).instructions.some(({ immediates }) => immediates.includes(wanted));
}
