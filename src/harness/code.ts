import type { Image } from '../image/image.js';

/** The code under test: one function of an image. */
export interface Code {
  image: Image;
  /** The function's name in the image. */
  symbol: string;
  /** Address of the function's first instruction. */
  entry: bigint;
}
