/** What the site of the documentation is made of: the pages of the repository, and the files that they link to. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

/** Pages that lie outside of docs. */
const OUTSIDE = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
/** What a user's own runs leave in an example. */
const LEFT = /(^|\/)(node_modules|tdxfuzz-out|package-lock\.json|[^/]+\.tgz)(\/|$)/;
const LARGEST = 1024 * 1024;

/** @param root folder of the repository */
export function siteFiles(root: string): Map<string, string> {
  const files = new Map<string, string>();
  const add = (path: string): void => {
    if (!LEFT.test(path) && statSync(join(root, path)).size <= LARGEST)
      files.set(path, readFileSync(join(root, path), 'utf8'));
  };
  for (const path of [...OUTSIDE, ...below(root, 'docs').filter((file) => file.endsWith('.md'))]) add(path);
  for (const [page, text] of Array.from(files))
    for (const [, target] of text.matchAll(/\]\(([^)\s#]+)/g)) {
      if (/^[a-z]+:/.test(target) || target.endsWith('.md')) continue;
      const meant = posix.normalize(posix.join(posix.dirname(page), target));
      const found = statSync(join(root, meant), { throwIfNoEntry: false });
      if (found?.isDirectory() === true) below(root, meant).forEach(add);
      else if (found !== undefined) add(meant);
    }
  // Pages of the folders of examples are files like any other.
  return new Map([...files].map(([path, text]) => [isPage(path) ? path : path.replace(/\.md$/, '.txt'), text]));
}

function isPage(path: string): boolean {
  return OUTSIDE.includes(path) || path.startsWith('docs/');
}

function below(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}
