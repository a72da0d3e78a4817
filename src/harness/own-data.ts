/** The data that a function may write to besides its stack and blocks, in the image that it lies in. */
import { highHalf, lowHalf } from '../halves.js';
import type { Contract } from '../contract/contract.js';
import { type Image, ImageError } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';

/**
 * @returns low half, high half and bytes of each symbol that the contract names
 * @throws ImageError for a symbol that the image does not have, or whose size it does not say
 */
export function ownDataOf(image: Image, { ownData = [] }: Pick<Contract, 'ownData'>): Int32Array {
  const isData = (address: bigint): boolean => segmentAt(image.segments, address)?.write === true;
  const ranges = ownData.flatMap((wanted) => {
    const found = image.symbols.filter(({ name, address }) => name === wanted && isData(address));
    const refuse = (what: string): never => {
      throw new ImageError(`${image.name}: the contract says "ownData": ${shorten(wanted)}, ${what}`);
    };
    if (found.length === 0) {
      const names = image.symbols.filter(({ address }) => isData(address)).map(({ name }) => name);
      return refuse(`which is no symbol of data that may be written; ${nearest(wanted, names)}`);
    }
    if (found.some(({ size }) => size === 0)) return refuse('whose size the image does not say; give it one (.size)');
    // Several of one name, each local to its file: whose it is nobody can tell.
    return found.flatMap(({ address, size }) => [lowHalf(address), highHalf(address), size]);
  });
  return Int32Array.from(ranges);
}
