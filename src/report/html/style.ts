/** How the page looks: one column of facts, dense tables, both colour schemes from one set of names. */
import { MONO, PALETTE } from './palette.js';

export const STYLE = `
:root {
  color-scheme: light dark;
${PALETTE}
  --good: light-dark(#14652f, #7fd79b);
  --bad: light-dark(#b3201a, #ff8f87);
  --open: light-dark(#7d4b00, #eabd62);
  --theirs: light-dark(#7a1a9c, #dcaaff);
  --theirs-back: light-dark(#f4e6fa, #3a2549);
  --changed-back: light-dark(#fff3bf, #423a12);
  --current-back: light-dark(#dceaff, #1f3552);
  --wrong-back: light-dark(#fdeceb, #46211f);
${MONO}
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
* { box-sizing: border-box; }
html { font: 14px/1.45 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere; }
header, main { max-width: 110rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; border-bottom: 1px solid var(--line); padding-block: .5rem; }
header .name { margin: 0; font: 600 1rem var(--mono); }
header .name a { color: inherit; text-decoration: none; }
header nav { flex: 1; }
header .apart { border-left: 1px solid var(--line); padding-left: 1rem; }
header .search input { width: 11rem; }
header ul { display: flex; flex-wrap: wrap; gap: 0 1rem; white-space: nowrap; margin: 0; padding: 0; list-style: none; }
header a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
main { padding-block: 1rem 4rem; }
main:focus, h1:focus { outline: none; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .25rem 0 .5rem; font-weight: 600; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; font-weight: 600; }
h3 { font-size: 1rem; margin: 0 0 .5rem; font-weight: 600; }
p { margin: 0 0 .5rem; max-width: 80ch; }
code, .value, .registers th, .number { font-family: var(--mono); font-size: .92em; font-variant-ligatures: none; }
a { color: var(--link); text-underline-offset: .2em; text-decoration-thickness: 1px;
  text-decoration-color: color-mix(in srgb, currentcolor 45%, transparent); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
.lead { color: var(--text); max-width: 100ch; }
.note, .quiet { color: var(--quiet); font-size: .93em; max-width: 110ch; }
.note:empty { display: none; }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); } .none { color: var(--quiet); }
.standing { padding: 0 .4em; border: 1px solid var(--line); border-radius: 3px; color: var(--quiet); font-size: .88em; }
.standing.new { color: var(--bad); border-color: currentcolor; font-weight: 600; }
.word { color: var(--text); font-weight: 600; font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: .95em; }
.line-of { display: block; color: var(--quiet); font-family: var(--mono); font-size: .88em; }
.facts .line-of { display: inline; }
.aside { border-left: 3px solid var(--line); padding-left: .75rem; color: var(--quiet); }
.hits { margin: 0; padding-left: 1.1rem; }
ul.also { margin: 0; padding-left: 1.1rem; }
.hint { border-left: 3px solid var(--open); padding-left: .75rem; font-weight: 600; }
.accepted { border-left: 3px solid var(--open); padding-left: .75rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: .5rem; top: -4rem; background: var(--page); padding: .5rem; z-index: 9; }
.skip:focus { top: .5rem; }
button, input { font: inherit; color: inherit; }
button { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: .15rem .6rem; cursor: pointer; }
button:hover { border-color: var(--quiet); }
input[type="search"] { background: var(--page); border: 1px solid var(--line); border-radius: 4px; padding: .15rem .5rem; width: 18rem; max-width: 100%; }
input[type="range"] { accent-color: var(--link); min-width: 8rem; flex: 1; }
.filter { display: block; margin: 0 0 .5rem; color: var(--quiet); }

.scroll { overflow: auto; width: fit-content; max-width: 100%; border: 1px solid var(--line); border-radius: 4px; position: relative; }
.scroll.more-right { border-right: 3px solid var(--link); mask-image: linear-gradient(to left, rgb(0 0 0 / .35), #000 2.2rem); }
.scroll.more-left { border-left: 3px solid var(--link); }
table { border-collapse: collapse; }
.steps-scroll, .machine .scroll { width: auto; }
.steps, .registers { width: 100%; }
th, td { padding: .16rem .65rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--line); overflow-wrap: normal; font-weight: 400; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { position: sticky; top: 0; background: var(--panel); font-weight: 600; z-index: 1; }
thead button { all: unset; cursor: pointer; font-weight: 600; }
thead button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
th[aria-sort] button::after { content: " ▲"; font-size: .75em; }
th[aria-sort="descending"] button::after { content: " ▼"; }
thead .number { font: inherit; font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.wide { white-space: normal; min-width: 18rem; }
.scroll[aria-label="Classes of cases"] { max-height: 26rem; }
.matrix thead th { vertical-align: bottom; }
.matrix tbody th { position: sticky; left: 0; background: var(--page); border-right: 1px solid var(--line); }
.matrix thead th:first-child { left: 0; z-index: 2; border-right: 1px solid var(--line); }
.upright { padding-inline: .25rem; }
.upright span { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: 400; font-size: .93em; }
.status { text-align: center; padding-inline: .3rem; line-height: 1.1; }
.status small { display: block; font-size: .78em; }

.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: .5rem 0; }
.facts > div { display: contents; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; max-width: 110ch; }
.compare { display: grid; gap: 0; margin: .5rem 0; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
.compare > div { display: grid; grid-template-columns: 6rem 1fr; padding: .3rem .65rem; }
.compare > div + div { border-top: 1px solid var(--line); }
.compare dt { font-weight: 600; }
.compare dd { margin: 0; font-family: var(--mono); font-size: .92em; }
.wrong { background: var(--wrong-back); }
.compare .wrong dt { color: var(--bad); }
.command { display: inline-flex; flex-wrap: wrap; align-items: center; gap: .5rem; max-width: none; }
.command code { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: .15rem .6rem; }

.function { margin: .25rem 0; }
summary { cursor: pointer; padding: .15rem 0; }
.function summary > * { margin-right: 1rem; }
.function .counts { color: var(--quiet); font-size: .93em; }
.listing td, .listing th { border-bottom: 0; padding-block: .05rem; }
.listing .missed { background: var(--panel); }
.listing .bytes { color: var(--quiet); }
.listing .source td { padding-top: .45rem; }
tr.blamed > * { background: var(--wrong-back); }
tr[aria-current] > * { background: var(--current-back); }
tr.blamed[aria-current] > * { background: var(--wrong-back); }
tr[aria-current] > :first-child { box-shadow: inset 3px 0 var(--link); }

.controls { display: flex; flex-wrap: wrap; align-items: center; gap: .35rem; position: sticky; top: 0; background: var(--page); padding: .35rem 0; z-index: 3; }
.controls output { font-variant-numeric: tabular-nums; min-width: 9rem; text-align: right; }
.machine { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 34rem); gap: 1rem; align-items: start; }
.steps-scroll { max-height: min(46rem, 82vh); }
.steps td, .steps th { border-bottom: 0; padding-block: .08rem; }
.steps tbody tr { cursor: pointer; }
.steps tbody th code { color: var(--quiet); }
.steps .mark { width: 1.5rem; }
.steps .number { width: 3.5rem; }
.registers .mark { width: 2.5rem; }
.world { color: var(--theirs); font-size: .93em; }
.steps .world { display: block; white-space: normal; }
.steps .verdict { display: block; white-space: normal; margin: .15rem 0 .3rem; padding-left: .65rem; border-left: 3px solid var(--bad); font-size: .93em; }
.steps .verdict > span { display: block; }
.registers .word { display: block; color: var(--quiet); font-weight: 400; }
.moment-panel h3 { white-space: pre-wrap; }
.registers td, .registers th { padding-block: .04rem; }
.registers tbody th { color: var(--quiet); }
.registers .changed th { color: var(--text); font-weight: 600; }
.registers .changed td:nth-of-type(2) { background: var(--changed-back); }
.registers .wrong > * { background: var(--wrong-back); }
.held code { color: var(--theirs); }
.theirs { display: inline-block; font: 600 .8em var(--mono); color: var(--theirs); background: var(--theirs-back); border: 1px solid currentcolor; border-radius: 3px; padding: 0 .3em; }
.legend .changed { background: var(--changed-back); padding: 0 .3em; }
.legend { margin-top: .75rem; color: var(--quiet); font-size: .93em; }
.legend p { max-width: 110ch; }
.accesses { margin: .5rem 0; padding: 0; list-style: none; font-size: .93em; }
.story ol { padding-left: 1.4rem; margin: 0; }
.story ul { list-style: none; padding: 0; margin: .25rem 0 .75rem; }
.exchange { border-left: 3px solid var(--line); padding: .15rem 0 .15rem .65rem; margin: .25rem 0; }
.exchange.wrong { border-color: var(--bad); background: var(--wrong-back); border-radius: 0 4px 4px 0; padding-block: .35rem; }
.exchange .here { margin: 0; font-weight: 600; font-size: .93em; }
.exchange .values .wrong { background: none; font-weight: 600; }
.exchange[aria-current] { background: var(--current-back); border-color: var(--link); }
.moment { margin: 0 0 .15rem; font-weight: 600; }
.moment button { all: unset; cursor: pointer; color: var(--link); text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .2em; }
.moment button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.story p.quiet { margin: .15rem 0 0; }
.values { display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0; font-family: var(--mono); font-size: .92em; }
.values > div { display: flex; gap: .4rem; }
.values dt { color: var(--quiet); }
.values dd { margin: 0; }
@media (min-width: 90rem) {
  .beside { display: grid; grid-template-columns: minmax(18rem, 26rem) minmax(0, 1fr); gap: 2rem; align-items: start; }
}
@media (max-width: 60rem) {
  .machine { grid-template-columns: minmax(0, 1fr); }
  .steps-scroll { max-height: 26rem; }
}
@media (max-width: 40rem) {
  header, main { padding-inline: .75rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: .35rem; }
  .compare > div { grid-template-columns: minmax(0, 1fr); }
  th, td { padding-inline: .4rem; }
  header { gap: .25rem .5rem; }
  header ul { gap: 0 .5rem; }
  header .apart { padding-left: .5rem; }
  header button { padding-inline: .35rem; font-size: .9em; }
  header .search { order: 9; flex-basis: 100%; }
  header .search input { width: 100%; }
  .steps thead { display: none; }
  .steps tbody tr { display: grid; grid-template-columns: 1.5rem 2.6rem minmax(0, 1fr); }
  .steps tbody th { grid-column: 3; padding-bottom: 0; }
  .steps tbody td:last-child { grid-column: 3; padding-top: 0; white-space: normal; }
  .steps .mark, .steps .number { grid-row: span 2; width: auto; }
  table:not(.steps, .registers, .matrix, .listing) :is(th, td):not(.wide) { white-space: normal; min-width: 5.5rem; }
  td.wide { min-width: 13rem; }
  table:not(.steps, .registers, .matrix, .listing) .number { min-width: 2.5rem; }
  .registers { font-size: .86em; }
  .matrix tbody th { max-width: 9rem; min-width: 7.5rem; white-space: normal; overflow-wrap: anywhere; }
}
@media (prefers-reduced-motion: reduce) { * { scroll-behavior: auto !important; transition: none !important; animation: none !important; } }
@media print {
  :root { color-scheme: light; }
  header, .controls, .filter, .command button, .skip, #keys { display: none; }
  .scroll.scroll { overflow: visible; max-height: none; border: 0; }
  thead th, .matrix tbody th { position: static; }
  tr { break-inside: avoid; }
  th, td { white-space: normal; }
  a { color: inherit; text-decoration: none; }
}
`;
