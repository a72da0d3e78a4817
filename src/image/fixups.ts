/** The kernel's exception-fixup table. */
import { ImageError, type Fixup } from './image.js';
import { describe, type ElfFile, type ElfSection } from './elf-file.js';

export const FIXUP_SECTION = '__ex_table';
/** Bytes of an entry: two 32-bit offsets, each from its own field, and a data word (Linux 5.16+, extable.h). */
const ENTRY_SIZE = 12;
/** A hundred times what kernels have. */
const FIXUP_LIMIT = 1 << 20;

/**
 * Decodes a table after relocation, and appends its entries to `fixups`.
 * @param what file and section, for messages
 * @param address of the section in memory
 * @param skip whether bytes are unknown, and so the entry
 * @throws ImageError if it does not consist of 12-byte entries
 */
export function readFixupTable(
  what: string,
  bytes: Uint8Array,
  address: bigint,
  fixups: Fixup[],
  skip: (address: bigint, size: number) => boolean = () => false,
): void {
  if (bytes.length % ENTRY_SIZE !== 0)
    throw new ImageError(
      `${what}: ${bytes.length} bytes are no whole number of ${ENTRY_SIZE}-byte entries; build it again (Linux 5.16 or newer)`,
    );
  if (fixups.length + bytes.length / ENTRY_SIZE > FIXUP_LIMIT)
    throw new ImageError(`${what}: more than ${FIXUP_LIMIT} entries; the file is damaged: build it again`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const target = (at: number): bigint => BigInt.asUintN(64, address + BigInt(at + view.getInt32(at, true)));
  // The word's other bits name a register and an immediate; no entry around TDCALL or SEAMCALL uses them.
  for (let at = 0; at < bytes.length; at += ENTRY_SIZE)
    if (!skip(address + BigInt(at), ENTRY_SIZE))
      fixups.push({ from: target(at), to: target(at + 4), type: bytes[at + 8] });
}

/** The same of a section of an ELF file. @throws ImageError as readFixupTable */
export function readFixups(
  file: ElfFile,
  section: ElfSection,
  bytes: Uint8Array,
  address: bigint,
  fixups: Fixup[],
): void {
  readFixupTable(`${file.name}: ${describe(section)}`, bytes, address, fixups);
}
