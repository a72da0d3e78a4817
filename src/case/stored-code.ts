/** The part of a case file that is machine code: pages of an image after relocation, with the names in them. */
import type { Image } from '../image/image.js';
import { hex } from '../text/hex.js';
import type { CaseFile } from './case-file.js';

export const PAGE = 0x1000n;

/** Whether a page has anything of the image in it. */
export function isInImage(image: Image, page: bigint): boolean {
  return image.segments.some(({ address, size }) => page + PAGE > address && page < address + BigInt(size));
}

/**
 * @param size bytes of the function
 * @param pages addresses of pages, in order
 * @param fixups those that may be used
 */
export function storedCode(
  image: Image,
  symbol: string,
  entry: bigint,
  size: number,
  pages: readonly bigint[],
  fixups: Image['fixups'],
): CaseFile['code'] {
  const inside = (address: bigint): boolean => pages.some((page) => address >= page && address < page + PAGE);
  return {
    entry: hex(entry),
    size,
    pages: pages.map((page) => storedPage(image, page)),
    symbols: image.symbols
      .filter(({ kind, address, name }) =>
        name === symbol ? address === entry : kind === 'function' && inside(address),
      )
      .map(({ name, address, size: bytes }) => ({
        name,
        address: hex(address),
        size: name === symbol ? Math.min(bytes, size) : bytes,
      })),
    externals: image.externals.map(({ name, address }) => ({ name, address: hex(address) })),
    ...(image.gsBase !== undefined && { gsBase: hex(image.gsBase) }),
    ...(fixups.length > 0 && {
      fixups: fixups.map(({ from, to, type }) => ({ from: hex(from), to: hex(to), type })),
    }),
  };
}

/** What the machine holds there: the parts of the image that share the page, and a page of code is never writable. */
function storedPage(image: Image, page: bigint): CaseFile['code']['pages'][number] {
  const bytes = Buffer.alloc(Number(PAGE));
  let read = false;
  let write = false;
  let execute = false;
  for (const segment of image.segments) {
    if (page + PAGE <= segment.address || page >= segment.address + BigInt(segment.size)) continue;
    read ||= segment.read;
    write ||= segment.write;
    execute ||= segment.execute;
    const offset = Number(page - segment.address);
    const from = segment.bytes.subarray(Math.max(0, offset), Math.max(0, offset + Number(PAGE)));
    bytes.set(from, Math.max(0, -offset));
  }
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const permissions = `${read ? 'r' : '-'}${write && !execute ? 'w' : '-'}${execute ? 'x' : '-'}`;
  return { address: hex(page), permissions, base64: bytes.subarray(0, end).toString('base64') };
}
