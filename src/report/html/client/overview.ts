/** The first page: the verdict, the findings, the targets, and how each property stands on each target. */
import type { PageData, PageFinding, PageTarget, PropertyStatus } from '../page-data.js';
import { type Child, code, count, counted, facts, h, link, scroller, unseen } from './dom.js';
import { findingHash } from './state.js';
import { type Column, dataTable } from './table.js';

/** Status as it is shown: a sign, a short word, the class that colours both. */
const STATUS: Readonly<Record<PropertyStatus, readonly [sign: string, word: string, name: string]>> = {
  holds: ['✓', 'holds', 'good'],
  violated: ['✗', 'violated', 'bad'],
  'holds by decode': ['✓', 'by decode', 'good'],
  'not evaluated': ['?', 'not eval.', 'open'],
  'not applicable': ['–', 'n/a', 'none'],
};

/** The status as a sign and a word. */
export function statusText(status: PropertyStatus): HTMLElement {
  const [sign, , name] = STATUS[status];
  return h('span', { class: name }, h('span', { 'aria-hidden': 'true' }, `${sign} `), status);
}

export function overviewPage(data: PageData): Child[] {
  const { totals, verdict } = data;
  const perCase = totals.cases === 0 ? '0' : (totals.executions / totals.cases).toFixed(2);
  const sign = { found: '✗', clean: '✓', undecided: '?' }[verdict.kind];
  const tone = { found: 'bad', clean: 'good', undecided: 'open' }[verdict.kind];
  return [
    h('h1', { class: tone }, h('span', { 'aria-hidden': 'true' }, `${sign} `), verdict.text),
    h(
      'p',
      { class: 'lead' },
      `${counted(totals.cases, 'case')} on ${counted(totals.targets, 'target')}, ${perCase} executions each, ` +
        `in ${(data.milliseconds / 1000).toFixed(1)} s on ${counted(data.workers, 'worker')}. tdxfuzz ${data.tool}, seed `,
      code(data.seed),
      data.interrupted && '. The run was interrupted: what is not here was not looked at',
      '.',
    ),
    data.about.length > 0 && facts(data.about.map(([name, text]) => [name, code(text)])),
    h('h2', {}, `Findings (${count(totals.findings)})`),
    totals.findings === 0
      ? h('p', {}, 'None.')
      : dataTable(
          'Findings',
          'finding',
          findingColumns(data),
          data.findings.map((finding, index) => ({ finding, index })),
        ),
    h('h2', {}, `Targets (${count(totals.targets)})`),
    dataTable(
      'Targets',
      'target',
      TARGET_COLUMNS,
      data.targets.map((target, index) => ({ target, index })),
    ),
    h('h2', {}, 'Properties by target'),
    matrix(data),
  ];
}

type FindingRow = { finding: PageFinding; index: number };

export function findingColumns(data: PageData): Column<FindingRow>[] {
  const { targets } = data;
  return [
    { head: '#', key: ({ index }) => index + 1, cell: ({ index }) => index + 1, class: 'number' },
    {
      head: 'Property',
      names: true,
      key: ({ finding }) => finding.property,
      cell: ({ finding, index }) => [link(findingHash(data, index), finding.property)],
    },
    {
      head: 'Standing',
      title:
        'new; still: an earlier night had it; accepted by a rule of the project; known: a defect of a released kernel',
      key: ({ finding }) => finding.standing,
      cell: ({ finding: { standing, since } }) =>
        h('span', { class: `standing ${standing}` }, since === '' ? standing : `${standing}, since ${since}`),
    },
    { head: 'Slot', key: ({ finding }) => finding.slot, cell: ({ finding }) => code(finding.slot) },
    {
      head: 'Place',
      key: ({ finding }) => `${finding.place} ${finding.source}`,
      cell: ({ finding }) => [
        code(finding.place),
        finding.source !== '' && h('span', { class: 'line-of' }, finding.source),
      ],
    },
    {
      head: 'Target',
      key: ({ finding }) => targets[finding.target].name,
      cell: ({ finding }) => link(`#/target/${finding.target + 1}`, targets[finding.target].name),
    },
    {
      head: 'Values',
      title: 'Values of the shrunken case that differ from neutral',
      key: ({ finding }) => differing(finding),
      cell: ({ finding }) => differing(finding),
      class: 'number',
    },
    {
      head: 'Hits',
      title: 'Cases that failed so',
      key: ({ finding }) => finding.hits,
      cell: ({ finding }) => count(finding.hits),
      class: 'number',
    },
  ];
}

