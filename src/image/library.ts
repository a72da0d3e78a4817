/** An archive as a linker takes it: which of its members come into an image. */
import { dirname, isAbsolute, join } from 'node:path';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';
import { type Archive, isArchive, type Member, memberAt, memberName, readArchive } from './archive.js';
import { fail, freshBudget } from './elf-file.js';
import { ImageError, SIZE_LIMIT } from './image.js';
import { PAGE_SIZE } from './layout.js';
import type { LinkInput } from './link-input.js';
import { isObject, type ObjectFile, type ReadBudget, readObjectFile } from './object-file.js';

/** Memory that the members of an archive take at most, guard pages included, unless they are named. */
const MOST_ROOM = 2 ** 26;
/** Names in a note. */
const MOST_NAMED = 3;

/** Reads a file that a thin archive names. */
export type ReadFile = (path: string) => Uint8Array;

export interface Library {
  objects: ObjectFile[];
  /** What was left out, and why; one line each. */
  notes: string[];
}

export interface LibraryOptions {
  /** Of an archive that is too large to be taken whole: the members that must be there. */
  isWanted?(input: LinkInput): boolean;
  read: ReadFile;
}

/** The member of a name. @throws ImageError for one that is absent, there twice, or no object */
export function readMember(bytes: Uint8Array, path: string, name: string, wanted: string, read: ReadFile): ObjectFile {
  const { members } = readArchive(bytes, name);
  const found = members.filter((member) => isNamed(member, wanted));
  if (found.length === 0)
    fail(
      { name },
      `no member ${shorten(wanted)}; ${nearest(
        wanted,
        members.map((member) => member.name),
      )}`,
    );
  if (found.length > 1)
    fail({ name }, `${found.length} members are called ${shorten(wanted)}; take out the one you mean (ar xN COUNT)`);
  return readOne(found[0], path, name, read, freshBudget());
}

/** By its name, or in a thin archive by the last part of its path. */
function isNamed({ name, path }: Member, wanted: string): boolean {
  return name === wanted || (path !== undefined && path.slice(path.lastIndexOf('/') + 1) === wanted);
}

function readOne(member: Member, archive: string, name: string, read: ReadFile, budget: ReadBudget): ObjectFile {
  const label = memberName(name, member.name);
  const bytes = bytesOf(member, archive, label, read);
  if (!isObject(bytes)) fail({ name: label }, isArchive(bytes) ? 'is an archive; give it by itself' : 'is no object');
  return readObjectFile(bytes, label, budget);
}

function bytesOf({ bytes, path = '', nestedAt }: Member, archive: string, label: string, read: ReadFile): Uint8Array {
  if (bytes !== undefined) return bytes;
  const place = isAbsolute(path) ? path : join(dirname(archive), path);
  const file = read(place);
  if (nestedAt === undefined) return file;
  const nested = memberAt(file, label, nestedAt);
  return nested.bytes ?? bytesOf({ name: nested.name, bytes: undefined, path: nested.path ?? '' }, place, label, read);
}

/**
 * The members of an archive that come into an image: all objects, or of a large archive those that are wanted, what uses
 * them, and what all these need, nearest first, while there is room.
 * @throws ImageError for a damaged archive, and one without any object that can be read
 */
export function readLibrary(bytes: Uint8Array, path: string, name: string, options: LibraryOptions): Library {
  const archive = readArchive(bytes, name);
  const notes: string[] = [];
  const all = objectsOf(archive, path, name, options.read, notes);
  const rooms = all.map(({ input }) => roomOf(input));
  if (rooms.reduce((sum, room) => sum + room, 0) <= MOST_ROOM) return { objects: all, notes };
  const taken = new Selected(all, rooms);
  const roots = all.flatMap(({ input }, index) => ((options.isWanted?.(input) ?? true) ? [index] : []));
  taken.take(roots.length > 0 ? roots : all.map((_, index) => index));
  const objects = all.filter((_, index) => taken.has(index));
  notes.push(
    `${name}: ${objects.length} of ${all.length} members are taken, as much as there is room for; name others one by one, as ${memberName(name, all[0].input.name.replace(/^.*\(|\)$/g, ''))}`,
  );
  return { objects, notes };
}

