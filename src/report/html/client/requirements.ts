/** The requirements view: each clause of the ABI, who checks it, and what proves that the check can fail. */
import type { PageData, PageRequirement } from '../page-data.js';
import { type Child, count, counted, h } from './dom.js';
import { dataTable } from './table.js';

export function requirementsPage({ requirements }: PageData): Child[] {
  const rows = requirements ?? [];
  const unchecked = rows.filter(isUnchecked).length;
  return [
    h('h1', {}, 'Requirements'),
    h(
      'p',
      { class: 'aside' },
      'This page is about tdxfuzz, not about your code: which clauses of the ABI it checks, by what, and what proves that the check can fail. It has no part in the verdict.',
    ),
    h(
      'p',
      { class: 'lead' },
      `${counted(rows.length, 'clause')} of the ABI, `,
      unchecked === 0
        ? 'each checked by a property.'
        : h('span', { class: 'bad' }, `✗ ${count(unchecked)} checked by nothing.`),
    ),
    dataTable(
      'Requirements',
      'clause',
      [
        { head: 'Clause', names: true, key: ({ id }) => id, cell: ({ id }) => id },
        { head: 'Statement', class: 'wide', key: ({ statement }) => statement, cell: ({ statement }) => statement },
        { head: 'Standing', key: ({ standing }) => standing, cell: ({ standing }) => standing },
        {
          head: 'Checked by',
          class: 'wide',
          key: (row) => (isUnchecked(row) ? 'unchecked' : row.checkedBy.join(' ')),
          cell: (row) => (isUnchecked(row) ? h('span', { class: 'bad' }, '✗ unchecked') : row.checkedBy.join(', ')),
        },
        { head: 'Targets', key: ({ targets }) => targets.join(' '), cell: ({ targets }) => folded(targets, 'target') },
        { head: 'Cases', class: 'number', key: ({ cases }) => cases, cell: ({ cases }) => count(cases) },
        {
          head: 'Can fail: mutants and twins',
          key: ({ evidence }) => evidence.join(' '),
          cell: ({ evidence }) => folded(evidence, 'proof'),
        },
        { head: 'Source', class: 'wide', key: ({ source }) => source, cell: ({ source }) => source },
      ],
      rows,
    ),
  ];
}

function isUnchecked({ checkedBy }: PageRequirement): boolean {
  return checkedBy.length === 0;
}

/** A long list behind its length. */
function folded(items: readonly string[], noun: string): Child {
  if (items.length === 0) return h('span', { class: 'open' }, 'none');
  if (items.length <= 2) return items.join(', ');
  return h('details', {}, h('summary', {}, counted(items.length, noun)), items.join(', '));
}
