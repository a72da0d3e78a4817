/** A page of HTML that is drawn without a script: one file, in the style of the report. */
import { sealedPage } from './html/sealed-page.js';
import { STYLE } from './html/style.js';
import { xmlText } from './xml.js';

/** @param body elements, @param style more of it than the report has */
export function smallPage(title: string, body: string, style = ''): string {
  return sealedPage({
    title,
    style: `${STYLE}${style}`,
    body: `<header><p class="name">tdxfuzz</p></header>
<main>
<h1>${xmlText(title)}</h1>
${body}
</main>`,
  });
}

/** A cell: its text, and whether it is a number. */
export interface Cell {
  text: string;
  kind?: 'number' | 'wide';
  /** A class of the report's style: good, bad, open, quiet. */
  tone?: string;
}

/** A table in a box that scrolls by itself, with the keyboard too. */
export function smallTable(label: string, heads: readonly Cell[], rows: readonly (readonly Cell[])[]): string {
  const cell = (name: string, { text, kind, tone }: Cell, more = ''): string => {
    const classes = [kind, tone].filter((word) => word !== undefined).join(' ');
    return `<${name}${more}${classes === '' ? '' : ` class="${classes}"`}>${xmlText(text)}</${name}>`;
  };
  const body = rows.map((row) => `<tr>${row.map((one) => cell('td', one)).join('')}</tr>`).join('\n');
  return `<div class="scroll" role="region" tabindex="0" aria-label="${xmlText(label)}"><table>
<thead><tr>${heads.map((head) => cell('th', head, ' scope="col"')).join('')}</tr></thead>
<tbody>
${body}
</tbody></table></div>`;
}
