/** Relocations of x86-64: the table of types, the reader of RELA entries, and the writing of one value. */
import { RELA_SIZE, RELOCATION, TLS_RELOCATIONS } from './elf-constants.js';
import { contents, describe, fail, type ElfFile, type ElfSection } from './elf-file.js';

/** How a type is computed: S symbol, A addend, P place, G address of the symbol's slot in the table of addresses. */
export interface RelocationRule {
  name: string;
  /** Bytes written. */
  width: 1 | 2 | 4 | 8;
  from: 'S' | 'G';
  relative: boolean;
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

/** Why a type is refused; `advice` says how to build without it. */
export function refusal(type: number, advice: string): string {
  return TLS_RELOCATIONS.has(type)
    ? `relocation type ${type} (thread-local storage) is not supported; build the code without thread-local variables`
    : `relocation type ${type} is not supported; ${advice}, or report it`;
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
