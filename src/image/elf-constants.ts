/**
 * Numbers of ELF. Sources: System V gABI, chapters 4 and 5 (headers, sections, symbols, segments); System V ABI AMD64
 * supplement, "Relocation Types".
 */

export const ELF_HEADER_SIZE = 64;
export const SECTION_HEADER_SIZE = 64;
export const PROGRAM_HEADER_SIZE = 56;
export const SYMBOL_SIZE = 24;
export const RELA_SIZE = 24;

export const FILE_TYPE = { relocatable: 1, executable: 2, shared: 3, core: 4 } as const;
export const MACHINE_X86_64 = 62;
/** e_machine values a person is likely to hand over by mistake. */
export const MACHINE_NAMES: Readonly<Record<number, string>> = {
  3: 'i386',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390',
  40: 'arm',
  62: 'x86-64',
  183: 'aarch64',
  243: 'riscv',
  247: 'bpf',
  258: 'loongarch',
};

export const SECTION = {
  null: 0,
  symbols: 2,
  strings: 3,
  rela: 4,
  nobits: 8,
  rel: 9,
  dynamicSymbols: 11,
  group: 17,
  extendedIndices: 18,
  /** Compact relocations: LLVM's SHT_CREL. */
  crel: 0x40000014,
} as const;
export const SECTION_FLAG = { write: 1, alloc: 2, execute: 4, compressed: 0x800 } as const;

/** Reserved section indices of a symbol, and the escape to the table of extended indices. */
export const INDEX = {
  undefined: 0,
  reserved: 0xff00,
  /** SHN_X86_64_LCOMMON: common symbols of the medium code model (AMD64 supplement). */
  largeCommon: 0xff02,
  absolute: 0xfff1,
  common: 0xfff2,
  extended: 0xffff,
} as const;

/** First word of a section of type SHT_GROUP: of several groups with one signature the first is kept. */
export const GROUP_COMDAT = 1;

/** STB_GNU_UNIQUE is a global one of which there is one in a process. */
export const BINDING = { local: 0, global: 1, weak: 2, unique: 10 } as const;
export const SYMBOL_TYPE = {
  none: 0,
  object: 1,
  function: 2,
  section: 3,
  file: 4,
  common: 5,
  tls: 6,
  indirect: 10,
} as const;

export const PROGRAM_LOAD = 1;
export const PROGRAM_FLAG = { execute: 1, write: 2, read: 4 } as const;

export const RELOCATION = {
  none: 0,
  abs64: 1,
  pc32: 2,
  got32: 3,
  plt32: 4,
  copy: 5,
  globDat: 6,
  jumpSlot: 7,
  relative: 8,
  gotPcrel: 9,
  abs32: 10,
  abs32s: 11,
  abs16: 12,
  pc16: 13,
  abs8: 14,
  pc8: 15,
  pc64: 24,
  gotOff64: 25,
  gotPc32: 26,
  got64: 27,
  gotPcrel64: 28,
  gotPc64: 29,
  gotPlt64: 30,
  pltOff64: 31,
  size32: 32,
  size64: 33,
  tlsDescriptor: 36,
  irelative: 37,
  pc32Bnd: 39,
  plt32Bnd: 40,
  gotPcrelx: 41,
  rexGotPcrelx: 42,
} as const;
/** Names behind R_X86_64_, by number: AMD64 supplement, and `elf.h` of glibc. */
export const RELOCATION_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  (
    'NONE 64 PC32 GOT32 PLT32 COPY GLOB_DAT JUMP_SLOT RELATIVE GOTPCREL 32 32S 16 PC16 8 PC8 DTPMOD64 DTPOFF64 TPOFF64 ' +
    'TLSGD TLSLD DTPOFF32 GOTTPOFF TPOFF32 PC64 GOTOFF64 GOTPC32 GOT64 GOTPCREL64 GOTPC64 GOTPLT64 PLTOFF64 SIZE32 SIZE64 ' +
    'GOTPC32_TLSDESC TLSDESC_CALL TLSDESC IRELATIVE RELATIVE64 PC32_BND PLT32_BND GOTPCRELX REX_GOTPCRELX'
  )
    .split(' ')
    .map((name, type) => [type, name]),
);
/** Types that need thread-local storage: DTPMOD64 to TPOFF32, and the descriptors. */
export const TLS_RELOCATIONS: ReadonlySet<number> = new Set([16, 17, 18, 19, 20, 21, 22, 23, 34, 35, 36]);
