/** Files that are handed over by mistake: what each is, and what to do about it. */
import { SECTION, SECTION_FLAG } from './elf-constants.js';
import { type ElfFile, fail } from './elf-file.js';

type Bytes = readonly number[];

const LTO = 'LLVM bitcode, no machine code (-flto, or --emit=llvm-bc of rustc); build without LTO';
const MACH_O = 'Mach-O, of macOS; build for Linux (ELF), Windows (COFF) or UEFI (PE)';

const FOREIGN: readonly [magic: Bytes, message: string, offset?: number][] = [
  [[...Buffer.from('!<arch>')], 'a static library; take the object out of it (ar x) and give that'],
  [[0x42, 0x43, 0xc0, 0xde], LTO],
  [[0xde, 0xc0, 0x17, 0x0b], LTO],
  // MH_MAGIC and MH_MAGIC_64 in both byte orders.
  [[0xfe, 0xed, 0xfa, 0xce], MACH_O],
  [[0xfe, 0xed, 0xfa, 0xcf], MACH_O],
  [[0xce, 0xfa, 0xed, 0xfe], MACH_O],
  [[0xcf, 0xfa, 0xed, 0xfe], MACH_O],
  [[0xca, 0xfe, 0xba, 0xbf], MACH_O],
  [[0x00, 0x61, 0x73, 0x6d], 'WebAssembly; give x86-64 code'],
  [[0x1f, 0x8b], 'compressed with gzip; unpack it first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed with xz; unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with zstd; unpack it first'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive; unpack it first'],
  [
    [...Buffer.from('Microsoft C/C++ MSF 7.00')],
    'a PDB: debug information, no code; give the .efi, .dll, .exe or .obj beside it',
  ],
  // An empty entry stands in front of every .res file.
  [
    [0, 0, 0, 0, 0x20, 0, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0],
    'Windows resources, no code; give the .obj or .exe',
  ],
  // EFI_FIRMWARE_VOLUME_HEADER.Signature (EDK2, MdePkg, PiFirmwareVolume.h).
  [[...Buffer.from('_FVH')], 'a firmware volume; take the module out of it, or give its .efi of the build', 40],
];

/** Fat Mach-O and Java classes have one magic; what follows is the number of machines, or the class version from 45 on. */
const FAT: Bytes = [0xca, 0xfe, 0xba, 0xbe];
const FIRST_JAVA_VERSION = 45;

function isAt(bytes: Uint8Array, magic: Bytes, offset = 0): boolean {
  return magic.every((byte, index) => bytes[offset + index] === byte);
}

/** @throws ImageError that says what the file is, or that nobody knows */
export function refuseForeign(file: { name: string }, bytes: Uint8Array): never {
  if (isAt(bytes, FAT))
    fail(file, bytes[6] * 0x100 + bytes[7] < FIRST_JAVA_VERSION ? MACH_O : 'a Java class; give x86-64 code');
  const known = FOREIGN.find(([magic, , offset]) => isAt(bytes, magic, offset));
  fail(file, known?.[1] ?? 'not an ELF, COFF or PE file; give an object (.o, .obj), an executable or an .efi');
}

/** What GCC leaves for the linker to compile (gcc, doc/lto.texi), and clang with -fembed-bitcode. */
const LINK_TIME_SECTION = /^\.(gnu\.lto_|llvmbc$|llvm\.lto$)/;

/** @throws ImageError for an object of link-time optimisation that has no machine code beside it */
export function refuseLinkTimeCode(file: ElfFile): void {
  const { sections } = file;
  const isCode = SECTION_FLAG.alloc | SECTION_FLAG.execute;
  const hasCode = sections.some(
    ({ flags, size, type }) => (flags & isCode) === isCode && size > 0 && type !== SECTION.nobits,
  );
  if (!hasCode && sections.some(({ name }) => LINK_TIME_SECTION.test(name)))
    fail(file, 'compiled with -flto, no machine code in it; build with -fno-lto or -ffat-lto-objects');
}
