/** Tables that can be sorted by their heads and filtered by a text. */
import { type Child, counted, h, say, scroller } from './dom.js';

export interface Column<T> {
  head: string;
  /** What the head means, where it is short. */
  title?: string;
  cell: (row: T) => Child;
  /** What is sorted by and searched in. */
  key: (row: T) => string | number;
  /** Classes of the cells. */
  class?: string;
  /** The cell names its row. */
  names?: true;
}

/** Rows that are drawn at once. */
const MOST_ROWS = 1000;

/** A table with a text to filter by, where there is anything to filter. */
export function dataTable<T>(
  caption: string,
  noun: string,
  columns: readonly Column<T>[],
  rows: readonly T[],
): HTMLElement {
  const body = h('tbody');
  const note = h('p', { class: 'note' });
  let sorted = { column: -1, down: false };
  let wanted = '';

  const draw = (): void => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const found = rows.filter((row) => {
      const text = columns
        .map(({ key }) => key(row))
        .join(' ')
        .toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const { column, down } = sorted;
    if (column >= 0) found.sort((a, b) => compare(columns[column].key(a), columns[column].key(b)) * (down ? -1 : 1));
    body.replaceChildren(...found.slice(0, MOST_ROWS).map((row) => rowOf(columns, row)));
    const hidden = found.length - MOST_ROWS;
    const parts: string[] = [];
    if (words.length > 0) parts.push(`${counted(found.length, noun)} of ${rows.length}`);
    if (hidden > 0) parts.push(`${hidden} more than the ${MOST_ROWS} rows that are drawn at once: filter to see them`);
    note.textContent = parts.join('. ');
  };

  const heads = columns.map((column, index) => {
    const button = h('button', { type: 'button', click: () => sortBy(index) }, column.head);
    return h('th', { scope: 'col', title: column.title, class: column.class }, button);
  });
  const sortBy = (index: number): void => {
    sorted = { column: index, down: sorted.column === index && !sorted.down };
    heads.forEach((head, at) => {
      if (at === index) head.setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
    draw();
    say(`sorted by ${columns[index].head}, ${sorted.down ? 'descending' : 'ascending'}`);
  };
  const filter = h('input', {
    type: 'search',
    autocomplete: 'off',
    spellcheck: 'false',
    input: () => {
      wanted = filter.value;
      draw();
      say(note.textContent ?? '');
    },
  });
  draw();
  return h(
    'div',
    {},
    rows.length > 1 && h('label', { class: 'filter' }, `Filter ${noun}s `, filter),
    scroller(
      caption,
      h('table', {}, h('caption', { class: 'unseen' }, caption), h('thead', {}, h('tr', {}, heads)), body),
    ),
    note,
  );
}

function rowOf<T>(columns: readonly Column<T>[], row: T): HTMLElement {
  return h(
    'tr',
    {},
    columns.map((column) =>
      column.names === true
        ? h('th', { scope: 'row', class: column.class }, column.cell(row))
        : h('td', { class: column.class }, column.cell(row)),
    ),
  );
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

/** A table as it is. */
export function plainTable(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Child[])[],
  classes: readonly string[] = [],
): HTMLElement {
  return scroller(
    caption,
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map((head, index) => h('th', { scope: 'col', class: classes[index] }, head)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((cells) =>
          h(
            'tr',
            {},
            cells.map((cell, index) =>
              index === 0
                ? h('th', { scope: 'row', class: classes[0] }, cell)
                : h('td', { class: classes[index] }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}
