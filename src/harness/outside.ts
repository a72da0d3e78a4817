/** What the world stands in for: the symbols that an image leaves open, and the functions in it that never return. */
import type { Image } from '../image/image.js';
import { type ExternalModel, externalModel } from '../world/externals.js';

export interface Outside {
  name: string;
  address: bigint;
  model: ExternalModel;
}

/** @param entry of the function under test, which runs whatever its name says */
export function outsideOf({ externals, symbols }: Image, entry: bigint): Outside[] {
  const open = externals.map(({ name, address }) => ({ name, address, model: externalModel(name) }));
  // In a whole kernel the functions that never return are code of the image.
  const stops = symbols
    .filter(({ kind, global, address }) => {
      // An untyped one is a function of assembly if it is global; a local one may be a label of that name.
      const code = kind === 'function' || (kind === 'untyped' && global);
      return code && address !== entry;
    })
    .map(({ name, address }) => ({ name, address, model: externalModel(name) }))
    .filter(({ model }) => model.kind === 'noreturn');
  return [...open, ...stops];
}
