/** How the pages of the documentation look: a column of text beside the list of pages, in both colour schemes. */
import { MONO, PALETTE } from '../report/html/palette.js';

export const SITE_STYLE = `:root {
  color-scheme: light dark;
${PALETTE}
${MONO}
}
* { box-sizing: border-box; }
html { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: break-word; }
a { color: var(--link); text-underline-offset: .2em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: .5rem; top: -4rem; background: var(--page); padding: .5rem; }
.skip:focus { top: .5rem; }
header { border-bottom: 1px solid var(--line); padding: .6rem 1.5rem; }
header .name { font: 600 1.05rem var(--mono); color: inherit; text-decoration: none; }
.columns { display: grid; grid-template-columns: 15rem minmax(0, 1fr); max-width: 82rem; margin: 0 auto; }
nav { border-right: 1px solid var(--line); font-size: .92rem; }
nav div.pages { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; padding: 1rem 1rem 2rem 1.5rem; }
nav details { display: none; }
nav h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .04em; color: var(--quiet); margin: 1.1rem 0 .25rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { margin: .1rem 0; }
nav a { text-decoration: none; display: block; padding: .1rem .4rem; border-radius: 4px; }
nav a:hover { background: var(--panel); }
nav a[aria-current] { background: var(--panel); color: var(--text); font-weight: 600; }
main { padding: 1rem 2.5rem 5rem; min-width: 0; }
main:focus { outline: none; }
main > p, main > ul, main > ol { max-width: 46rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .5rem 0 1rem; }
h2 { font-size: 1.35rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1.08rem; margin: 1.75rem 0 .4rem; }
.anchor { color: var(--quiet); text-decoration: none; opacity: 0; font-weight: 400; }
:is(h1, h2, h3, h4):hover .anchor, .anchor:focus { opacity: 1; }
code { font-family: var(--mono); font-size: .88em; background: var(--panel); border-radius: 3px; padding: .05em .25em; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; overflow-x: auto; line-height: 1.4; }
pre code { background: none; padding: 0; font-size: .84em; }
.scroll { overflow-x: auto; margin: 1rem 0; border: 1px solid var(--line); border-radius: 6px; width: fit-content; max-width: 100%; }
table { border-collapse: collapse; font-size: .93rem; }
th, td { padding: .35rem .8rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
thead th { background: var(--panel); }
blockquote { border-left: 3px solid var(--line); margin: 1rem 0; padding: 0 1rem; color: var(--quiet); }
@media (max-width: 52rem) {
  html { font-size: 15.5px; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  nav { border-right: 0; border-bottom: 1px solid var(--line); padding: .25rem 1rem; }
  nav div.pages { display: none; }
  nav details { display: block; }
  nav summary { padding: .5rem 0; cursor: pointer; }
  nav a { padding: .4rem; }
  header { padding: .6rem 1rem; }
  main { padding: .5rem 1rem 4rem; }
  th, td { padding: .3rem .5rem; min-width: 6rem; }
}
@media print { nav, header, .anchor { display: none; } .columns { display: block; } }
`;
