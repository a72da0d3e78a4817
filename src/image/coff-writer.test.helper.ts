/** Writes small COFF objects and PE images for tests, right or wrong on purpose. Knows the formats on its own: it imports no constants. */

export interface WrittenCoffSection {
  name: string;
  /** IMAGE_SCN_*. */
  flags: number;
  data?: Uint8Array;
  /** In an object, of memory that the file does not hold; in an image, VirtualSize. */
  size?: number;
  /** From the image base. */
  address?: number;
  relocations?: { offset: number; type: number; symbol: string }[];
}

export interface WrittenCoffSymbol {
  name: string;
  /** A section's name, or its number: 0 undefined, -1 absolute. Of several sections with one name the first. */
  section: string | number;
  value?: number;
  /** 2 external (the default), 3 static, 6 label, 105 weak. */
  storage?: number;
  /** 0x20 is a function. */
  type?: number;
  /** Auxiliary entries, each of up to 18 bytes. */
  auxiliary?: Uint8Array[];
}

export interface WrittenCoff {
  big?: boolean;
  machine?: number;
  sections: WrittenCoffSection[];
  symbols?: WrittenCoffSymbol[];
}

export interface WrittenPe extends WrittenCoff {
  base?: bigint;
  /** 0x20b is PE32+. */
  magic?: number;
  characteristics?: number;
  /** By index: [address from the image base, bytes]. */
  directories?: Readonly<Record<number, [address: number, size: number]>>;
}

/** IMAGE_SCN_* of code, data, constants and zeroed memory, aligned to 16 bytes in an object. */
export const COFF_CODE = 0x60500020;
export const COFF_DATA = 0xc0500040;
export const COFF_CONSTANT = 0x40500040;
export const COFF_ZEROED = 0xc0500080;

/** Little-endian bytes: of each pair the width in bytes and the value. */
export function fields(...pairs: [width: 1 | 2 | 4 | 8, value: number | bigint][]): Uint8Array {
  const bytes = new Uint8Array(pairs.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of pairs) {
    for (let left = BigInt.asUintN(width * 8, BigInt(value)), end = at + width; at < end; at++, left >>= 8n)
      bytes[at] = Number(left & 0xffn);
  }
  return bytes;
}

/** The auxiliary entry of a section's symbol. */
export function sectionEntry(size: number, selection = 0, parent = 0): Uint8Array {
  return fields([4, size], [2, 0], [2, 0], [4, 0], [2, parent], [1, selection], [1, 0], [2, parent >> 16]);
}

class Strings {
  private text = Buffer.alloc(0);

  add(name: string): number {
    const at = 4 + this.text.length;
    this.text = Buffer.concat([this.text, Buffer.from(`${name}\0`)]);
    return at;
  }

