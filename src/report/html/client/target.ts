/** The page of one target: its properties, the classes of its cases, its code. */
import type { PageData } from '../page-data.js';
import { type Child, code, count, facts, h } from './dom.js';
import { functionListing } from './disassembly.js';
import { findingColumns, statusText, verdictOf } from './overview.js';
import { dataTable, plainTable } from './table.js';

/** @param place `symbol+0x1c`: the line of code to show, or empty */
export function targetPage(data: PageData, index: number, place: string): Child[] {
  const target = data.targets[index];
  const findings = target.findings.map((number) => ({ finding: data.findings[number], index: number }));
  const blamed = new Map<string, number[]>();
  for (const { finding, index: number } of findings)
    blamed.set(finding.place, [...(blamed.get(finding.place) ?? []), number]);
  const wanted = place === '' ? '' : place.slice(0, place.lastIndexOf('+'));
  const empty = target.classes.filter(({ cases }) => cases === 0).length;
  return [
    h('h1', {}, target.name),
    h('p', { class: 'lead' }, verdictOf(target), target.problem !== '' && `: ${target.problem}`),
    facts([
      ['Contract', code(target.contract)],
      ['Assumes', target.assumes],
      ['Image', [code(target.image), ' ', h('span', { class: 'quiet' }, `sha256 ${target.imageHash.slice(0, 16)}…`)]],
      [
        'Cases',
        `${count(target.cases)} fresh, ${count(target.replayed)} stored, ${count(target.executions)} executions`,
      ],
      ['Seed', code(target.seed)],
      ['Code and contract', h('span', { class: 'quiet' }, `fingerprint ${target.fingerprint.slice(0, 16)}…`)],
    ]),
    findings.length > 0 && [h('h2', {}, 'Findings'), dataTable('Findings', 'finding', findingColumns(data), findings)],
    h('h2', {}, 'Properties'),
    plainTable(
      'Properties',
      ['Property', 'Status', 'Cases', 'Reason'],
      target.properties.map(({ name, status, cases, reason }) => [
        name,
        statusText(status),
        status === 'holds' || status === 'violated' ? count(cases) : '–',
        reason,
      ]),
      ['', '', 'number', 'wide'],
    ),
    h('h2', {}, 'Coverage on the code'),
    h(
      'p',
      { class: 'note' },
      'What the cases of this run executed. A conditional branch went both ways, was only taken, or never taken.',
    ),
    target.coverage.length === 0 && h('p', {}, 'Nothing was executed.'),
    target.coverage.map((coverage, at) =>
      functionListing(coverage, data, blamed, coverage.symbol === wanted || (wanted === '' && at === 0)),
    ),
    h('h2', {}, 'Classes of cases'),
    h(
      'p',
      { class: 'note' },
      empty === 0
        ? `All ${target.classes.length} classes were exercised.`
        : `${count(empty)} of ${target.classes.length} classes were not exercised.`,
    ),
    plainTable(
      'Classes of cases',
      ['Class', 'Cases', 'Exercised'],
      [...target.classes]
        .sort((a, b) => Number(a.cases > 0) - Number(b.cases > 0))
        .map(({ name, cases }) => [
          name,
          count(cases),
          cases === 0 ? h('span', { class: 'open' }, '○ not exercised') : h('span', { class: 'good' }, '● exercised'),
        ]),
      ['', 'number', ''],
    ),
  ];
}

/** Brings the line of a place into view. @returns whether there is one */
export function showPlace(page: HTMLElement, place: string): boolean {
  const row = [...page.querySelectorAll<HTMLElement>('tr[data-place]')].find(
    ({ dataset }) => dataset['place'] === place,
  );
  if (row === undefined) return false;
  row.setAttribute('aria-current', 'true');
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: 'center' });
  return true;
}
