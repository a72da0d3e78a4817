/** The requirements view as text: which clause of the ABI is checked by what, for a terminal and as Markdown. */
import { colours as pc } from '../text/colours.js';
import type { RequirementRow } from '../requirements/rows.js';
import { fittedTable } from './fitted-table.js';

const HEAD = ['clause', 'what it says', 'source', 'standing', 'checked by', 'targets', 'cases', 'proved by'] as const;
export const UNCHECKED = 'UNCHECKED';

/** A table for each area, and what is missing: clauses that nobody checks, and checks that nothing proves. */
export function requirementTables(rows: readonly RequirementRow[]): string {
  const tables = areasOf(rows).map(([area, own]) => {
    const lines = own.map((row) => cellsOf(row, { unchecked: pc.red(UNCHECKED), unproved: pc.yellow('nothing') }));
    return `${pc.bold(area)}\n${fittedTable(lines.map((cells) => narrow(cells)))}`;
  });
  const unchecked = rows.filter(isUnchecked);
  const missing = unchecked.map(({ id, gap }) => [pc.red(UNCHECKED), id, gap]);
  const list = unchecked.length === 0 ? [] : [fittedTable(missing)];
  return [...tables, ...list, summary(rows)].join('\n\n');
}

/** One line: `169 of 201 clauses are checked, 32 are UNCHECKED; ...`. */
function summary(rows: readonly RequirementRow[]): string {
  const unchecked = rows.filter(isUnchecked).length;
  const unproved = rows.filter((row) => !isUnchecked(row) && row.evidence.length === 0).length;
  const text = `${rows.length - unchecked} of ${rows.length} clauses are checked, ${unchecked} are ${UNCHECKED}`;
  const proof = `nothing shows of ${unproved} that the check can fail`;
  return `${unchecked > 0 ? pc.red(text) : text}; ${unproved > 0 ? pc.yellow(proof) : proof}`;
}

function isUnchecked({ checkedBy }: RequirementRow): boolean {
  return checkedBy.length === 0;
}

function areasOf(rows: readonly RequirementRow[]): [string, RequirementRow[]][] {
  const areas = new Map<string, RequirementRow[]>();
  for (const row of rows) areas.set(row.area, [...(areas.get(row.area) ?? []), row]);
  return [...areas];
}

/** The cells of a row as a terminal has room for them: what nobody checks is called so beside its name. */
function narrow([id, statement, source, standing, checkedBy, targets, cases, proved]: readonly string[]): string[] {
  const where = `${standing}: ${source}`;
  if (targets === '-') return [`${id}  ${checkedBy}`, statement, where, ''];
  const checked = `checked by ${checkedBy} on ${targets} targets, in ${cases} cases; proved by ${proved}`;
  return [id, statement, checked, where];
}

interface Marks {
  readonly unchecked: string;
  readonly unproved: string;
}

function cellsOf(row: RequirementRow, { unchecked, unproved }: Marks): string[] {
  const { id, statement, source, standing, checkedBy, targets, cases, evidence } = row;
  if (isUnchecked(row)) return [id, statement, source, standing, unchecked, '-', '-', '-'];
  const proved = evidence.length === 0 ? unproved : provedBy(evidence);
  const checks = checkedBy.join(', ');
  return [id, statement, source, standing, checks, String(targets.length), String(cases), proved];
}

/** `2 twins, at least 40 mutants` */
function provedBy(evidence: readonly string[]): string {
  const twins = evidence.filter((text) => text.startsWith('twin ')).length;
  const others = evidence.filter((text) => !text.startsWith('twin '));
  return [...(twins > 0 ? [`${twins} twin${twins === 1 ? '' : 's'}`] : []), ...others].join(', ');
}

/** The same as Markdown. */
export function requirementsMarkdown(rows: readonly RequirementRow[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const marks = { unchecked: `**${UNCHECKED}**`, unproved: 'nothing' };
  const tables = areasOf(rows).flatMap(([area, own]) => [
    `## ${area[0].toUpperCase()}${area.slice(1)}`,
    '',
    line(HEAD),
    line(HEAD.map(() => '---')),
    ...own.map((row) => line(cellsOf(row, marks))),
    '',
  ]);
  return ['# Requirements', '', ...tables].join('\n');
}
