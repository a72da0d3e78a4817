/**
 * What a boot image holds, unpacked. The forms are those of Linux (scripts/Makefile.lib and lib/decompress.c, 6.12): behind
 * what the packer wrote stands the size of the kernel in 4 bytes; gzip ends with the same number itself.
 */
import { gunzipSync } from 'node:zlib';
import { fail } from './elf-file.js';
import { SIZE_LIMIT } from './image.js';
import { unpackLz4 } from './lz4.js';
import { unpackLzma } from './lzma.js';
import { isElf, startsWith } from './object-file.js';
import { DamagedPacking, isDamagedPacking } from './packing.js';
import { unpackXz } from './xz.js';
import { unpackZstd } from './zstd.js';

interface Packer {
  name: string;
  magic: readonly number[];
  /** Fills the output; absent where nobody reads it here. @throws DamagedPacking or an error of zlib */
  unpack?: (bytes: Uint8Array, output: Uint8Array) => void;
}

const PACKERS: readonly Packer[] = [
  { name: 'gzip', magic: [0x1f, 0x8b], unpack: unpackGzip },
  {
    name: 'zstd',
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    unpack: (bytes, output) => unpackZstd(bytes, output.length, output),
  },
  { name: 'lz4', magic: [0x02, 0x21, 0x4c, 0x18], unpack: unpackLz4 },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], unpack: unpackXz },
  { name: 'lzma', magic: [0x5d, 0x00, 0x00], unpack: unpackLzma },
  { name: 'bzip2', magic: [...Buffer.from('BZh')] },
  { name: 'lzo', magic: [0x89, ...Buffer.from('LZO')] },
];
const SIZE_AT_END = 4;
/** So many bytes are unpacked however few they came from. */
const FREE_BYTES = 2 ** 26;
/** Beyond that, so many for each byte: kernels shrink to a fourth or an eighth. */
const MOST_RATIO = 32;

/**
 * @returns the kernel, in memory that threads share
 * @throws ImageError for a packer that nobody reads here, for what is damaged, and for more than is reasonable
 */
export function unpackPayload(bytes: Uint8Array, file: { name: string }): Uint8Array {
  if (isElf(bytes)) return bytes;
  const packer = PACKERS.find(({ magic }) => startsWith(bytes, magic));
  if (packer === undefined)
    fail(file, 'a boot image whose payload is packed in no known way; give the vmlinux it was made of');
  const { name, unpack } = packer;
  if (unpack === undefined)
    fail(
      file,
      `a boot image packed with ${name}, which is not read here; unpack it (extract-vmlinux of the kernel's scripts) and give the vmlinux`,
    );
  const what = `the kernel in it, packed with ${name},`;
  const body = bytes.subarray(0, -SIZE_AT_END);
  if (body.length < SIZE_AT_END) fail(file, `truncated: ${what} has ${bytes.length} bytes; build or copy it again`);
  const size = new DataView(bytes.buffer, bytes.byteOffset + body.length).getUint32(0, true);
  if (size > SIZE_LIMIT || size > Math.max(FREE_BYTES, bytes.length * MOST_RATIO))
    fail(file, `${what} would take ${size} bytes from ${bytes.length}; the file is damaged: build or copy it again`);
  const output = new Uint8Array(new SharedArrayBuffer(size));
  try {
    unpack(name === 'gzip' ? bytes : body, output);
  } catch (error) {
    if (!isDamagedPacking(error)) throw error;
    fail(file, `${what} cannot be unpacked to ${size} bytes; the file is damaged: build or copy it again`);
  }
  if (!isElf(output)) fail(file, `${what} is no ELF file; give the vmlinux it was made of`);
  return output;
}

function unpackGzip(bytes: Uint8Array, output: Uint8Array): void {
  const unpacked = gunzipSync(bytes, { maxOutputLength: Math.max(1, output.length) });
  if (unpacked.length !== output.length) throw new DamagedPacking();
  output.set(unpacked);
}
