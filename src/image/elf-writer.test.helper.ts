/** Writes small ELF files for tests, right or wrong on purpose. Knows the format on its own: it imports no constants. */

export interface WrittenSection {
  name: string;
  /** sh_type; 1 is PROGBITS. */
  type?: number;
  flags?: number;
  address?: bigint;
  align?: number;
  data?: Uint8Array;
  /** In memory, for NOBITS. */
  size?: number;
  link?: number;
  info?: number;
  entrySize?: number;
}

export interface WrittenProgram {
  type?: number;
  flags: number;
  address: bigint;
  /** The section whose bytes are loaded. */
  section: string;
  memorySize?: number;
}

export interface WrittenSymbol {
  name: string;
  /** A section's name, or `UND`, `ABS`, `COM`. */
  section: string;
  value?: bigint;
  size?: bigint;
  /** st_info type: 0 none, 1 object, 2 function, 3 section, 6 TLS. */
  type?: number;
  /** 0 local, 1 global, 2 weak. */
  binding?: number;
}

export interface WrittenRelocation {
  section: string;
  offset: bigint;
  type: number;
  /** A symbol's name, or empty for symbol 0. */
  symbol: string;
  addend?: bigint;
}

export interface WrittenFile {
  /** e_type: 1 object (the default), 2 executable, 3 shared. */
  type?: number;
  sections: WrittenSection[];
  programs?: WrittenProgram[];
  symbols?: WrittenSymbol[];
  relocations?: WrittenRelocation[];
}

