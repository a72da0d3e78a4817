/** Numbers of COFF and PE (Microsoft PE/COFF specification, revision 11), and of the TE form (UEFI PI, volume 1). */

export const MACHINE_AMD64 = 0x8664;

/** IMAGE_FILE_MACHINE_*, for messages. */
export const COFF_MACHINES: Readonly<Record<number, string>> = {
  0x14c: '32-bit x86',
  0x1c0: 'ARM',
  0x1c2: 'ARM',
  0x1c4: 'ARM',
  0x200: 'Itanium',
  0xebc: 'EFI byte code',
  0x5032: 'RISC-V',
  0x5064: 'RISC-V',
  0x6232: 'LoongArch',
  0x6264: 'LoongArch',
  0xa641: 'ARM64EC',
  0xa64e: 'ARM64X',
  0xaa64: 'ARM64',
};

/** Bytes. */
export const COFF_HEADER_SIZE = 20;
export const BIG_HEADER_SIZE = 56;
export const COFF_SECTION_SIZE = 40;
export const COFF_RELOCATION_SIZE = 10;

/** ClassID of ANON_OBJECT_HEADER_BIGOBJ, {D1BAA1C7-BAEE-4ba9-AF20-FAF66AA4DCB8} as it stands in a file (winnt.h). */
export const BIG_OBJECT_CLASS = [
  0xc7, 0xa1, 0xba, 0xd1, 0xee, 0xba, 0xa9, 0x4b, 0xaf, 0x20, 0xfa, 0xf6, 0x6a, 0xa4, 0xdc, 0xb8,
];

/** IMAGE_SCN_*. */
export const COFF_FLAG = {
  code: 0x20,
  uninitialised: 0x80,
  info: 0x200,
  remove: 0x800,
  comdat: 0x1000,
  manyRelocations: 0x1000000,
  discardable: 0x2000000,
  execute: 0x20000000,
  read: 0x40000000,
  write: 0x80000000,
} as const;

/** IMAGE_SYM_CLASS_*. */
export const STORAGE = {
  external: 2,
  static: 3,
  label: 6,
  function: 101,
  file: 103,
  section: 104,
  weak: 105,
  token: 107,
} as const;

/** Special section numbers of symbols. */
export const COFF_INDEX = { undefined: 0, absolute: -1, debug: -2 } as const;

/** IMAGE_COMDAT_SELECT_*. */
export const COMDAT = { associative: 5, largest: 6 } as const;

/** IMAGE_REL_BASED_*. */
export const BASE_RELOCATION = { none: 0, high: 1, low: 2, highLow: 3, address64: 10 } as const;

/** Indices of the optional header's data directories. */
export const DIRECTORY = { exports: 0, imports: 1, relocations: 5, delayedImports: 13, managed: 14 } as const;
