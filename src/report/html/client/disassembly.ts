/** The code of a target with what the cases reached painted on it. */
import type { PageCoverage, PageData, PageInstruction } from '../page-data.js';
import { type Child, code, count, h, link, scroller } from './dom.js';
import { findingHash } from './state.js';

/** Findings by the place that they blame: indices in PageData.findings. */
export type Blamed = ReadonlyMap<string, readonly number[]>;

/** One function, folded; its lines are made when it is opened. */
export function functionListing(
  coverage: PageCoverage,
  data: PageData,
  blamed: Blamed,
  open: boolean,
): HTMLDetailsElement {
  const { symbol, instructions, directions, reached, taken } = coverage;
  const missing = instructions - reached.length;
  const blames = [...blamed.keys()].filter((place) => place.startsWith(`${symbol}+`)).length;
  const details = h(
    'details',
    { class: 'function', 'data-symbol': symbol },
    h(
      'summary',
      {},
      code(symbol),
      h(
        'span',
        { class: 'counts' },
        `${count(reached.length)} of ${count(instructions)} instructions, ${count(taken.length)} of ${count(directions)} directions`,
      ),
      missing > 0 && h('span', { class: 'open' }, `${count(missing)} not executed`),
      blames > 0 && h('span', { class: 'bad' }, `✗ ${count(blames)} blamed`),
    ),
  );
  const fill = (): void => {
    if (details.childElementCount === 1) details.append(...lines(coverage, data, blamed));
  };
  details.addEventListener('toggle', () => {
    if (details.open) fill();
  });
  if (open) {
    fill();
    details.open = true;
  }
  return details;
}

const HEADS = ['Executed', 'Branch', 'Offset', 'Bytes', 'Instruction', 'Blamed by'];

function lines(coverage: PageCoverage, data: PageData, blamed: Blamed): HTMLElement[] {
  if (coverage.listing < 0)
    return [
      h(
        'p',
        { class: 'note' },
        'No listing of this function came with the result; run fuzz with this version to get one.',
      ),
    ];
  const { lines: instructions, leftOut } = data.functions[coverage.listing];
  const reached = new Set(coverage.reached);
  const taken = new Set(coverage.taken.map(([branch, to]) => `${branch} ${to}`));
  let last = '';
  const rows = instructions.flatMap((line) => {
    const place = `${coverage.symbol}+0x${line.o.toString(16)}`;
    const executed = reached.has(line.o);
    const findings = blamed.get(place) ?? [];
    const source = sourceOf(line, data);
    const isOther = source !== '' && source !== last;
    if (isOther) last = source;
    const row = h(
      'tr',
      {
        class: [executed ? 'reached' : 'missed', findings.length > 0 ? 'blamed' : ''].join(' ').trim(),
        'data-place': place,
      },
      h('td', { class: executed ? 'good' : 'open' }, executed ? '● executed' : '○ not executed'),
      h('td', {}, branchText(line, taken, executed)),
      h('th', { scope: 'row', class: 'number' }, code(`+0x${line.o.toString(16)}`)),
      h('td', { class: 'bytes' }, code(line.b.replaceAll(/../g, '$& ').trim())),
      h('td', {}, code(line.t)),
      h(
        'td',
        {},
        findings.map((index): Child => [link(findingHash(data, index), `✗ ${data.findings[index].property}`), ' ']),
      ),
    );
    if (!isOther) return [row];
    return [
      h('tr', { class: 'source' }, h('td', { colspan: HEADS.length }, h('span', { class: 'line-of' }, source))),
      row,
    ];
  });
  const caption = `Code of ${coverage.symbol}`;
  const table = h(
    'table',
    { class: 'listing' },
    h('caption', { class: 'unseen' }, caption),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        HEADS.map((head) => h('th', { scope: 'col' }, head)),
      ),
    ),
    h('tbody', {}, rows),
  );
  const note =
    leftOut > 0
      ? [
          h(
            'p',
            { class: 'note' },
            `${count(leftOut)} more instructions are left out: a report shows 10,000 of one function and 200,000 of all.`,
          ),
        ]
      : [];
  return [scroller(caption, table), ...note];
}

function sourceOf({ s }: PageInstruction, { files }: PageData): string {
  return s === undefined ? '' : `${files[s[0]]}:${s[1]}`;
}

/** Which ways a conditional branch went. */
function branchText({ o, b, j }: PageInstruction, taken: ReadonlySet<string>, executed: boolean): Child {
  if (j === undefined || !executed) return '';
  const jumped = taken.has(`${o} ${j}`);
  const fell = taken.has(`${o} ${o + b.length / 2}`);
  if (jumped && fell) return h('span', { class: 'good' }, 'both ways');
  return h('span', { class: 'open' }, jumped ? 'only taken' : fell ? 'never taken' : 'neither');
}
