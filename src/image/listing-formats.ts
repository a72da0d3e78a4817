/**
 * Names by address as the tools of a build list them: the output of nm, and the link maps of Microsoft's linker (lld-link
 * writes the same with /map), of GNU ld (-Map) and of lld (-Map, /lldmap).
 */
import { escapeName } from '../text/escape.js';
import { NAME_LIMIT } from './image.js';

export interface ListedSymbol {
  /** Escaped. */
  name: string;
  /** As listed, 64 bits unsigned. */
  address: bigint;
  /** Bytes; 0 is unknown. */
  size: number;
  /** A label may be local; what a link map names begins a function or an object. */
  local: boolean;
  /** What the listing says of it, or the format means; untyped if absent. */
  kind?: 'function' | 'object';
}

/** What nm's letter of a symbol says, and the kernel's of a name: lower case is local, but for weak and unique ones. */
export function isOfLocal(letter: string): boolean {
  return letter === letter.toLowerCase() && !/[wvu]/.test(letter);
}

/** Initialised, zero, small, constant, weak: a letter that names a kind of data (nm of GNU binutils). */
export function isOfData(letter: string): boolean {
  return /[bcdgrsv]/i.test(letter);
}

export interface Listing {
  symbols: ListedSymbol[];
  /** The image base that the addresses were listed for, where the listing says. */
  base?: bigint;
}

/** More than the largest kernels have. */
const SYMBOL_LIMIT = 1 << 22;
/** No tool writes a longer line for a name. */
const LINE_LIMIT = NAME_LIMIT + 1024;

/** @returns undefined for a text that is none of the formats */
export function readListing(text: string): Listing | undefined {
  const lines = text.split(/\r?\n/).filter(({ length }) => length <= LINE_LIMIT);
  const format = FORMATS.find(({ mark }) => mark === undefined || lines.some((line) => mark.test(line)));
  const listing = format?.read(lines);
  return listing === undefined || listing.symbols.length === 0 ? undefined : listing;
}

const LLD_HEADER = /^\s*(VMA +LMA|Address) +Size +Align Out +In +Symbol/;

interface Format {
  /** A line that only this format has; absent of nm, whose every line is a symbol. */
  mark?: RegExp;
  read: (lines: readonly string[]) => Listing;
}

const FORMATS: readonly Format[] = [
  { mark: /^\s*Preferred load address is [0-9a-f]+/i, read: microsoftMap },
  { mark: /^Linker script and memory map/, read: gnuMap },
  { mark: LLD_HEADER, read: lldMap },
  { read: nmOutput },
];

/** Collects symbols, as many as anybody has. */
class Collector {
  readonly symbols: ListedSymbol[] = [];

  add(name: string, address: string, size = '0', letter = 'T'): void {
    if (this.symbols.length >= SYMBOL_LIMIT || name.length > NAME_LIMIT) return;
    const bytes = parseInt(size, 16);
    // A size that no function has is none.
    const known = bytes < 2 ** 31 ? bytes : 0;
    const symbol = { name: escapeName(name), address: BigInt(`0x${address}`), size: known, local: isOfLocal(letter) };
    this.symbols.push(isOfData(letter) ? { ...symbol, kind: 'object' } : symbol);
  }
}

/**
 * Of static symbols a map says with `f` which are functions; lld-link never does. The local labels of NASM lie among them,
 * by the name that they belong to: `TdCall.exit`.
 */
function microsoftMap(lines: readonly string[]): Listing {
  const found = new Collector();
  const named = new Set<string>();
  let base = '0';
  let isStatic = false;
  for (const line of lines) {
    isStatic ||= /^\s*Static symbols\s*$/i.test(line);
    base = /^\s*Preferred load address is ([0-9a-f]{1,16})\s*$/i.exec(line)?.[1] ?? base;
    const row = /^ ?([0-9a-f]{4}):[0-9a-f]{8}\s+(\S+)\s+([0-9a-f]{8,16})\s(\s*f\b)?/i.exec(line);
    // Section 0 is no section: the symbols there are numbers.
    if (row === null || row[1] === '0000') continue;
    const [, , name, address, isFunction] = row;
    const isLabel = isStatic && isFunction === undefined && named.has(name.slice(0, Math.max(0, name.indexOf('.', 1))));
    named.add(name);
    found.add(name, address, '0', isLabel ? 't' : 'T');
  }
  return { symbols: found.symbols, base: BigInt(`0x${base}`) };
}

