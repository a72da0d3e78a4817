/**
 * What the link step (link.ts) needs to know of an object, whatever its format: sections, symbols and relocations, numbered
 * as the object numbers them. A reader of a format checks everything that says the file is damaged; what is only not
 * supported it passes on, since nobody may need it.
 */
import type { ImageSymbol } from './image.js';
import type { RelocationRule } from './relocation.js';

/** A section that is loaded. */
export interface LinkSection {
  /** Escaped. */
  name: string;
  /** "section 3 (.text)" for messages. */
  what: string;
  /** Bytes in memory. */
  size: number;
  /** In bytes; 0 means 1. */
  align: number;
  /** Contents, at most `size`: the rest is zero. A view of the file, which the link step copies before it writes. */
  bytes: Uint8Array;
  write: boolean;
  execute: boolean;
  /** Why nobody knows the contents, if so: what, and what to do. */
  unusable?: string;
  /** Of the sections with one key, those of the first object that has them are kept: COMDAT, linkonce. */
  group?: string;
  /** Holds the kernel's exception-fixup table. */
  fixups?: boolean;
  /** Holds the kernel's table of WARN and BUG sites. */
  bugs?: boolean;
  /** Told where the section was put. */
  placed?(address: bigint): void;
}

export interface LinkSymbol {
  /** Escaped. */
  name: string;
  kind: ImageSymbol['kind'];
  binding: 'local' | 'global' | 'weak';
  /** Bytes; 0 is unknown. */
  size: number;
  /** `thread`: in thread-local storage. `unknown`: in a section index that means nothing. */
  at: 'section' | 'absolute' | 'common' | 'undefined' | 'thread' | 'unknown';
  /** Of the object's sections; of `unknown` the index that means nothing. */
  section: number;
  /** Offset in the section, absolute value, or alignment of a common symbol. */
  value: bigint;
  /** One for people: named, and no section or file. */
  listed: boolean;
  /** STT_GNU_IFUNC. */
  indirect: boolean;
}

export interface LinkRelocation {
  /** Of the object's sections: one that is loaded and has contents. */
  section: number;
  /** In the section; with the rule's width not beyond its end. */
  offset: number;
  /** Undefined where the type is not supported; `refusal` then says so. */
  rule: RelocationRule | undefined;
  refusal: string;
  /** Bytes that it would write. */
  width: number;
  /** Of the object's symbols; 0 is none. Checked. */
  symbol: number;
  addend: bigint;
}

export interface LinkInput {
  /** Of the file, or the archive's member: escaped and bounded. */
  name: string;
  /** By the object's numbers; undefined for one that is not loaded. */
  sections: readonly (LinkSection | undefined)[];
  symbols: readonly LinkSymbol[];
  /** "section 3 (.text)", of any of them. */
  describeSection(index: number): string;
  /** All relocations of sections that are loaded, in order, the same each time. The visitor must not keep one. */
  eachRelocation(visit: (relocation: LinkRelocation) => void): void;
}
