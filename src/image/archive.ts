/**
 * Static archives: `!<arch>` and, with members in files of their own, `!<thin>`. Names as System V (GNU, LLVM), BSD (macOS
 * tools) and Microsoft's LIB write them. Sources: ar(5) of FreeBSD; "Archive (Library) File Format" of the PE/COFF
 * specification; for thin archives and `/SYM64/` what GNU ar writes (binutils, ar(1)).
 */
import { escapeName, shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { fail } from './elf-file.js';
import { NAME_LIMIT } from './image.js';

const PLAIN_MAGIC = '!<arch>\n';
const THIN_MAGIC = '!<thin>\n';
const HEADER_SIZE = 60;
/** Every header ends with these two bytes. */
const HEADER_END = '`\n';
/** Names of a BSD archive that stand in front of the member's contents. */
const BSD_NAME = /^#1\/(\d{1,5}) *$/;
/** A name in the table of long names; in a thin archive with where it lies in an archive of its own. */
const LONG_NAME = /^\/(\d{1,12})(?::(\d{1,12}))? *$/;

export interface Member {
  /** Escaped. Several members may have one name. */
  name: string;
  /** A view of the archive; undefined in a thin one. */
  bytes: Uint8Array | undefined;
  /** Of a thin archive: path relative to the archive, as it stands there. */
  path?: string;
  /** Of a thin archive: where the member's header lies in the archive at `path`. */
  nestedAt?: number;
}

export interface Archive {
  thin: boolean;
  members: Member[];
}

/** Whether the file begins as an archive does. */
export function isArchive(bytes: Uint8Array): boolean {
  return hasMagic(bytes, PLAIN_MAGIC) || hasMagic(bytes, THIN_MAGIC);
}

function hasMagic(bytes: Uint8Array, magic: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, magic.length)).toString('latin1') === magic;
}

/** Bytes of names over all members: many headers may have one long name. */
const MOST_NAMES = 2 ** 26;

/** Ten times what the largest kernels have. */
const MOST_MEMBERS = 1 << 16;

/** A header, and where the member's contents are. */
interface Entry {
  /** 16 characters. */
  rawName: string;
  size: number;
  /** First byte behind the header. */
  contents: number;
}

class ArchiveReader {
  private readonly buffer: Buffer;
  private longNames: Buffer | undefined;
  private namesLeft = MOST_NAMES;
  private readonly thin: boolean;

