/** One HTML file that shows a whole result and asks the network for nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../package-info.js';
import { linkModules } from './link.js';
import { sealedPage } from './sealed-page.js';
import { STYLE } from './style.js';
import { type HtmlInput, pageData } from './view.js';

export type { HtmlInput } from './view.js';

/** The compiled script, modules before those that import them. */
const SCRIPT_FOLDER = 'dist/src/report/html/client';
const MODULES = [
  'dom',
  'state',
  'table',
  'overview',
  'disassembly',
  'target',
  'story',
  'moment',
  'trace',
  'finding',
  'requirements',
  'search',
  'main',
];

/**
 * The report of a run: overview, a page for each target and each finding, and the requirements if there are rows of them.
 *
 * @throws Error if the package was not built
 */
export function renderHtml(input: HtmlInput): string {
  const script = linkModules(
    MODULES.map((name) => readFileSync(join(packageRoot(), SCRIPT_FOLDER, `${name}.js`), 'utf8')),
  );
  // No `<` is left in the data, so that nothing in it can end the element.
  const data = JSON.stringify(pageData(input)).replaceAll('<', '\\u003c');
  return sealedPage({
    title: 'tdxfuzz report',
    style: STYLE,
    script,
    body: `<a class="skip" href="#page">Skip to the page</a>
<header>
<p class="name"><a href="#/">tdxfuzz</a></p>
<nav aria-label="Pages"><ul id="pages"></ul></nav>
<label class="search"><span class="unseen">Search the report</span><input type="search" id="search" placeholder="Search" autocomplete="off" spellcheck="false"></label>
<button type="button" id="theme"></button>
</header>
<main id="page" tabindex="-1"><noscript><p>This report is drawn by the script inside of it; allow scripts for this file. result.json beside it holds the same facts.</p></noscript></main>
<p id="said" class="unseen" role="status"></p>
<script type="application/json" id="data">${data}</script>
<script type="module">${script}</script>`,
  });
}
