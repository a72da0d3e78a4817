/** What the world stands in for: the symbols that an image leaves open, and the functions in it that never return. */
import type { Image } from '../image/image.js';
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

/** In a whole kernel the functions that never return are code of the image. */
export function neverReturning({ symbols }: Image, entry: bigint | undefined): Outside[] {
  return symbols
    .filter(({ kind, global, address }) => {
      // An untyped one is a function of assembly if it is global; a local one may be a label of that name.
      const code = kind === 'function' || (kind === 'untyped' && global);
      return code && address !== entry;
    })
    .map(({ name, address }) => ({ name, address, model: externalModel(name) }))
    .filter(({ model }) => model.kind === 'noreturn');
}
