/** A COFF object as the link step (link.ts) takes it. */
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { COFF_FLAG, COFF_INDEX, COMDAT, STORAGE } from './coff-constants.js';
import {
  coffAlignment,
  coffContents,
  type CoffObject,
  type CoffRelocation,
  eachCoffRelocation,
  hasContents,
  symbolLabel,
} from './coff-object.js';
import { COFF_NOTHING, COFF_RELOCATION_RULES, coffRefusal, type CoffRelocationRule } from './coff-relocation.js';
import { isGlobalCoff, isListedCoff } from './coff-symbols.js';
import { type CoffSection, type CoffSymbol, describeCoff } from './coff-tables.js';
import { fail } from './elf-file.js';
import type { LinkInput, LinkRelocation, LinkSection, LinkSymbol } from './link-input.js';
import { addendInPlace } from './relocation.js';

/** What a DLL's function is called through: an undefined name with this in front is the address of a slot with its address. */
const IMPORT_PREFIX = '__imp_';
/** COFF does not say how common symbols are aligned; nothing needs more than this without saying so. */
const COMMON_ALIGNMENT = 32n;
const DAMAGED = 'the file is damaged: build it again';

/** Symbols count from 1 here, 0 is none: the link step has it so. */
class CoffReader implements LinkInput {
  readonly name: string;
  readonly sections: (LinkSection | undefined)[];
  readonly symbols: LinkSymbol[];
  /** Of an undefined symbol that stands for a slot, by its number: the number of what the slot is for. */
  private readonly imported = new Map<number, number>();

  constructor(private readonly object: CoffObject) {
    this.name = object.name;
    const groups = comdatGroups(object);
    this.sections = [undefined, ...object.sections.map((section) => linkSection(object, section, groups))];
    this.symbols = [NO_SYMBOL, ...object.symbols.map((symbol) => this.linkSymbol(symbol))];
    this.enterImports();
  }

  describeSection(index: number): string {
    const section = this.object.sections[index - 1];
    return section === undefined ? `section ${index}` : describeCoff(section);
  }

  private linkSymbol(symbol: CoffSymbol | undefined): LinkSymbol {
    if (symbol === undefined) return NO_SYMBOL;
    const { name, section, value, storage, isFunction, size } = symbol;
    const isWeak = storage === STORAGE.weak;
    const own: LinkSymbol = {
      name,
      kind: isFunction ? 'function' : 'untyped',
      binding: isWeak ? 'weak' : isGlobalCoff(symbol) || section === COFF_INDEX.undefined ? 'global' : 'local',
      size: this.functionSize(symbol, size),
      at: placeOf(symbol),
      section,
      value: BigInt(value),
      listed: isListedCoff(symbol) && section !== COFF_INDEX.undefined,
      indirect: false,
    };
    if (own.at === 'common') return { ...own, kind: 'object', size: value, value: COMMON_ALIGNMENT, listed: true };
    return isWeak && section === COFF_INDEX.undefined ? this.standIn(symbol, own) : own;
  }

  /** What a compiler says of a function's size counts where the function fits its section. */
  private functionSize({ section, value }: CoffSymbol, size: number): number {
    const held = section > 0 ? this.object.sections[section - 1].rawSize : 0;
    return value + size <= held ? size : 0;
  }

  /** A weak external is what stands in for it, unless another object defines it. */
  private standIn({ name, fallback = -1 }: CoffSymbol, own: LinkSymbol): LinkSymbol {
    const other = this.object.symbols[fallback];
    if (other === undefined) fail(this.object, `the weak symbol ${shorten(name)} has no default; ${DAMAGED}`);
    const { section, value, isFunction } = other;
    if (section > 0) {
      const kind = isFunction ? 'function' : own.kind;
      return { ...own, kind, at: 'section', section, value: BigInt(value), listed: true };
    }
    if (section === COFF_INDEX.absolute && value > 0)
      return { ...own, at: 'absolute', value: BigInt(value), listed: true };
    // MinGW writes an absolute 0 where nothing stands in: the address is 0, as of an undefined weak symbol of ELF.
    return section === COFF_INDEX.undefined && other.storage !== STORAGE.weak
      ? { ...own, name: other.name, binding: 'global' }
      : own;
  }

