/** One HTML file that shows a whole result and asks the network for nothing. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../package-info.js';
import { linkModules } from './link.js';
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
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(STYLE)}'`,
    `script-src '${hashOf(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  // No `<` is left in the data, so that nothing in it can end the element.
  const data = JSON.stringify(pageData(input)).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>tdxfuzz report</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#page">Skip to the page</a>
<header>
<p class="name"><a href="#/">tdxfuzz</a></p>
<nav aria-label="Pages"><ul id="pages"></ul></nav>
<label class="search"><span class="unseen">Search the report</span><input type="search" id="search" placeholder="Search" autocomplete="off" spellcheck="false"></label>
<button type="button" id="theme"></button>
</header>
<main id="page" tabindex="-1"><noscript><p>This report is drawn by the script inside of it; allow scripts for this file. result.json beside it holds the same facts.</p></noscript></main>
<p id="said" class="unseen" role="status"></p>
<script type="application/json" id="data">${data}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
