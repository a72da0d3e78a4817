/** The site of the documentation: every page is there, every link inside of it leads somewhere. */
import { posix } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { NAVIGATION, renderSite, siteFile } from './site.js';
import { siteFiles } from './site-files.js';

const files = siteFiles(packageRoot());
const site = renderSite(files);

/** `PAGE: LINK` for every link of the site that leads nowhere in it. */
function dead(pages: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [page, html] of pages) {
    if (!page.endsWith('.html')) continue;
    for (const [, href] of html.matchAll(/\bhref="([^"]*)"/g)) {
      if (/^https?:/.test(href)) continue;
      const [target, anchor] = href.split('#');
      const name = target === '' ? page : posix.normalize(posix.join(posix.dirname(page), target));
      const text = pages.get(name);
      const isThere = text !== undefined && (anchor === undefined || text.includes(` id="${anchor}"`));
      if (!isThere) found.push(`${page}: ${href}`);
    }
  }
  return found;
}

describe('the site', () => {
  it('has a page for each page of Markdown, and each is in the navigation once', () => {
    const pages = [...files.keys()].filter((path) => path.endsWith('.md'));
    expect(pages.length).toBeGreaterThan(30);
    expect(NAVIGATION.flatMap(([, named]) => named).sort()).toEqual([...pages].sort());
    for (const path of pages) expect([...site.keys()]).toContain(siteFile(path));
  });

  it('has no link that leads nowhere', () => {
    const links = [...site.values()].flatMap((html) => [...html.matchAll(/\bhref="/g)]).length;
    expect(links).toBeGreaterThan(1000);
    expect(dead(site)).toEqual([]);
  });

  test.each([
    ['[a](docs/nowhere.md)', 'docs/nowhere.html'],
    ['[a](docs/ci.md#no-such-heading)', 'docs/ci.html#no-such-heading'],
    ['[a](#no-such-heading)', '#no-such-heading'],
    ['[a](src/nowhere.ts)', 'src/nowhere.ts'],
  ])('a planted link is seen: %s', (text, href) => {
    const spoiled = new Map(files).set('README.md', `# tdxfuzz\n\n${text}\n`);
    expect(dead(renderSite(spoiled))).toContain(`index.html: ${href}`);
  });

  it('refuses a page that the navigation does not have', () => {
    expect(() => renderSite(new Map(files).set('docs/new.md', '# New\n'))).toThrow(/docs\/new\.md: in no group/);
  });

  it('has tables as tables, code as code, and no markup out of a text', () => {
    const html = renderSite(
      new Map([['README.md', '# A `b`\n\n| x | y |\n|---|---|\n| 1 | `<b>` |\n\n<img src=x>\n']]),
    );
    const page = html.get('index.html') ?? '';
    expect(page).toContain('<h1 id="a-b">');
    expect(page).toContain('<td><code>&lt;b&gt;</code></td>');
    expect(page).not.toContain('<img');
  });

  it('asks the network for nothing', () => {
    for (const [name, html] of site)
      if (name.endsWith('.html')) expect(html.match(/<(?:script|img|iframe)|src=|@import/g) ?? []).toEqual([]);
  });
});
