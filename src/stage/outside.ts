/** What the world stands in for: the symbols that an image leaves open, the functions in it that never return, and those that are replaced. */
import { EXTERNAL_SLOT } from '../image/externals.js';
import type { BadPlace, Image, ImageSymbol } from '../image/image.js';
import { isFunction } from './functions.js';
import { type ExternalModel, externalModel, replacementOf } from '../world/externals.js';
import { type Surrounding, surroundings } from '../world/surroundings.js';

export interface Outside {
  name: string;
  address: bigint;
  model: ExternalModel;
}

/** @param entry of the function under test, which runs whatever its name says */
export function outsideOf(image: Image, entry: bigint): Outside[] {
  const open = image.externals.map(({ name, address }) => ({ name, address, model: externalModel(name) }));
  return [...open, ...neverReturning(image, entry), ...replaced(image, entry)];
}

/**
 * Functions of the image that have other code than their own: what a whole kernel does when it prints is none of the
 * function's business.
 *
 * @param entry of one that runs whatever its name says
 */
export function replaced(image: Image, entry?: bigint): Outside[] {
  return answeredFor(image).flatMap((symbol) => {
    const { name, address, size } = symbol;
    const bytes = replacementOf(name);
    if (bytes === undefined || address === entry || !isFunction(image, symbol)) return [];
    // One that is shorter than its model runs: what lies behind it is another's.
    if (size > 0 && size < bytes.length) return [];
    return [{ name, address, model: { kind: 'code', bytes, jumps: false } as const }];
  });
}

/** In a whole kernel the functions that never return are code of the image. @param entry of one that runs whatever its name says */
export function neverReturning(image: Image, entry?: bigint): Outside[] {
  return answeredFor(image)
    .map((symbol) => ({ symbol, model: externalModel(symbol.name) }))
    .filter(({ symbol, model }) => model.kind === 'noreturn' && symbol.address !== entry && isFunction(image, symbol))
    .map(({ symbol: { name, address }, model }) => ({ name, address, model }));
}

/** Symbols that the table of surroundings has a word for, in the image's order. */
function answeredFor(image: Image): readonly ImageSymbol[] {
  const table = surroundings();
  const known = ANSWERED.get(image);
  if (known?.table === table) return known.symbols;
  const symbols = image.symbols.filter(({ name }) => table.has(name));
  ANSWERED.set(image, { table, symbols });
  return symbols;
}

/** A kernel has a hundred thousand symbols, and every stage asks. */
const ANSWERED = new WeakMap<
  Image,
  { readonly table: ReadonlyMap<string, Surrounding>; readonly symbols: readonly ImageSymbol[] }
>();

/** Slots of symbols that nothing models beside data that can be read: whoever reads one has no verdict. */
export function unreadable({ externals }: Image): BadPlace[] {
  const models = externals.map(({ name, address }) => ({ name, address, kind: externalModel(name).kind }));
  if (!models.some(({ kind }) => kind === 'data')) return [];
  return models
    .filter(({ kind }) => kind !== 'data' && kind !== 'code')
    .map(({ name, address }) => ({
      address,
      size: Number(EXTERNAL_SLOT),
      reason: `external symbol ${name} is data that is not modelled`,
    }))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** Whether the world stands in for a symbol from outside, so that a weak one is there. */
export function isModelled(name: string): boolean {
  return externalModel(name).kind !== 'unmodelled';
}