/** Little-endian bytes of 32-bit words. */
export function words(...values: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

class Strings {
  text = '\0';

  add(name: string): number {
    if (name === '') return 0;
    const at = Buffer.byteLength(this.text);
    this.text += `${name}\0`;
    return at;
  }
}

/** Lays the file out as: header, program headers, section contents, section headers. Sections count from 1. */
export function writeElf(file: WrittenFile): Uint8Array {
  const sections: WrittenSection[] = [{ name: '', type: 0 }, ...file.sections];
  const indexOf = (name: string): number => {
    if (name === 'UND') return 0;
    if (name === 'ABS') return 0xfff1;
    if (name === 'COM') return 0xfff2;
    const index = sections.findIndex((section) => section.name === name);
    if (index < 0) throw new Error(`no section ${name} to write`);
    return index;
  };
  if (file.symbols !== undefined) {
    const strings = new Strings();
    const table = new DataView(new ArrayBuffer((file.symbols.length + 1) * 24));
    file.symbols.forEach((symbol, index) => {
      const at = (index + 1) * 24;
      table.setUint32(at, strings.add(symbol.name), true);
      table.setUint8(at + 4, ((symbol.binding ?? 1) << 4) | (symbol.type ?? 0));
      table.setUint16(at + 6, indexOf(symbol.section), true);
      table.setBigUint64(at + 8, symbol.value ?? 0n, true);
      table.setBigUint64(at + 16, symbol.size ?? 0n, true);
    });
    const symtab = sections.length;
    sections.push({ name: '.symtab', type: 2, data: new Uint8Array(table.buffer), link: symtab + 1, entrySize: 24 });
    sections.push({ name: '.strtab', type: 3, data: Buffer.from(strings.text) });
    for (const target of new Set(file.relocations?.map((relocation) => relocation.section))) {
      const entries = (file.relocations ?? []).filter((relocation) => relocation.section === target);
      const data = new DataView(new ArrayBuffer(entries.length * 24));
      entries.forEach((relocation, index) => {
        const symbol =
          relocation.symbol === '' ? -1 : (file.symbols?.findIndex(({ name }) => name === relocation.symbol) ?? -1);
        if (symbol < 0 && relocation.symbol !== '') throw new Error(`no symbol ${relocation.symbol} to write`);
        data.setBigUint64(index * 24, relocation.offset, true);
        data.setUint32(index * 24 + 8, relocation.type, true);
        data.setUint32(index * 24 + 12, symbol + 1, true);
        data.setBigInt64(index * 24 + 16, relocation.addend ?? 0n, true);
      });
      sections.push({
        name: `.rela${target}`,
        type: 4,
        data: new Uint8Array(data.buffer),
        link: symtab,
        info: indexOf(target),
        entrySize: 24,
      });
    }
  }
  const names = new Strings();
  sections.push({ name: '.shstrtab', type: 3 });
  const nameOffsets = sections.map((section) => names.add(section.name));
  sections[sections.length - 1].data = Buffer.from(names.text);

  const programs = file.programs ?? [];
  let end = 64 + programs.length * 56;
  const offsets = sections.map((section) => {
    end = Math.ceil(end / 8) * 8;
    const offset = end;
    end += section.data?.length ?? 0;
    return offset;
  });
  const table = Math.ceil(end / 8) * 8;
  const bytes = new Uint8Array(table + sections.length * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, file.type ?? 1, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  view.setUint32(32, programs.length === 0 ? 0 : 64, true);
  view.setUint32(40, table, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, programs.length, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, sections.length, true);
  view.setUint16(62, sections.length - 1, true);
  programs.forEach((program, index) => {
    const at = 64 + index * 56;
    const section = indexOf(program.section);
    const size = sections[section].data?.length ?? 0;
    view.setUint32(at, program.type ?? 1, true);
    view.setUint32(at + 4, program.flags, true);
    view.setUint32(at + 8, offsets[section], true);
    view.setBigUint64(at + 16, program.address, true);
    view.setUint32(at + 32, size, true);
    view.setUint32(at + 40, program.memorySize ?? size, true);
  });
  sections.forEach((section, index) => {
    const at = table + index * 64;
    bytes.set(section.data ?? [], offsets[index]);
    view.setUint32(at, nameOffsets[index], true);
    view.setUint32(at + 4, section.type ?? 1, true);
    view.setUint32(at + 8, section.flags ?? 0, true);
    view.setBigUint64(at + 16, section.address ?? 0n, true);
    view.setUint32(at + 24, offsets[index], true);
    view.setBigUint64(at + 32, BigInt(section.size ?? section.data?.length ?? 0), true);
    view.setUint32(at + 40, section.link ?? 0, true);
    view.setUint32(at + 44, section.info ?? 0, true);
    view.setBigUint64(at + 48, BigInt(section.align ?? 1), true);
    view.setBigUint64(at + 56, BigInt(section.entrySize ?? 0), true);
  });
  return bytes;
}

/** File offset of a section header, for tests that damage one. Sections count from 1, in the order written. */
export function sectionHeaderAt(bytes: Uint8Array, index: number): number {
  return new DataView(bytes.buffer).getUint32(40, true) + index * 64;
}

/** sh_flags of code and of data. */
export const CODE = 2 | 4;
export const DATA = 2 | 1;

/** A small valid object: two functions, data, zeroed memory, a fixup, common, absolute, weak and undefined symbols. */
export function sampleObject(): WrittenFile {
  return {
    sections: [
      { name: '.text', flags: CODE, align: 16, data: new Uint8Array(64).fill(0x90) },
      { name: '.data', flags: DATA, align: 8, data: new Uint8Array(32) },
      { name: '.bss', type: 8, flags: DATA, align: 32, size: 5000 },
      { name: '__ex_table', flags: 2, align: 4, data: words(0, 0, 2) },
      { name: '.debug_info', data: new Uint8Array(16) },
    ],
    symbols: [
      { name: '', section: '.text', type: 3, binding: 0 },
      { name: 'sample.c', section: 'ABS', type: 4, binding: 0 },
      { name: 'first', section: '.text', type: 2, size: 32n },
      { name: 'second', section: '.text', value: 32n },
      { name: 'datum', section: '.data', value: 8n, type: 1, size: 8n },
      { name: 'zeroed', section: '.bss', value: 16n, type: 1, size: 4n },
      { name: 'shared', section: 'COM', value: 16n, type: 1, size: 24n },
      { name: 'constant', section: 'ABS', value: 0x1234n },
      { name: 'outside', section: 'UND' },
      { name: 'optional', section: 'UND', binding: 2 },
      { name: 'unused', section: 'UND' },
    ],
    relocations: [
      { section: '.text', offset: 1n, type: 4, symbol: 'outside', addend: -4n },
      { section: '.text', offset: 8n, type: 2, symbol: 'datum', addend: -4n },
      { section: '.text', offset: 16n, type: 11, symbol: 'zeroed' },
      { section: '.text', offset: 24n, type: 42, symbol: 'datum', addend: -4n },
      { section: '.text', offset: 36n, type: 41, symbol: 'outside', addend: -4n },
      { section: '.text', offset: 44n, type: 2, symbol: 'optional', addend: -4n },
      { section: '.data', offset: 0n, type: 1, symbol: 'second', addend: 3n },
      { section: '.data', offset: 8n, type: 10, symbol: 'constant', addend: 1n },
      { section: '.data', offset: 16n, type: 24, symbol: 'shared' },
      { section: '.data', offset: 24n, type: 12, symbol: 'constant' },
      { section: '.data', offset: 26n, type: 14, symbol: '', addend: -2n },
      { section: '__ex_table', offset: 0n, type: 2, symbol: 'first', addend: 5n },
      { section: '__ex_table', offset: 4n, type: 2, symbol: 'second' },
      { section: '.debug_info', offset: 0n, type: 99, symbol: 'first' },
    ],
  };
}

/** A small valid executable: code, data with zeroed tail, symbols and a fixup. */
export function sampleExecutable(): WrittenFile {
  return {
    type: 2,
    sections: [
      { name: '.text', flags: CODE, address: 0x401000n, data: new Uint8Array(48).fill(0xcc) },
      { name: '.data', flags: DATA, address: 0x402000n, data: new Uint8Array(16) },
      { name: '__ex_table', flags: 2, address: 0x403000n, data: words(0xffffe000, 0xffffe01c, 2) },
      { name: '.comment', data: new Uint8Array(4) },
    ],
    programs: [
      { flags: 5, address: 0x401000n, section: '.text' },
      { flags: 6, address: 0x402000n, section: '.data', memorySize: 4096 },
      { flags: 4, address: 0x403000n, section: '__ex_table' },
    ],
    symbols: [
      { name: 'main', section: '.text', value: 0x401000n, type: 2, size: 16n },
      { name: 'label', section: '.text', value: 0x401020n },
      { name: 'datum', section: '.data', value: 0x402008n, type: 1, size: 8n },
      { name: 'size_of_it', section: 'ABS', value: 48n },
      { name: 'note', section: '.comment' },
    ],
  };
}
