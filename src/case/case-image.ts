/** An image made of the pages that a case file carries. */
import type { Image } from '../image/image.js';
import { UsageError } from '../errors.js';
import type { CaseFile } from './case-file.js';

const PAGE = 0x1000;

/** @throws UsageError if a page is not one */
export function caseImage(file: CaseFile, origin: string): Image {
  const { code } = file;
  const segments = code.pages.map(({ address, permissions, base64 }) => {
    const start = BigInt(address);
    const bytes = Buffer.from(base64, 'base64');
    if (start % BigInt(PAGE) !== 0n || bytes.length > PAGE)
      throw new UsageError(`${origin}: code.pages: ${address} is not a page`);
    return {
      name: `page ${address}`,
      address: start,
      size: PAGE,
      bytes: new Uint8Array(bytes),
      read: permissions[0] === 'r',
      write: permissions[1] === 'w',
      execute: permissions[2] === 'x',
    };
  });
  const entry = BigInt(code.entry);
  const symbols = code.symbols.map(({ name, address, size }) => ({
    name,
    address: BigInt(address),
    size,
    kind: 'function' as const,
    global: true,
    segment: '',
  }));
  if (!symbols.some(({ name, address }) => name === file.symbol && address === entry)) {
    throw new UsageError(`${origin}: code.symbols does not name ${file.symbol} at ${code.entry}`);
  }
  return {
    name: file.image.name,
    format: 'elf-object',
    hash: file.image.hash,
    segments,
    symbols,
    externals: code.externals.map(({ name, address }) => ({ name, address: BigInt(address) })),
    fixups: [],
  };
}