/** Global symbols have a line each; of others the section of a function (-ffunction-sections) tells the name. */
function gnuMap(lines: readonly string[]): Listing {
  const found = new Collector();
  const sections: { name: string; address: string; size: string }[] = [];
  const named = new Set<string>();
  let pending: string | undefined;
  const start = lines.findIndex((line) => line.startsWith('Linker script and memory map'));
  for (const line of lines.slice(start)) {
    const symbol = /^ {16}0x([0-9a-f]{1,16}) {2,}([^\s=*(]\S*)$/.exec(line);
    if (symbol !== null) {
      named.add(`${symbol[2]}@${BigInt(`0x${symbol[1]}`)}`);
      found.add(symbol[2], symbol[1]);
    }
    // A long name stands on a line of its own.
    const whole = /^ \.text\.(\S+) +0x([0-9a-f]{1,16}) +0x([0-9a-f]{1,16}) /.exec(line);
    const rest = /^ {16}0x([0-9a-f]{1,16}) +0x([0-9a-f]{1,16}) /.exec(line);
    if (whole !== null) sections.push({ name: whole[1], address: whole[2], size: whole[3] });
    else if (pending !== undefined && rest !== null) sections.push({ name: pending, address: rest[1], size: rest[2] });
    pending = /^ \.text\.(\S+)$/.exec(line)?.[1];
  }
  for (const { name, address, size } of sections) {
    const plain = name.replace(/^(unlikely|hot|startup|exit)\./, '');
    if (parseInt(size, 16) > 0 && !named.has(`${plain}@${BigInt(`0x${address}`)}`)) found.add(plain, address, size);
  }
  return { symbols: found.symbols };
}

/** Output section, input section and symbol are told apart by their columns. */
function lldMap(lines: readonly string[]): Listing {
  const found = new Collector();
  const start = lines.findIndex((line) => LLD_HEADER.test(line));
  const column = lines[start].indexOf('Symbol');
  for (const line of lines.slice(start + 1)) {
    const row = /^\s*([0-9a-f]{1,16})(?:\s+[0-9a-f]{1,16})?\s+([0-9a-f]{1,16})\s+\d{1,16} +(\S+)$/.exec(line);
    if (row !== null && line.length - row[3].length === column) found.add(row[3], row[1], row[2]);
  }
  return { symbols: found.symbols };
}

/** BSD and POSIX form (-P), with sizes (-S) or without; also System.map of Linux. */
function nmOutput(lines: readonly string[]): Listing {
  const found = new Collector();
  let others = 0;
  for (const line of lines) {
    const bsd = /^([0-9a-f]{8,16}) (?:([0-9a-f]{8,16}) )?([A-Za-z]) (\S+)$/i.exec(line);
    const posix = bsd === null ? /^(\S+) ([A-Za-z]) ([0-9a-f]{1,16})(?: ([0-9a-f]{1,16}))?$/i.exec(line) : null;
    const row = bsd !== null ? [bsd[4], bsd[3], bsd[1], bsd[2]] : posix?.slice(1);
    if (row === undefined && !isIdle(line.trim())) others++;
    if (row === undefined || /[AaUN-]/.test(row[1])) continue;
    found.add(row[0], row[2], row[3], row[1]);
  }
  // A text of something else has lines that look like one by chance.
  return { symbols: others > found.symbols.length / 4 ? [] : found.symbols };
}

/** Lines of nm that are no symbol with an address: undefined ones, names of files, nothing. */
function isIdle(line: string): boolean {
  return line === '' || line.endsWith(':') || /^[UwvA-Za-z] \S+$/.test(line) || /^\S+ [Uwv]$/.test(line);
}