function differing({ values }: FindingRow['finding']): number {
  return values.filter(({ neutral }) => !neutral).length;
}

type TargetRow = { target: PageTarget; index: number };

const TARGET_COLUMNS: Column<TargetRow>[] = [
  {
    head: 'Target',
    names: true,
    key: ({ target }) => target.name,
    cell: ({ target, index }) => link(`#/target/${index + 1}`, target.name),
  },
  { head: 'Verdict', key: ({ target }) => verdictWord(target), cell: ({ target }) => verdictOf(target) },
  { head: 'Contract', key: ({ target }) => target.contract, cell: ({ target }) => code(target.contract) },
  statusColumn('Hold', ['holds', 'holds by decode']),
  statusColumn('Violated', ['violated']),
  statusColumn('Not evaluated', ['not evaluated']),
  { head: 'Cases', key: ({ target }) => target.cases, cell: ({ target }) => count(target.cases), class: 'number' },
  {
    head: 'Instructions',
    title: 'Instructions that were executed',
    key: ({ target }) => coverageOf(target).share,
    cell: ({ target }) => coverageOf(target).instructions,
    class: 'number',
  },
  {
    head: 'Branches',
    title: 'Directions of conditional branches that were taken',
    key: ({ target }) => coverageOf(target).branchShare,
    cell: ({ target }) => coverageOf(target).directions,
    class: 'number',
  },
];

function statusColumn(head: string, statuses: readonly PropertyStatus[]): Column<TargetRow> {
  const number = ({ properties }: PageTarget): number =>
    properties.filter(({ status }) => statuses.includes(status)).length;
  return { head, key: ({ target }) => number(target), cell: ({ target }) => number(target), class: 'number' };
}

function verdictWord({ problem, findings, properties }: PageTarget): string {
  if (problem !== '' || !properties.some(({ status }) => status === 'holds' || status === 'violated'))
    return 'no verdict';
  return findings.length > 0 ? counted(findings.length, 'finding') : 'holds';
}

export function verdictOf(target: PageTarget): HTMLElement {
  const word = verdictWord(target);
  const [sign, name] = word === 'holds' ? ['✓', 'good'] : word === 'no verdict' ? ['?', 'open'] : ['✗', 'bad'];
  return h('span', { class: name }, h('span', { 'aria-hidden': 'true' }, `${sign} `), word);
}

function coverageOf({ coverage }: PageTarget): {
  share: number;
  instructions: string;
  branchShare: number;
  directions: string;
} {
  let [reached, instructions, taken, directions] = [0, 0, 0, 0];
  for (const code of coverage) {
    reached += code.reached.length;
    instructions += code.instructions;
    taken += code.taken.length;
    directions += code.directions;
  }
  return {
    share: instructions === 0 ? 0 : reached / instructions,
    instructions: `${count(reached)} / ${count(instructions)}`,
    branchShare: directions === 0 ? 1 : taken / directions,
    directions: `${count(taken)} / ${count(directions)}`,
  };
}

/** Targets and properties; a property that applies to no target has no column. */
function matrix({ targets }: PageData): Child {
  const names = [
    ...new Set(
      targets.flatMap(({ properties }) =>
        properties.filter(({ status }) => status !== 'not applicable').map(({ name }) => name),
      ),
    ),
  ];
  const head = h(
    'tr',
    {},
    h('th', { scope: 'col' }, 'Target'),
    names.map((name) => h('th', { scope: 'col', class: 'upright' }, h('span', {}, name))),
  );
  const rows = targets.map(({ name, properties }, index) => {
    const own = new Map(properties.map((property) => [property.name, property]));
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, link(`#/target/${index + 1}`, name)),
      names.map((property) => h('td', { class: 'status' }, cell(own.get(property)?.status))),
    );
  });
  return [
    h(
      'p',
      { class: 'note' },
      '✓ holds, or holds by decode (the code cannot even touch the state concerned); ✗ violated; ? not evaluated; – does not apply; empty: says nothing of such a target. Cases and reasons are on the page of the target.',
    ),
    scroller(
      'Properties by target',
      h(
        'table',
        { class: 'matrix' },
        h('caption', { class: 'unseen' }, 'Properties by target'),
        h('thead', {}, head),
        h('tbody', {}, rows),
      ),
    ),
  ];
}

function cell(status: PropertyStatus | undefined): Child {
  if (status === undefined) return unseen('not listed');
  const [sign, word, name] = STATUS[status];
  return h('span', { class: name }, h('span', { 'aria-hidden': 'true' }, sign), h('small', {}, word));
}