  /** The functions behind `__imp_` get symbols of their own, where the object does not have them. */
  private enterImports(): void {
    const numbers = new Map<string, number>();
    this.symbols.forEach(({ name, binding }, index) => {
      if (binding !== 'local' && !numbers.has(name)) numbers.set(name, index);
    });
    const count = this.symbols.length;
    for (let index = 1; index < count; index++) {
      const { name, at } = this.symbols[index];
      if (at !== 'undefined' || !name.startsWith(IMPORT_PREFIX) || name.length === IMPORT_PREFIX.length) continue;
      const target = name.slice(IMPORT_PREFIX.length);
      let number = numbers.get(target);
      if (number === undefined) {
        number = this.symbols.push({ ...NO_SYMBOL, name: target, binding: 'global' }) - 1;
        numbers.set(target, number);
      }
      this.imported.set(index, number);
    }
  }

  eachRelocation(visit: (relocation: LinkRelocation) => void): void {
    const relocation: LinkRelocation = {
      section: 0,
      offset: 0,
      rule: undefined,
      refusal: '',
      width: 0,
      symbol: 0,
      addend: 0n,
    };
    for (const section of this.object.sections) {
      const loaded = this.sections[section.index];
      if (loaded === undefined || loaded.unusable !== undefined || section.relocationCount === 0) continue;
      if (!hasContents(section)) fail(this.object, `${loaded.what} has relocations and no contents; ${DAMAGED}`);
      relocation.section = section.index;
      const { bytes } = loaded;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      eachCoffRelocation(this.object, section, (entry) => {
        if (entry.type !== COFF_NOTHING && this.read(entry, section, view, relocation)) visit(relocation);
      });
    }
  }

  /** @returns false where nothing is written @throws ImageError for a place or a symbol that is not there */
  private read(entry: CoffRelocation, section: CoffSection, view: DataView, into: LinkRelocation): boolean {
    const { type, symbol: index } = entry;
    const offset = entry.offset - section.virtualAddress;
    const where = `${describeCoff(section)} offset ${hex(offset)}`;
    const rule = COFF_RELOCATION_RULES.get(type);
    const size = view.byteLength;
    if (offset < 0 || offset + (rule?.width ?? 0) > size)
      fail(
        this.object,
        `${where}: ${rule?.name ?? `relocation type ${type}`} lies outside the section of ${hex(size)} bytes; ${DAMAGED}`,
      );
    const symbol = this.object.symbols[index];
    if (symbol === undefined)
      fail(this.object, `${where}: refers to symbol ${index} of ${this.object.symbols.length}; ${DAMAGED}`);
    if (symbol.section === COFF_INDEX.undefined && symbol.name === '')
      fail(this.object, `${where}: refers to the undefined symbol ${index}, which has no name; ${DAMAGED}`);
    into.offset = offset;
    into.rule = rule;
    into.refusal = rule === undefined ? coffRefusal(type) : '';
    into.width = rule?.width ?? Math.min(4, size - offset);
    into.symbol = index + 1;
    into.addend = 0n;
    if (rule === undefined) return into.width > 0;
    into.addend = addendInPlace(view, offset, rule.width) - BigInt(rule.toEnd);
    if (rule.of === 'address') this.throughSlot(into, rule);
    else this.inSection(into, rule, symbol, index);
    return true;
  }

  private throughSlot(into: LinkRelocation, rule: CoffRelocationRule): void {
    const imported = this.imported.get(into.symbol);
    if (imported === undefined) return;
    into.rule = { ...rule, from: 'G' };
    into.symbol = imported;
  }

