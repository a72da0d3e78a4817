/**
 * Where members of C structures lie, from the debug information of an image: BTF or DWARF. Layouts of a kernel depend on its
 * configuration, so that only its own image can say them.
 */
import { BtfTypes, btfOf } from './btf-types.js';
import { debugTypeSections } from './debug-sections.js';
import { DamagedDebug, TooMuchDebug, undamaged } from './dwarf-reader.js';
import { DwarfTypes } from './dwarf-types.js';
import type { ElfFile } from './elf-file.js';
import { type Image, ImageError } from './image.js';
import { debugFilesOf } from './line-table.js';
import { newUnpackBudget, type UnpackBudget } from './unpack-section.js';

/** A member as a source of types has it. */
export interface FoundMember<Type> {
  /** Bytes from the start of the structure. */
  readonly offset: number;
  /** Bytes of its value; 0 if unknown, as of arrays. */
  readonly bytes: number;
  readonly type: Type;
}

/** What reads types: a structure by its name, and a member of it, also where unnamed structures stand between. */
export interface TypeSource<Type> {
  structure(name: string): Type | undefined;
  size(type: Type): number;
  member(type: Type, name: string): FoundMember<Type> | undefined;
}

export interface MemberLayout {
  /** Bytes from the start of the structure. */
  readonly offset: number;
  /** 0 if unknown. */
  readonly bytes: number;
}

export interface StructureLayout {
  /** Bytes. */
  readonly size: number;
  /** By path: `arch.pio.count`. */
  readonly members: Readonly<Record<string, MemberLayout>>;
}

export type StructureLayouts = Readonly<Record<string, StructureLayout>>;

/** Structure -> paths of members. */
export type WantedLayouts = Readonly<Record<string, readonly string[]>>;

/**
 * @returns what of the wanted the image's debug information knows: a structure or a member that it has not is left out
 */
export function structureLayouts(image: Image, wanted: WantedLayouts): StructureLayouts {
  const found: Record<string, StructureLayout> = {};
  const budget = newUnpackBudget();
  for (const file of debugFilesOf(image)) {
    const open = Object.entries(wanted).filter(([name]) => found[name] === undefined);
    if (open.length === 0) break;
    for (const source of sourcesOf(file, new Set(open.map(([name]) => name)), budget))
      for (const [name, paths] of open) {
        const layout = found[name] === undefined ? undamaged(() => layoutFrom(source, name, paths)) : undefined;
        if (layout !== undefined) found[name] = layout;
      }
  }
  return found;
}

type AnySource = TypeSource<unknown>;

/** What is damaged, or past a limit, is not there: no image is refused for it. */
function* sourcesOf(file: ElfFile, names: ReadonlySet<string>, budget: UnpackBudget): Generator<AnySource> {
  for (const open of [() => openBtf(file), () => openDwarf(file, names, budget)]) {
    try {
      const source = open();
      if (source !== undefined) yield source;
    } catch (error) {
      if (!(error instanceof DamagedDebug || error instanceof TooMuchDebug || error instanceof ImageError)) throw error;
    }
  }
}

function openBtf(file: ElfFile): AnySource | undefined {
  const bytes = btfOf(file);
  return bytes && (new BtfTypes(bytes) as AnySource);
}

function openDwarf(file: ElfFile, names: ReadonlySet<string>, budget: UnpackBudget): AnySource | undefined {
  const sections = debugTypeSections(file, budget);
  return sections && (new DwarfTypes(sections, names) as AnySource);
}

function layoutFrom(source: AnySource, name: string, paths: readonly string[]): StructureLayout | undefined {
  const type = source.structure(name);
  if (type === undefined) return undefined;
  const members = paths.flatMap((path): [string, MemberLayout][] => {
    const member = memberAt(source, type, path.split('.'));
    return member === undefined ? [] : [[path, member]];
  });
  return { size: source.size(type), members: Object.fromEntries(members) };
}

function memberAt(source: AnySource, type: unknown, path: readonly string[]): MemberLayout | undefined {
  let offset = 0;
  let bytes = 0;
  let within = type;
  for (const name of path) {
    const member = source.member(within, name);
    if (member === undefined) return undefined;
    offset += member.offset;
    ({ bytes, type: within } = member);
  }
  return { offset, bytes };
}