  constructor(
    private readonly file: { name: string },
    bytes: Uint8Array,
  ) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.thin = hasMagic(bytes, THIN_MAGIC);
  }

  read(): Archive {
    const members: Member[] = [];
    // Between two members there may be a byte, so that they begin at even places.
    for (let at = PLAIN_MAGIC.length; at < this.buffer.length - 1;) {
      const entry = this.entry(at);
      const special = this.isSpecial(entry);
      const inFile = special || !this.thin;
      if (inFile) this.checkContents(entry, at);
      if (special) this.keepLongNames(entry);
      else members.push(this.member(entry, at));
      if (members.length > MOST_MEMBERS) fail(this.file, `more than ${MOST_MEMBERS} members; give the ones you mean`);
      at = entry.contents + (inFile ? entry.size + (entry.size & 1) : 0);
    }
    return { thin: this.thin, members };
  }

  /** The member whose header lies at a place: what a thin archive refers to. */
  at(place: number): Member {
    // The table of long names stands in front of all members.
    for (let at = PLAIN_MAGIC.length; at < place && at < this.buffer.length - 1;) {
      const entry = this.entry(at);
      if (!this.isSpecial(entry)) break;
      this.checkContents(entry, at);
      this.keepLongNames(entry);
      at = entry.contents + entry.size + (entry.size & 1);
    }
    const entry = this.entry(place);
    if (!this.thin) this.checkContents(entry, place);
    return this.member(entry, place);
  }

  private entry(at: number): Entry {
    if (at + HEADER_SIZE > this.buffer.length) this.truncated(`the header of a member at ${hex(at)}`);
    const text = (from: number, to: number): string => this.buffer.toString('latin1', at + from, at + to);
    const size = /^(\d{1,10}) *$/.exec(text(48, 58))?.[1];
    if (text(58, 60) !== HEADER_END || size === undefined)
      fail(this.file, `no header of a member at ${hex(at)}; the archive is damaged: build it again`);
    return { rawName: text(0, 16), size: Number(size), contents: at + HEADER_SIZE };
  }

  private checkContents({ contents, size }: Entry, at: number): void {
    if (contents + size > this.buffer.length) this.truncated(`the member at ${hex(at)}, of ${size} bytes,`);
  }

  private truncated(what: string): never {
    return fail(
      this.file,
      `truncated: ${what} reaches past the end of the archive of ${hex(this.buffer.length)} bytes; build or copy it again`,
    );
  }

  /** Symbol tables, the table of long names, and what Microsoft's tools add: no members. */
  private isSpecial(entry: Entry): boolean {
    const name = entry.rawName.trimEnd();
    if (name === '/' || name === '//' || name === '/SYM64/' || name.startsWith('/<')) return true;
    return this.thin ? false : (this.bsdName(entry)?.name ?? name).startsWith('__.SYMDEF');
  }

  private keepLongNames({ rawName, contents, size }: Entry): void {
    if (rawName.trimEnd() === '//') this.longNames = this.buffer.subarray(contents, contents + size);
  }

  private bsdName({ rawName, contents, size }: Entry): { name: string; length: number } | undefined {
    const digits = BSD_NAME.exec(rawName)?.[1];
    if (digits === undefined) return undefined;
    const length = Number(digits);
    if (length > size || length > NAME_LIMIT || contents + length > this.buffer.length)
      fail(this.file, `a name of ${length} bytes in a member of ${size}; the archive is damaged: build it again`);
    const name = this.buffer.toString('utf8', contents, contents + length);
    return { name: name.replace(/\0+$/, ''), length };
  }

  private member(entry: Entry, at: number): Member {
    const { rawName, contents, size } = entry;
    const bsd = this.thin ? undefined : this.bsdName(entry);
    const long = LONG_NAME.exec(rawName);
    const name = bsd?.name ?? (long === null ? rawName.replace(/\/? *$/, '') : this.longName(Number(long[1]), at));
    this.namesLeft -= name.length;
    if (this.namesLeft < 0)
      fail(this.file, 'the names of its members take more than 64 MiB; the archive is damaged: build it again');
    if (name === '') fail(this.file, `the member at ${hex(at)} has no name; the archive is damaged: build it again`);
    if (this.thin)
      return {
        name: escapeName(name),
        bytes: undefined,
        path: name,
        ...(long?.[2] !== undefined && { nestedAt: Number(long[2]) }),
      };
    const start = contents + (bsd?.length ?? 0);
    return { name: escapeName(name), bytes: this.bytes(start, contents + size) };
  }

  private bytes(from: number, to: number): Uint8Array {
    const { buffer, byteOffset } = this.buffer;
    return new Uint8Array(buffer, byteOffset + from, to - from);
  }

  /** GNU ends a name with "/\n", Microsoft with a zero byte. */
  private longName(offset: number, at: number): string {
    const table = this.longNames ?? Buffer.alloc(0);
    if (offset >= table.length)
      fail(
        this.file,
        `the name of the member at ${hex(at)} lies outside the table of long names; the archive is damaged: build it again`,
      );
    const rest = table.subarray(offset, offset + NAME_LIMIT + 2);
    const end = rest.findIndex((byte) => byte === 0 || byte === 0x0a);
    if (end < 0 && rest.length > NAME_LIMIT)
      fail(this.file, `the name of the member at ${hex(at)} has no end within ${NAME_LIMIT} bytes; build it again`);
    return rest.toString('utf8', 0, end < 0 ? rest.length : end).replace(/\/$/, '');
  }
}

/**
 * Lists the members of an archive: neither its symbol tables nor its table of names.
 * @param name for messages: escaped and bounded
 * @throws ImageError for an archive that is cut or damaged
 */
export function readArchive(bytes: Uint8Array, name: string): Archive {
  return new ArchiveReader({ name }, bytes).read();
}

/** The member whose header lies at this place of an archive. @throws ImageError if there is none */
export function memberAt(bytes: Uint8Array, name: string, place: number): Member {
  if (!isArchive(bytes)) fail({ name }, 'is no archive, though a thin archive has a member of it; build it again');
  return new ArchiveReader({ name }, bytes).at(place);
}

/** `libtdx.a(tdcall.o)`, for messages. */
export function memberName(archive: string, member: string): string {
  return `${archive}(${shorten(member)})`;
}
