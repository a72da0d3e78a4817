/** Relocations of x86-64: the table of types, the reader of RELA entries, and the writing of one value. */
import { RELA_SIZE, RELOCATION, RELOCATION_NAMES, TLS_RELOCATIONS } from './elf-constants.js';
import { contents, describe, fail, type ElfFile, type ElfSection } from './elf-file.js';

/**
 * How a type is computed: S symbol, A addend, P place, G address of the symbol's slot in the table of addresses, T address of
 * that table, Z size of the symbol.
 */
export interface RelocationRule {
  name: string;
  /** Bytes written. */
  width: 1 | 2 | 4 | 8;
  from: 'S' | 'G' | 'T' | 'Z';
  /** Less P. */
  relative: boolean;
  /** Less T. */
  inTable?: true;
  /** What must fit: `any` is modulo the width's range, as a 64-bit field is. */
  range: 'signed' | 'unsigned' | 'either' | 'any';
}

/** AMD64 supplement, table "Relocation Types"; 8 and 16 bits may be signed or unsigned, as GNU ld has it. */
export const RELOCATION_RULES: ReadonlyMap<number, RelocationRule> = new Map<number, RelocationRule>([
  [RELOCATION.abs64, { name: 'R_X86_64_64', width: 8, from: 'S', relative: false, range: 'any' }],
  [RELOCATION.pc64, { name: 'R_X86_64_PC64', width: 8, from: 'S', relative: true, range: 'any' }],
  [RELOCATION.pc32, { name: 'R_X86_64_PC32', width: 4, from: 'S', relative: true, range: 'signed' }],
  // There is no procedure linkage table: a call goes to the symbol itself.
  [RELOCATION.plt32, { name: 'R_X86_64_PLT32', width: 4, from: 'S', relative: true, range: 'signed' }],
  [RELOCATION.abs32, { name: 'R_X86_64_32', width: 4, from: 'S', relative: false, range: 'unsigned' }],
  [RELOCATION.abs32s, { name: 'R_X86_64_32S', width: 4, from: 'S', relative: false, range: 'signed' }],
  [RELOCATION.gotPcrel, { name: 'R_X86_64_GOTPCREL', width: 4, from: 'G', relative: true, range: 'signed' }],
  [RELOCATION.gotPcrelx, { name: 'R_X86_64_GOTPCRELX', width: 4, from: 'G', relative: true, range: 'signed' }],
  [RELOCATION.rexGotPcrelx, { name: 'R_X86_64_REX_GOTPCRELX', width: 4, from: 'G', relative: true, range: 'signed' }],
  [RELOCATION.abs16, { name: 'R_X86_64_16', width: 2, from: 'S', relative: false, range: 'either' }],
  [RELOCATION.pc16, { name: 'R_X86_64_PC16', width: 2, from: 'S', relative: true, range: 'signed' }],
  [RELOCATION.abs8, { name: 'R_X86_64_8', width: 1, from: 'S', relative: false, range: 'either' }],
  // With the BND prefix of MPX: the same places (elf.h has the numbers as reserved).
  [RELOCATION.pc32Bnd, { name: 'R_X86_64_PC32_BND', width: 4, from: 'S', relative: true, range: 'signed' }],
  [RELOCATION.plt32Bnd, { name: 'R_X86_64_PLT32_BND', width: 4, from: 'S', relative: true, range: 'signed' }],
  // Code of the medium and large models that may lie anywhere.
  [RELOCATION.gotPc32, { name: 'R_X86_64_GOTPC32', width: 4, from: 'T', relative: true, range: 'signed' }],
  [RELOCATION.gotPc64, { name: 'R_X86_64_GOTPC64', width: 8, from: 'T', relative: true, range: 'any' }],
  [RELOCATION.gotPcrel64, { name: 'R_X86_64_GOTPCREL64', width: 8, from: 'G', relative: true, range: 'any' }],
  [RELOCATION.got32, { name: 'R_X86_64_GOT32', width: 4, from: 'G', relative: false, inTable: true, range: 'signed' }],
  [RELOCATION.got64, { name: 'R_X86_64_GOT64', width: 8, from: 'G', relative: false, inTable: true, range: 'any' }],
  [
    RELOCATION.gotPlt64,
    { name: 'R_X86_64_GOTPLT64', width: 8, from: 'G', relative: false, inTable: true, range: 'any' },
  ],
  [
    RELOCATION.gotOff64,
    { name: 'R_X86_64_GOTOFF64', width: 8, from: 'S', relative: false, inTable: true, range: 'any' },
  ],
  [
    RELOCATION.pltOff64,
    { name: 'R_X86_64_PLTOFF64', width: 8, from: 'S', relative: false, inTable: true, range: 'any' },
  ],
  [RELOCATION.size32, { name: 'R_X86_64_SIZE32', width: 4, from: 'Z', relative: false, range: 'unsigned' }],
  [RELOCATION.size64, { name: 'R_X86_64_SIZE64', width: 8, from: 'Z', relative: false, range: 'any' }],
  [RELOCATION.pc8, { name: 'R_X86_64_PC8', width: 1, from: 'S', relative: true, range: 'signed' }],
]);

