/** The documentation as a small site: a page of HTML for each page of Markdown, with the same links, readable without a server. */
import { posix } from 'node:path';
import GithubSlugger from 'github-slugger';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { SITE_STYLE } from './site-style.js';

/** Paths from the root of the repository -> texts. Pages of Markdown, and files that they link to. */
export type SiteFiles = ReadonlyMap<string, string>;

/** Groups of the navigation and their pages, in the order in which they are read. */
export const NAVIGATION: readonly (readonly [group: string, pages: readonly string[]])[] = [
  [
    'Begin',
    [
      'README.md',
      'docs/your-own-stub.md',
      'docs/audit.md',
      'docs/kvm-object.md',
      'docs/findings.md',
      'docs/ci.md',
      'docs/using.md',
    ],
  ],
  ['Rely on it', ['docs/silence.md', 'docs/limits.md', 'docs/false-alarms.md']],
  [
    'Reference',
    [
      'docs/reference/command-line.md',
      'docs/reference/properties.md',
      'docs/reference/contracts.md',
      'docs/reference/audit.md',
    ],
  ],
  [
    'The ABI',
    [
      'docs/abi/README.md',
      'docs/abi/tdcall.md',
      'docs/abi/tdvmcall.md',
      'docs/abi/seamcall.md',
      'docs/abi/status-codes.md',
      'docs/abi/linux-stubs.md',
      'docs/abi/linux-helpers.md',
      'docs/abi/linux-seamcall.md',
      'docs/abi/kvm-dispatcher.md',
      'docs/abi/linux-fixes.md',
      'docs/abi/hardening.md',
      'docs/abi/calling-conventions.md',
      'docs/abi/processor.md',
      'docs/abi/other-projects.md',
      'docs/abi/mailing-lists.md',
      'docs/abi/vectors.md',
    ],
  ],
  ['The project', ['docs/README.md', 'docs/architecture.md', 'CONTRIBUTING.md', 'CHANGELOG.md']],
];

/** What the navigation calls a page whose own title is too long, or says too little outside of its folder. */
const SHORT: Readonly<Record<string, string>> = {
  'README.md': 'What it is for',
  'docs/README.md': 'All pages',
  'docs/abi/README.md': 'Overview',
};

/** The file of a page or of a linked file: `README.md` is the index of the site. */
export function siteFile(path: string): string {
  return path === 'README.md' ? 'index.html' : path.replace(/\.md$/, '.html');
}

/**
 * @param files every page, and every other file that one links to; a folder that is linked to is a page that lists what is
 *   there of it
 * @returns files of the site by path
 * @throws Error for a page that the navigation does not have: nobody would find it
 */
export function renderSite(files: SiteFiles): Map<string, string> {
  const named = new Set(NAVIGATION.flatMap(([, pages]) => pages));
  const site = new Map<string, string>([['site.css', SITE_STYLE]]);
  for (const [path, text] of files) {
    if (!path.endsWith('.md')) {
      site.set(path, text);
      continue;
    }
    if (!named.has(path)) throw new Error(`${path}: in no group of the navigation; name it in src/reference/site.ts`);
    site.set(siteFile(path), page(path, titleOf(text), bodyOf(path, text, files), files));
  }
  for (const folder of linkedFolders(files)) site.set(`${folder}/index.html`, folderPage(folder, files));
  return site;
}

/** The text of the first heading. */
function titleOf(text: string): string {
  return (/^# (.+)$/m.exec(text)?.[1] ?? 'tdxfuzz').replaceAll('`', '');
}

function bodyOf(path: string, text: string, files: SiteFiles): string {
  const html = micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: false });
  return withTables(withAnchors(withLinks(html, path, files), text));
}

