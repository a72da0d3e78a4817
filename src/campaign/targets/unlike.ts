/** Refuses code that is not what a contract of a program means, instead of accusing it of all that it does not do. */
import type { ProgramContract } from '../../contract/program-contract.js';
import { type Image, ImageError } from '../../image/image.js';
import { unlike } from '../recognition/surroundings-needed.js';

/** @throws ImageError if the program cannot judge this image at all */
export function refuseUnlike(image: Image, program: ProgramContract): void {
  const reason = unlike(image, program);
  if (reason !== undefined)
    throw new ImageError(`${image.name}: ${reason}; name a contract that was written for it, or leave it out`);
}