export interface Rela {
  /** From the start of the section in an object, an address in an executable. */
  offset: bigint;
  type: number;
  /** Index in the symbol table. */
  symbol: number;
  /** Signed. */
  addend: bigint;
}

/** The number of entries. @throws ImageError if the table is not made of whole RELA entries */
export function relaCount(file: ElfFile, table: ElfSection): number {
  if (table.entrySize !== RELA_SIZE || table.size % RELA_SIZE !== 0)
    fail(
      file,
      `${describe(table)}: a relocation table of ${table.size} bytes with entries of ${table.entrySize}; the file is damaged: build it again`,
    );
  return table.size / RELA_SIZE;
}

/** Bytes of an entry of a REL table: no addend. */
const REL_SIZE = 16;

/**
 * Visits the entries of a REL table. The addends stand in the place (System V gABI, chapter 4, "Relocation"); they come as 0.
 * @throws ImageError as relaCount
 */
export function eachRel(file: ElfFile, table: ElfSection, visit: (rela: Rela) => void): void {
  if (table.entrySize !== REL_SIZE || table.size % REL_SIZE !== 0)
    fail(
      file,
      `${describe(table)}: a relocation table of ${table.size} bytes with entries of ${table.entrySize}; the file is damaged: build it again`,
    );
  const bytes = contents(file, table);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += REL_SIZE)
    visit({
      offset: view.getBigUint64(at, true),
      type: view.getUint32(at + 8, true),
      symbol: view.getUint32(at + 12, true),
      addend: 0n,
    });
}

/** The addend that stands in its place, sign extended. The caller has checked the place. */
export function addendInPlace(view: DataView, at: number, width: RelocationRule['width']): bigint {
  if (width === 8) return view.getBigInt64(at, true);
  if (width === 4) return BigInt(view.getInt32(at, true));
  return BigInt(width === 2 ? view.getInt16(at, true) : view.getInt8(at));
}

/** Visits the entries of a RELA table, in order. The visitor must not keep the entry. */
export function eachRela(file: ElfFile, table: ElfSection, visit: (rela: Rela) => void): void {
  const count = relaCount(file, table);
  const bytes = contents(file, table);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rela: Rela = { offset: 0n, type: 0, symbol: 0, addend: 0n };
  for (let index = 0; index < count; index++) {
    const at = index * RELA_SIZE;
    rela.offset = view.getBigUint64(at, true);
    rela.type = view.getUint32(at + 8, true);
    rela.symbol = view.getUint32(at + 12, true);
    rela.addend = view.getBigInt64(at + 16, true);
    visit(rela);
  }
}

/** A type as the AMD64 supplement names it. */
export function relocationName(type: number): string {
  const name = RELOCATION_NAMES[type];
  return name === undefined ? `relocation type ${type}` : `R_X86_64_${name}`;
}

/** Why a type cannot be applied; `advice` says how to build without it. */
export function refusal(type: number, advice: string): string {
  return TLS_RELOCATIONS.has(type)
    ? `${relocationName(type)} (thread-local storage) is not supported; build the code without thread-local variables`
    : `${relocationName(type)} is not supported; ${advice}, or report it`;
}

/** Bytes that a type writes which is not supported: of thread-local storage the descriptor is two quadwords. */
export function unsupportedWidth(type: number): number {
  if (type === RELOCATION.tlsDescriptor) return 16;
  return (RELOCATION_NAMES[type] ?? '').endsWith('64') ? 8 : 4;
}

/** Whether a 64-bit value, taken modulo 2^64, can be written under the rule. */
export function fits(rule: RelocationRule, value: bigint): boolean {
  const bits = rule.width * 8;
  const signed = BigInt.asIntN(64, value);
  const isSigned = BigInt.asIntN(bits, signed) === signed;
  const isUnsigned = BigInt.asUintN(bits, signed) === BigInt.asUintN(64, signed);
  if (rule.range === 'any') return true;
  return rule.range === 'signed' ? isSigned : rule.range === 'unsigned' ? isUnsigned : isSigned || isUnsigned;
}

/** Writes the low `width` bytes of a value, little-endian. The caller has checked the place. */
export function writeValue(view: DataView, at: number, width: RelocationRule['width'], value: bigint): void {
  if (width === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
  else if (width === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  else if (width === 2) view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
  else view.setUint8(at, Number(BigInt.asUintN(8, value)));
}
