/** Which pages and anchors `docs` has, and which citations of them lead nowhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import GithubSlugger from 'github-slugger';

/** Page, as `docs/abi/tdcall.md` -> the anchors of its headings, as GitHub makes them. */
export type Pages = ReadonlyMap<string, ReadonlySet<string>>;

/** A mention of a page: `docs/abi/tdcall.md#leaves`. */
const CITATION = /\bdocs\/(?:[a-z0-9-]+\/)*[A-Za-z0-9-]+\.md(?:#[\w-]+)?/g;
/** A link of Markdown, without the text: `](tdcall.md#leaves)`. */
const LINK = /\]\(([^)\s]+)\)/g;
/** Documents that are no part of the repository. */
const NOWHERE =
  /\bfacts\/|\bseeds?[/ ]\d{3}\b|(?<![\w/-])(?:(?:module|linux|stubs|engine-measurements|DESIGN)\.md|(?:tdcall-leaves|seamcall-leaves|status-codes|tdvmcall)\.json)\b/g;

/** Lines that are no code, with fenced blocks taken out. */
function prose(text: string): string[] {
  let fenced = false;
  return text.split('\n').filter((line) => {
    if (!line.startsWith('```')) return !fenced;
    fenced = !fenced;
    return false;
  });
}

export function anchorsOf(text: string): Set<string> {
  const slugger = new GithubSlugger();
  const headings = prose(text).flatMap((line) => /^#{1,6} (.*)$/.exec(line)?.[1] ?? []);
  return new Set(headings.map((heading) => slugger.slug(heading)));
}

/** Files below a folder of the repository, by path from its root. */
export function filesBelow(root: string, folder: string, wanted: (name: string) => boolean): Map<string, string> {
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')]));
}

export function readPages(root: string): Pages {
  const files = filesBelow(root, 'docs', (name) => name.endsWith('.md'));
  return new Map([...files].map(([file, text]) => [file, anchorsOf(text)]));
}

/** Whether there is such a page, and such a heading in it. */
export function resolves(pages: Pages, citation: string): boolean {
  const [page, anchor] = citation.split('#');
  const anchors = pages.get(page);
  return anchors !== undefined && (anchor === undefined || anchors.has(anchor));
}

/** `FILE: CITATION` for each mention in the text that leads nowhere. */
export function deadCitations(pages: Pages, file: string, text: string): string[] {
  const dead = [...text.matchAll(CITATION)].map(([citation]) => citation).filter((path) => !resolves(pages, path));
  return [...dead, ...[...text.matchAll(NOWHERE)].map(([name]) => name)].map((name) => `${file}: ${name}`);
}

/** `PAGE: LINK` for each relative link of a Markdown file whose page, file or heading is not there. */
export function deadLinks(pages: Pages, file: string, text: string, exists: (path: string) => boolean): string[] {
  const links = prose(text).flatMap((line) => [...line.matchAll(LINK)].map(([, target]) => target));
  return links
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path, anchor] = target.split('#');
      const page = path === '' ? file : posix.normalize(posix.join(posix.dirname(file), path));
      const known = pages.get(page) ?? (page === file ? anchorsOf(text) : undefined);
      if (known === undefined) return !exists(page);
      return anchor !== undefined && !known.has(anchor);
    })
    .map((target) => `${file}: ${target}`);
}

/** What a `source` lacks: each of its parts, parted by `; `, begins with a page and an anchor of it. */
export function sourceFaults(pages: Pages, source: string): string[] {
  return source.split('; ').filter((part) => {
    const [citation] = part.split(' ');
    return !/^docs\/.*\.md#/.test(citation) || !resolves(pages, citation);
  });
}
