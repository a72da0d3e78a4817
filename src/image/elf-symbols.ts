/**
 * The symbol table of an ELF file, as it stands there: no addresses are worked out here. Data in a section of code that nobody
 * may write to is a label, of which nobody knows the size: whether it begins a function is for whoever knows the code.
 */
import { BINDING, INDEX, SECTION, SECTION_FLAG, SYMBOL_SIZE, SYMBOL_TYPE } from './elf-constants.js';
import { contents, describe, fail, size64, stringTable, type ElfFile, type ElfSection } from './elf-file.js';
import type { ImageSymbol } from './image.js';

const CODE = SECTION_FLAG.alloc | SECTION_FLAG.execute;

export interface ElfSymbol {
  /** Escaped. */
  name: string;
  type: number;
  binding: number;
  /** Section index after the table of extended indices; reserved ones only if {@link ElfSymbol.special}. */
  section: number;
  /** `section` is one of the reserved indices (absolute, common...), not a section. */
  special: boolean;
  value: bigint;
  /** Bytes. */
  size: number;
}

/**
 * Reads the symbols of a table (SHT_SYMTAB or SHT_DYNSYM). Entry 0 is the null symbol.
 * @throws ImageError for a table that is cut, or refers outside its file
 */
export function readSymbols(file: ElfFile, table: ElfSection): ElfSymbol[] {
  if (table.type !== SECTION.symbols && table.type !== SECTION.dynamicSymbols)
    fail(file, `${describe(table)} is used as a symbol table and is none; the file is damaged: build it again`);
  if (table.entrySize !== SYMBOL_SIZE || table.size % SYMBOL_SIZE !== 0)
    fail(
      file,
      `${describe(table)}: a symbol table of ${table.size} bytes with entries of ${table.entrySize}; the file is damaged: build it again`,
    );
  const count = table.size / SYMBOL_SIZE;
  file.symbolsLeft -= count;
  if (file.symbolsLeft < 0)
    fail(
      file,
      `${describe(table)}: ${count} symbols are more than can be read; strip local symbols (objcopy --discard-all)`,
    );
  const strings = stringTable(file, table.link, `symbol table ${describe(table)}`);
  const extended = file.sections.find(
    (section) => section.type === SECTION.extendedIndices && section.link === table.index,
  );
  if (extended !== undefined && extended.size < count * 4)
    fail(file, `truncated: ${describe(extended)} has no index for every symbol; build it again`);
  const bytes = contents(file, table);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const symbols: ElfSymbol[] = [];
  for (let index = 0; index < count; index++) {
    const at = index * SYMBOL_SIZE;
    const info = view.getUint8(at + 4);
    let section = view.getUint16(at + 6, true);
    const isExtended = section === INDEX.extended && extended !== undefined;
    if (isExtended) section = file.view.getUint32(extended.offset + index * 4, true);
    const special = !isExtended && section >= INDEX.reserved;
    const name = strings.at(view.getUint32(at, true));
    if (!special && section >= file.sections.length)
      fail(
        file,
        `${describe(table)}: symbol ${index} is in section ${section} of ${file.sections.length}; the file is damaged: build it again`,
      );
    // NASM with debug information calls a label data, of the size of one element, where DB makes the instruction behind it.
    const isLabel = (info & 15) === SYMBOL_TYPE.object && !special && isCode(file.sections[section]);
    symbols.push({
      name,
      type: isLabel ? SYMBOL_TYPE.none : info & 15,
      binding: info >> 4,
      section,
      special,
      value: view.getBigUint64(at + 8, true),
      size: isLabel ? 0 : size64(view, at + 16),
    });
  }
  return symbols;
}

/** Where code may be written to, data lies beside it in earnest. */
function isCode({ flags }: ElfSection): boolean {
  return (flags & (SECTION_FLAG.alloc | SECTION_FLAG.execute | SECTION_FLAG.write)) === CODE;
}

/** The first section of type SHT_SYMTAB. */
export function symbolTable(file: ElfFile): ElfSection | undefined {
  return file.sections.find((section) => section.type === SECTION.symbols);
}

/** The table whose symbols a linked file is read by: of a stripped one, the one that is left for the dynamic linker. */
export function namingTable(file: ElfFile): ElfSection | undefined {
  return symbolTable(file) ?? file.sections.find((section) => section.type === SECTION.dynamicSymbols);
}

/** Whether a symbol is one for people: defined, named, and neither a section, a file nor thread-local. */
export function isListed(symbol: ElfSymbol): boolean {
  const { type } = symbol;
  return (
    symbol.name !== '' &&
    (symbol.special || symbol.section !== INDEX.undefined) &&
    type !== SYMBOL_TYPE.section &&
    type !== SYMBOL_TYPE.file &&
    type !== SYMBOL_TYPE.tls
  );
}

/** What a symbol's type says. */
export function kindOf({ type }: ElfSymbol): ImageSymbol['kind'] {
  if (type === SYMBOL_TYPE.function || type === SYMBOL_TYPE.indirect) return 'function';
  return type === SYMBOL_TYPE.object || type === SYMBOL_TYPE.common ? 'object' : 'untyped';
}

/** The image's view of a listed symbol. */
export function imageSymbol(symbol: ElfSymbol, address: bigint, segment: string): ImageSymbol {
  return {
    name: symbol.name,
    address,
    size: symbol.size,
    kind: kindOf(symbol),
    global: symbol.binding !== BINDING.local,
    segment,
    ...(symbol.type === SYMBOL_TYPE.indirect && { indirect: true as const }),
  };
}