function objectsOf(archive: Archive, path: string, name: string, read: ReadFile, notes: string[]): ObjectFile[] {
  const budget = freshBudget();
  const objects: ObjectFile[] = [];
  const others: string[] = [];
  let first: ImageError | undefined;
  let refused = 0;
  let left = SIZE_LIMIT;
  for (const member of archive.members) {
    const label = memberName(name, member.name);
    try {
      const content = bytesOf(member, path, label, read);
      // Members of a thin archive may be one file.
      left -= content.length;
      if (left < 0) fail({ name: label }, 'the members take more than 1 GiB; name the ones you mean');
      if (isObject(content)) objects.push(readObjectFile(content, label, budget));
      else others.push(shorten(member.name));
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      first ??= error;
      refused++;
    }
  }
  if (objects.length === 0 && first !== undefined) throw first;
  if (objects.length === 0)
    fail(
      { name },
      archive.members.length === 0
        ? 'an archive without members; build it again'
        : `an archive without objects: it has ${listed(others)}; give the library with the machine code`,
    );
  if (others.length > 0) notes.push(`${name}: not read, since no object: ${listed(others)}`);
  if (first !== undefined)
    notes.push(`${first.message}${refused > 1 ? `; so ${refused} members are left out` : '; so it is left out'}`);
  return objects;
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Bytes of memory with the guard pages. */
function roomOf({ sections }: LinkInput): number {
  return sections.reduce(
    (sum, section) => sum + (section === undefined ? 0 : (Math.ceil(section.size / PAGE_SIZE) + 2) * PAGE_SIZE),
    0,
  );
}

/** Members by number, chosen while there is room. */
class Selected {
  private readonly chosen = new Set<number>();
  private left = MOST_ROOM;
  private readonly definers = new Map<string, number>();
  private readonly users = new Map<string, number[]>();
  /** Names that were followed to the members that define or use them. */
  private readonly followed = new Set<string>();

  constructor(
    private readonly all: readonly ObjectFile[],
    private readonly rooms: readonly number[],
  ) {
    all.forEach(({ input }, index) => {
      for (const { name, binding, at } of input.symbols) {
        if (binding === 'local' || name === '') continue;
        if (at === 'undefined') {
          const users = this.users.get(name);
          if (users === undefined) this.users.set(name, [index]);
          else users.push(index);
        } else if (!this.definers.has(name)) this.definers.set(name, index);
      }
    });
  }

  has(index: number): boolean {
    return this.chosen.has(index);
  }

  /** Roots, then what calls them, then what all of these need: each round one step further. */
  take(roots: readonly number[]): void {
    let round = this.add(roots);
    round = [...round, ...this.add(round.flatMap((index) => this.usersOf(index)))];
    while (round.length > 0) round = this.add(round.flatMap((index) => this.neededBy(index)));
  }

  /** @returns those that are new and had room */
  private add(indices: readonly number[]): number[] {
    const added: number[] = [];
    for (const index of indices) {
      // The first is taken, however large it is.
      if (this.chosen.has(index) || (this.chosen.size > 0 && this.rooms[index] > this.left)) continue;
      this.left -= this.rooms[index];
      this.chosen.add(index);
      added.push(index);
    }
    return added;
  }

  private usersOf(index: number): number[] {
    return this.namesOf(index, 'defined').flatMap((name) => this.users.get(name) ?? []);
  }

  private neededBy(index: number): number[] {
    return this.namesOf(index, 'undefined').flatMap((name) => this.definers.get(name) ?? []);
  }

  /** Each name once: what was taken for it is there. */
  private namesOf(index: number, what: 'defined' | 'undefined'): string[] {
    const names: string[] = [];
    for (const { name, binding, at } of this.all[index].input.symbols) {
      const key = `${what} ${name}`;
      if (binding === 'local' || (at === 'undefined') !== (what === 'undefined') || this.followed.has(key)) continue;
      this.followed.add(key);
      names.push(name);
    }
    return names;
  }
}