/** Links between pages as links between files of the site. */
function withLinks(html: string, path: string, files: SiteFiles): string {
  return html.replaceAll(/(<a href=")([^"]*)(")/g, (_, before: string, href: string, behind: string) => {
    if (/^[a-z]+:/.test(href) || href.startsWith('#')) return `${before}${href}${behind}`;
    const [target, anchor] = href.split('#');
    const meant = posix.normalize(posix.join(posix.dirname(path), decodeURIComponent(target)));
    const isFolder = !files.has(meant) && [...files.keys()].some((file) => file.startsWith(`${meant}/`));
    const file = isFolder ? `${meant}/index.html` : siteFile(meant);
    return `${before}${relativeTo(path, file)}${anchor === undefined ? '' : `#${anchor}`}${behind}`;
  });
}

/** As a page of the site names a file of it. */
function relativeTo(path: string, file: string): string {
  return posix.relative(posix.dirname(siteFile(path)), file);
}

/** Headings get the anchors that GitHub gives them, and link to themselves. */
function withAnchors(html: string, text: string): string {
  const slugger = new GithubSlugger();
  const headings = proseLines(text).flatMap((line) => /^#{1,6} (.*)$/.exec(line)?.[1] ?? []);
  let at = 0;
  return html.replaceAll(/<h([1-6])>(.*?)<\/h\1>/gs, (whole, level: string, inner: string) => {
    const heading = headings[at++];
    if (heading === undefined) return whole;
    const id = slugger.slug(heading);
    return `<h${level} id="${id}">${inner} <a class="anchor" href="#${id}" aria-label="link to this heading">#</a></h${level}>`;
  });
}

/** Lines outside of fenced blocks. */
function proseLines(text: string): string[] {
  let fenced = false;
  return text.split('\n').filter((line) => {
    if (!line.startsWith('```')) return !fenced;
    fenced = !fenced;
    return false;
  });
}

/** What is too wide for a telephone scrolls by itself. */
function withTables(html: string): string {
  return html
    .replaceAll('<table>', '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>')
    .replaceAll('</table>', '</table></div>');
}

/** Folders that pages link to. */
function linkedFolders(files: SiteFiles): string[] {
  const found = new Set<string>();
  for (const [path, text] of files) {
    if (!path.endsWith('.md')) continue;
    for (const line of proseLines(text))
      for (const [, target] of line.matchAll(/\]\(([^)\s#]+)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const meant = posix.normalize(posix.join(posix.dirname(path), target));
        if (!files.has(meant) && [...files.keys()].some((file) => file.startsWith(`${meant}/`))) found.add(meant);
      }
  }
  return [...found];
}

function folderPage(folder: string, files: SiteFiles): string {
  const own = [...files.keys()].filter((file) => file.startsWith(`${folder}/`)).sort();
  const items = own.map((file) => `<li><a href="${posix.relative(folder, file)}">${escaped(file)}</a></li>`);
  const path = `${folder}/index.html`;
  return page(path, folder, `<h1>${escaped(folder)}</h1>\n<ul>\n${items.join('\n')}\n</ul>`, files);
}

function page(path: string, title: string, body: string, files: SiteFiles): string {
  const to = (file: string): string => posix.relative(posix.dirname(siteFile(path)), file);
  const groups = NAVIGATION.map(([group, pages]) => {
    const items = pages
      .filter((one) => files.has(one))
      .map((one) => {
        const current = one === path ? ' aria-current="page"' : '';
        const name = SHORT[one] ?? titleOf(files.get(one) ?? '');
        return `<li><a href="${to(siteFile(one))}"${current}>${escaped(name)}</a></li>`;
      });
    return `<h2>${group}</h2>\n<ul>${items.join('')}</ul>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title === 'tdxfuzz' ? title : `${title} · tdxfuzz`)}</title>
<link rel="stylesheet" href="${to('site.css')}">
</head>
<body>
<a class="skip" href="#page">Skip to the page</a>
<header><a class="name" href="${to('index.html')}">tdxfuzz</a></header>
<div class="columns">
<nav aria-label="Pages">
<details class="pages"><summary>Pages</summary>
${groups.join('\n')}
</details>
<div class="pages">
${groups.join('\n')}
</div>
</nav>
<main id="page" tabindex="-1">
${body}
</main>
</div>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
