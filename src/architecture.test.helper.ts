/** Reads the import lines of source files, and says which of them a table of allowed edges does not allow. */
import { posix } from 'node:path';

/** Path in the repository -> source text. */
export type Sources = ReadonlyMap<string, string>;

/**
 * Folder (or a single file at the root of src) -> what its files may import: folders, single files, or either behind
 * `type `, which allows nothing but `import type`.
 */
export type Allowed = Readonly<Record<string, readonly string[]>>;

export interface Edge {
  from: string;
  /** A file of the repository, or the name of a package or Node module. */
  to: string;
  typeOnly: boolean;
}

/** `import ... from '...'`, `export ... from '...'` over several lines, `import '...'`, `import('...')`. */
const IMPORT =
  /^\s*(?:import|export)\s+(?<type>type\s)?(?:[^'";]*?\sfrom\s+)?'(?<target>[^']+)'|\bimport\(\s*(?:\/\*.*?\*\/\s*)?['"`](?<dynamic>[^'"`]+)/gm;

export function edgesOf(sources: Sources): Edge[] {
  return [...sources].flatMap(([from, text]) =>
    [...text.matchAll(IMPORT)].map(({ groups }) => {
      const target = groups?.['target'] ?? groups?.['dynamic'] ?? '';
      const to = target.startsWith('.') ? posix.join(posix.dirname(from), target).replace(/\.js$/, '.ts') : target;
      return { from, to, typeOnly: groups?.['type'] !== undefined };
    }),
  );
}

/**
 * `src/judge`, `models/abi`, `properties`; a file at the root of src is a folder of its own.
 */
export function folderOf(file: string): string {
  const parts = file.split('/');
  if (parts[0] === 'properties') return 'properties';
  return parts.slice(0, 2).join('/');
}

function isOwn(to: string): boolean {
  return /^(src|models|properties)\//.test(to);
}

/** One line for each import that the table does not allow. */
export function forbidden(sources: Sources, allowed: Allowed): string[] {
  return edgesOf(sources).flatMap(({ from, to, typeOnly }) => {
    const folder = folderOf(from);
    if (!isOwn(to) || folderOf(to) === folder) return [];
    const row = allowed[folder];
    if (row === undefined) return [`${from}: the folder ${folder} has no row in the table`];
    const places = [to, folderOf(to)];
    const permitted = places.some((place) => row.includes(place) || (typeOnly && row.includes(`type ${place}`)));
    return permitted ? [] : [`${from} imports ${to}`];
  });
}

/** Files that `start` reaches over any number of imports, types included. */
export function reachedFrom(sources: Sources, start: (file: string) => boolean): Set<string> {
  const edges = edgesOf(sources);
  const reached = new Set([...sources.keys()].filter(start));
  for (const file of reached) {
    for (const { from, to } of edges) if (from === file) reached.add(to);
  }
  return reached;
}

/** Subfolders of one folder, or a file of it and a subfolder, on a cycle, as `a -> b -> a`: at every level. */
export function cycles(sources: Sources): string[] {
  const levels = new Map<string, Map<string, Set<string>>>();
  for (const { from, to } of edgesOf(sources)) {
    if (!isOwn(to)) continue;
    const { level, of, other } = apart(from, to);
    // Two files of one folder: a matter of that folder.
    if (level !== HOUSE && of.endsWith('.ts') && other.endsWith('.ts')) continue;
    const next = levels.get(level) ?? new Map<string, Set<string>>();
    levels.set(level, next.set(of, (next.get(of) ?? new Set()).add(other)));
  }
  return [...levels.keys()].sort().flatMap((level) => cyclesOf(levels.get(level) ?? new Map()));
}

/** The level of all folders that the table has rows for, whatever they lie in. */
const HOUSE = 'the house';

/** Where the paths of two files part: the folder that holds both, and what of it each is in. */
function apart(from: string, to: string): { level: string; of: string; other: string } {
  if (folderOf(from) !== folderOf(to)) return { level: HOUSE, of: folderOf(from), other: folderOf(to) };
  const [a, b] = [from.split('/'), to.split('/')];
  const depth = a.findIndex((part, index) => part !== b[index]);
  const upTo = (parts: string[], length: number): string => parts.slice(0, length).join('/');
  return { level: upTo(a, depth), of: upTo(a, depth + 1), other: upTo(b, depth + 1) };
}

/** The shortest one from each. */
function cyclesOf(next: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  return [...next.keys()].sort().flatMap((start) => {
    const paths = [[start]];
    const seen = new Set<string>();
    for (const path of paths) {
      for (const folder of next.get(path[path.length - 1]) ?? []) {
        if (folder === start) return [[...path, start].join(' -> ')];
        if (seen.has(folder)) continue;
        seen.add(folder);
        paths.push([...path, folder]);
      }
    }
    return [];
  });
}
