/** What the world stands in for: the symbols that an image leaves open, and the functions in it that never return. */
import type { Image } from '../image/image.js';
import { isFunction } from './functions.js';
import { type ExternalModel, externalModel } from '../world/externals.js';

export interface Outside {
  name: string;
  address: bigint;
  model: ExternalModel;
}

/** @param entry of the function under test, which runs whatever its name says */
export function outsideOf(image: Image, entry: bigint): Outside[] {
  const open = image.externals.map(({ name, address }) => ({ name, address, model: externalModel(name) }));
  return [...open, ...neverReturning(image, entry)];
}

/** In a whole kernel the functions that never return are code of the image. @param entry of one that runs whatever its name says */
export function neverReturning(image: Image, entry?: bigint): Outside[] {
  return image.symbols
    .map((symbol) => ({ symbol, model: externalModel(symbol.name) }))
    .filter(({ symbol, model }) => model.kind === 'noreturn' && symbol.address !== entry && isFunction(image, symbol))
    .map(({ symbol: { name, address }, model }) => ({ name, address, model }));
}

/** Whether the world stands in for a symbol from outside, so that a weak one is there. */
export function isModelled(name: string): boolean {
  return externalModel(name).kind !== 'unmodelled';
}