  get bytes(): Uint8Array {
    return Buffer.concat([fields([4, 4 + this.text.length]), this.text]);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function padded(text: string): Uint8Array {
  const bytes = new Uint8Array(8);
  bytes.set(Buffer.from(text));
  return bytes;
}

/** The symbols with the auxiliary entries behind each, and the index that each has. */
function writeSymbols(
  { symbols = [], sections, big }: WrittenCoff,
  strings: Strings,
): { bytes: Uint8Array; count: number; indexOf: Map<string, number> } {
  const parts: Uint8Array[] = [];
  const indexOf = new Map<string, number>();
  for (const { name, section, value = 0, storage = 2, type = 0, auxiliary = [] } of symbols) {
    if (!indexOf.has(name)) indexOf.set(name, parts.length);
    const number =
      typeof section === 'number' ? section : 1 + sections.findIndex((candidate) => candidate.name === section);
    const text = Buffer.byteLength(name) > 8 ? fields([4, 0], [4, strings.add(name)]) : padded(name);
    const where = fields([4, value], [big ? 4 : 2, number], [2, type], [1, storage], [1, auxiliary.length]);
    parts.push(joined([text, where]));
    for (const entry of auxiliary) {
      const bytes = new Uint8Array(big ? 20 : 18);
      bytes.set(entry);
      parts.push(bytes);
    }
  }
  return { bytes: joined(parts), count: parts.length, indexOf };
}

function sectionHeader(
  { name, flags, address = 0 }: WrittenCoffSection,
  sizes: { virtual: number; raw: number; at: number; relocations: number; relocationCount: number },
  strings: Strings,
): Uint8Array {
  const text = Buffer.byteLength(name) > 8 ? `/${strings.add(name)}` : name;
  return joined([
    padded(text),
    fields([4, sizes.virtual], [4, address], [4, sizes.raw], [4, sizes.at], [4, sizes.relocations], [4, 0]),
    fields([2, sizes.relocationCount], [2, 0], [4, flags]),
  ]);
}

/** Lays an object out as: header, section headers, contents and relocations of each section, symbols, names. */
export function writeCoff(file: WrittenCoff): Uint8Array {
  const { big = false, machine = 0x8664, sections } = file;
  const strings = new Strings();
  const symbols = writeSymbols(file, strings);
  const headerSize = big ? 56 : 20;
  let end = headerSize + sections.length * 40;
  const headers: Uint8Array[] = [];
  const parts: Uint8Array[] = [];
  for (const section of sections) {
    const { data, size, relocations = [] } = section;
    const contents = data ?? new Uint8Array(0);
    const table = joined(
      relocations.map(({ offset, type, symbol }) => {
        const index = symbols.indexOf.get(symbol);
        if (index === undefined) throw new Error(`no symbol ${symbol} to write`);
        return fields([4, offset], [4, index], [2, type]);
      }),
    );
    const sizes = {
      virtual: 0,
      raw: size ?? contents.length,
      at: data === undefined ? 0 : end,
      relocations: table.length === 0 ? 0 : end + contents.length,
      relocationCount: relocations.length,
    };
    headers.push(sectionHeader(section, sizes, strings));
    parts.push(contents, table);
    end += contents.length + table.length;
  }
  const header = big
    ? joined([
        fields([2, 0], [2, 0xffff], [2, 2], [2, machine], [4, 0]),
        fields([4, 0xd1baa1c7], [2, 0xbaee], [2, 0x4ba9]),
        new Uint8Array([0xaf, 0x20, 0xfa, 0xf6, 0x6a, 0xa4, 0xdc, 0xb8]),
        fields([4, 0], [4, 0], [4, 0], [4, 0], [4, sections.length], [4, end], [4, symbols.count]),
      ])
    : fields([2, machine], [2, sections.length], [4, 0], [4, end], [4, symbols.count], [2, 0], [2, 0]);
  return joined([header, ...headers, ...parts, symbols.bytes, strings.bytes]);
}

/** Lays an image out as: MS-DOS header, PE header, section headers, contents from 0x400 on, symbols, names. */
export function writePe(file: WrittenPe): Uint8Array {
  const { machine = 0x8664, base = 0x140000000n, magic = 0x20b, characteristics = 0x22, directories = {} } = file;
  const strings = new Strings();
  const symbols = writeSymbols(file, strings);
  let end = 0x400;
  const headers: Uint8Array[] = [];
  const parts: Uint8Array[] = [];
  for (const section of file.sections) {
    const data = section.data ?? new Uint8Array(0);
    const raw = Math.ceil(data.length / 16) * 16;
    const sizes = {
      virtual: section.size ?? data.length,
      raw,
      at: raw === 0 ? 0 : end,
      relocations: 0,
      relocationCount: 0,
    };
    headers.push(sectionHeader(section, sizes, strings));
    parts.push(data, new Uint8Array(raw - data.length));
    end += raw;
  }
  const hasSymbols = symbols.count > 0;
  const coff = fields(
    [2, machine],
    [2, file.sections.length],
    [4, 0],
    [4, hasSymbols ? end : 0],
    [4, symbols.count],
    [2, 240],
    [2, characteristics],
  );
  const optional = joined([
    fields(
      [2, magic],
      [2, 0],
      [4, 0x1000],
      [4, 0],
      [4, 0],
      [4, 0x1000],
      [4, 0x1000],
      [8, base],
      [4, 0x1000],
      [4, 0x200],
    ),
    fields(
      [8, 0],
      [8, 0],
      [4, 0x10000],
      [4, 0x400],
      [4, 0],
      [2, 10],
      [2, 0],
      [8, 0],
      [8, 0],
      [8, 0],
      [8, 0],
      [4, 0],
      [4, 16],
    ),
    ...Array.from({ length: 16 }, (_, index) => {
      const [address, size] = directories[index] ?? [0, 0];
      return fields([4, address], [4, size]);
    }),
  ]);
  const dos = new Uint8Array(64);
  dos.set([0x4d, 0x5a]);
  dos[60] = 64;
  const front = joined([dos, fields([4, 0x4550]), coff, optional, ...headers]);
  const all = [front, new Uint8Array(0x400 - front.length), ...parts];
  return joined(hasSymbols ? [...all, symbols.bytes, strings.bytes] : all);
}

/** A small valid object: COMDAT, long names, every relocation, common, absolute, weak and undefined symbols. */
export function sampleCoff(): WrittenCoff {
  return {
    sections: [
      { name: '.drectve', flags: 0x100a00, data: Buffer.from('/x') },
      {
        name: '.text$mn',
        flags: COFF_CODE,
        data: new Uint8Array(64).fill(0x90, 32),
        relocations: [
          { offset: 0, type: 4, symbol: 'outside' },
          { offset: 4, type: 5, symbol: 'datum' },
          { offset: 8, type: 9, symbol: 'a_name_of_more_than_8_bytes' },
          { offset: 12, type: 4, symbol: '__imp_Imported' },
          { offset: 16, type: 2, symbol: 'zeroed' },
          { offset: 20, type: 4, symbol: 'optional' },
          { offset: 24, type: 11, symbol: 'datum' },
          { offset: 28, type: 10, symbol: 'datum' },
        ],
      },
      {
        name: '.data',
        flags: COFF_DATA,
        data: new Uint8Array(32),
        relocations: [
          { offset: 0, type: 1, symbol: 'a_name_of_more_than_8_bytes' },
          { offset: 8, type: 3, symbol: 'first' },
          { offset: 16, type: 1, symbol: 'shared' },
          { offset: 24, type: 0, symbol: 'first' },
        ],
      },
      { name: '.bss', flags: COFF_ZEROED, size: 5000 },
      { name: '.text$a_long_name', flags: COFF_CODE | 0x1000, data: new Uint8Array(16).fill(0xc3) },
      {
        name: '.debug$S',
        flags: 0x42100040,
        data: new Uint8Array(8),
        relocations: [{ offset: 0, type: 11, symbol: 'first' }],
      },
    ],
    symbols: [
      { name: '.file', section: -2, storage: 103, auxiliary: [Buffer.from('a.c')] },
      { name: '@feat.00', section: -1, value: 0x11, storage: 3 },
      { name: '.text$mn', section: '.text$mn', storage: 3, auxiliary: [sectionEntry(64)] },
      { name: 'first', section: '.text$mn', type: 0x20 },
      { name: 'first.loop', section: '.text$mn', value: 16, storage: 3 },
      { name: '.text$ln', section: '.text$a_long_name', storage: 3, auxiliary: [sectionEntry(16, 2)] },
      { name: 'a_name_of_more_than_8_bytes', section: '.text$a_long_name', type: 0x20 },
      { name: 'datum', section: '.data', value: 8 },
      { name: 'zeroed', section: '.bss', value: 4096 },
      { name: 'constant', section: -1, value: 0x1234 },
      { name: 'shared', section: 0, value: 24 },
      { name: 'outside', section: 0 },
      { name: '__imp_Imported', section: 0 },
      { name: '.weak.o', section: '.text$mn', value: 32, type: 0x20 },
      { name: 'optional', section: 0, storage: 105, auxiliary: [fields([4, 16], [4, 1])] },
    ],
  };
}

/** A small valid image: code, data that base relocations change, an import, an export, a symbol table. */
export function samplePe(): WrittenPe {
  const idata = new Uint8Array(0x80);
  // A descriptor and the empty one behind it; tables of one name and one ordinal; the names.
  idata.set(fields([4, 0x3028], [4, 0], [4, 0], [4, 0x3070], [4, 0x3040]), 0);
  idata.set(fields([8, 0x3058], [8, (1n << 63n) | 7n], [8, 0]), 0x28);
  idata.set(fields([8, 0x3058], [8, (1n << 63n) | 7n], [8, 0]), 0x40);
  idata.set(Buffer.from('\0\0Imported\0'), 0x58);
  idata.set(Buffer.from('LIB.dll\0'), 0x70);
  const edata = new Uint8Array(0x60);
  edata.set(fields([4, 0], [4, 0], [4, 0], [4, 0], [4, 1], [4, 2], [4, 2], [4, 0x4028], [4, 0x4030], [4, 0x4038]), 0);
  // The second is what another DLL defines: its address lies in the table of exports.
  edata.set(fields([4, 0x1010], [4, 0x4050], [4, 0x403c], [4, 0x4046], [2, 0], [2, 1]), 0x28);
  edata.set(Buffer.from('exported\0\0forwards\0\0'), 0x3c);
  edata.set(Buffer.from('A.b\0'), 0x50);
  const text = new Uint8Array(48).fill(0x90);
  const data = new Uint8Array(16);
  data.set(fields([8, 0x140001010n], [4, 0x40001000]));
  return {
    sections: [
      { name: '.text', flags: 0x60000020, address: 0x1000, data: text },
      { name: '.data', flags: 0xc0000040, address: 0x2000, data, size: 4000 },
      { name: '.idata', flags: 0xc0000040, address: 0x3000, data: idata },
      { name: '.edata', flags: 0x40000040, address: 0x4000, data: edata },
      {
        name: '.reloc',
        flags: 0x42000040,
        address: 0x5000,
        data: fields([4, 0x2000], [4, 12], [2, 0xa000], [2, 0x3008]),
      },
      { name: '.debug_info', flags: 0x42000040, address: 0x6000, data: new Uint8Array(16) },
    ],
    symbols: [
      { name: '.text', section: '.text', storage: 3, auxiliary: [sectionEntry(48)] },
      { name: 'entry', section: '.text', type: 0x20 },
      { name: 'a_label_in_the_code', section: '.text', value: 8, storage: 3 },
      { name: 'size_of_it', section: -1, value: 48 },
    ],
    directories: { 0: [0x4000, 0x60], 1: [0x3000, 0x28], 5: [0x5000, 12] },
  };
}

/** The image without what TE leaves away: the MS-DOS and PE headers, for a header of 40 bytes. */
export function writeTerse(file: WrittenPe): Uint8Array {
  const full = writePe({ ...file, symbols: [] });
  // Where the section headers begin.
  const taken = 64 + 4 + 20 + 240;
  const [relocations = 0, size = 0] = file.directories?.[5] ?? [];
  const header = joined([
    fields([2, 0x5a56], [2, file.machine ?? 0x8664], [1, file.sections.length], [1, 10], [2, taken]),
    fields([4, 0x1000], [4, 0x1000], [8, file.base ?? 0x140000000n], [4, relocations], [4, size], [4, 0], [4, 0]),
  ]);
  return joined([header, full.slice(taken)]);
}
