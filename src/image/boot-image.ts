/**
 * Linux boot images (bzImage; distributions call it vmlinuz): a kernel packed behind code that unpacks it.
 * Source: Linux, Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header" and "Details of Header Fields".
 */
import { fail } from './elf-file.js';
import { startsWith } from './object-file.js';
import { unpackPayload } from './payload.js';

const SECTOR = 512;
/** Fields of the header: their place in the file. */
const FIELD = {
  setupSectors: 0x1f1,
  magic: 0x202,
  version: 0x206,
  payloadOffset: 0x248,
  payloadLength: 0x24c,
} as const;
const HEADER_END = 0x250;
const MAGIC = [...Buffer.from('HdrS')];
/** Of the protocol, from which on the header tells where the payload lies (Linux 2.6.26). */
const FIRST_VERSION = 0x208;
/** "If set to zero, 4 is used". */
const SECTORS_OF_OLD = 4;

/** Whether a file is one, with an EFI stub ("MZ" in front) or without. */
export function isBootImage(bytes: Uint8Array): boolean {
  return startsWith(bytes.subarray(FIELD.magic), MAGIC);
}

/**
 * The kernel in a boot image, unpacked, in memory that threads share: a vmlinux without symbols.
 * @param name for messages: escaped and bounded
 * @throws ImageError for a header without a payload, one that is cut, packed in a way that nobody reads here, or damaged
 */
export function unpackBootImage(bytes: Uint8Array, name: string): Uint8Array {
  const file = { name };
  if (bytes.length < HEADER_END) fail(file, 'truncated: the boot header is cut off; build or copy it again');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(FIELD.version, true);
  if (version < FIRST_VERSION)
    fail(
      file,
      `a Linux boot image (bzImage) of protocol ${version >> 8}.${String(version & 0xff).padStart(2, '0')}, which does not say where the kernel lies (2.08 on does); give the vmlinux it was made of`,
    );
  const sectors = view.getUint8(FIELD.setupSectors) || SECTORS_OF_OLD;
  const offset = (sectors + 1) * SECTOR + view.getUint32(FIELD.payloadOffset, true);
  const length = view.getUint32(FIELD.payloadLength, true);
  if (length === 0) fail(file, 'a boot image without a payload; give the vmlinux it was made of');
  if (offset + length > bytes.length)
    fail(
      file,
      `truncated: the payload needs ${offset + length} bytes, the file has ${bytes.length}; build or copy it again`,
    );
  return unpackPayload(bytes.subarray(offset, offset + length), file);
}