  /** Numbers of sections and distances in them are known here. */
  private inSection(into: LinkRelocation, rule: CoffRelocationRule, symbol: CoffSymbol, index: number): void {
    if (symbol.section <= 0) {
      into.rule = undefined;
      into.refusal = `${rule.name} refers to ${symbolLabel(symbol, index)}, which is in no section of this object; build the code without thread-local variables of other files`;
      return;
    }
    into.symbol = 0;
    into.addend += BigInt(rule.of === 'section' ? symbol.section : symbol.value);
  }
}

const NO_SYMBOL: LinkSymbol = {
  name: '',
  kind: 'untyped',
  binding: 'local',
  size: 0,
  at: 'undefined',
  section: 0,
  value: 0n,
  listed: false,
  indirect: false,
};

function placeOf({ section, storage, value }: CoffSymbol): LinkSymbol['at'] {
  if (section > 0) return 'section';
  if (section === COFF_INDEX.absolute) return 'absolute';
  if (section !== COFF_INDEX.undefined) return 'unknown';
  return storage === STORAGE.external && value > 0 ? 'common' : 'undefined';
}

/** What linkers drop, and what debuggers alone read. */
function isLoaded({ name, flags }: CoffSection): boolean {
  const isForDebuggers = (flags & COFF_FLAG.execute) === 0 && /^\.(z?debug|stab|gnu\.lto_|llvmbc)/.test(name);
  return (flags & (COFF_FLAG.remove | COFF_FLAG.info)) === 0 && !isForDebuggers;
}

function linkSection(
  object: CoffObject,
  section: CoffSection,
  groups: ReadonlyMap<number, string>,
): LinkSection | undefined {
  if (!isLoaded(section)) return undefined;
  const { name, flags, rawSize, index } = section;
  const write = (flags & COFF_FLAG.write) !== 0;
  const execute = (flags & (COFF_FLAG.execute | COFF_FLAG.code)) !== 0;
  const noContents = !hasContents(section) && rawSize > 0;
  const group = groups.get(index);
  return {
    name,
    what: describeCoff(section),
    size: rawSize,
    align: coffAlignment(section),
    bytes: coffContents(object, section),
    write,
    // What is to be written first is data until then.
    execute: execute && !(noContents && write),
    ...(noContents &&
      execute &&
      !write && { unusable: 'is code that this file has no contents of; give the object it was split from' }),
    ...(group !== undefined && { group }),
  };
}

/**
 * Of each COMDAT section, by its number, the name that it is kept or dropped with: that of the first symbol in it behind the
 * section's own. An associative one goes with its parent (PE/COFF specification, "COMDAT Sections").
 */
function comdatGroups({ sections, symbols }: CoffObject): ReadonlyMap<number, string> {
  const definitions = new Map<number, NonNullable<CoffSymbol['definition']>>();
  const leaders = new Map<number, string>();
  for (const symbol of symbols) {
    if (symbol === undefined || symbol.section <= 0) continue;
    const { section, definition, name } = symbol;
    if ((sections[section - 1].flags & COFF_FLAG.comdat) === 0) continue;
    if (definition !== undefined && !definitions.has(section)) definitions.set(section, definition);
    // A local one is nobody else's.
    else if (definitions.has(section) && !leaders.has(section)) leaders.set(section, isGlobalCoff(symbol) ? name : '');
  }
  const groups = new Map<number, string>();
  for (const section of definitions.keys()) {
    let at = section;
    // A chain of parents is as long as there are sections at most.
    for (let left = 8; left > 0 && definitions.get(at)?.selection === COMDAT.associative; left--)
      at = definitions.get(at)?.parent ?? 0;
    const leader = leaders.get(at) ?? '';
    if (leader !== '') groups.set(section, leader);
  }
  return groups;
}

/** @throws ImageError for weak symbols without a default */
export function coffLinkInput(object: CoffObject): LinkInput {
  return new CoffReader(object);
}
