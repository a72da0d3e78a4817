/**
 * The step summary of GitHub Actions: Markdown whose tables and texts are HTML blocks. In these no Markdown is read, so
 * that somebody else's text needs only HTML's escaping; it stands in <code>, where GitHub makes neither links nor mentions.
 * A block has no blank line, which would end it.
 */
import {
  type CauseResult,
  causesOfTarget,
  type FindingResult,
  gapOf,
  noVerdict,
  type PropertyResult,
  type RunResult,
  targetIsJudged,
  type TargetResult,
} from '../campaign/records/result.js';
import { describeAssumptions } from '../contract/contract.js';
import { shorten } from '../text/escape.js';
import { disassemblyAround } from './disassembly.js';
import { acceptance, findingLines } from './finding-lines.js';
import type { ReportContext } from './formats.js';

/** GitHub refuses a summary of more than 1024 KiB for one step, the whole of it. */
export const SUMMARY_LIMIT = 1024 * 1024;
/** Kept free for the lines that say what was left out. */
const RESERVE = 2048;
/** A table of more rows is folded. */
const OPEN_ROWS = 8;
/** Instructions before and after the one to blame. */
const CONTEXT = 4;

export function stepSummary(run: RunResult, { replay }: ReportContext): string {
  const { targets } = run.result;
  const summary = new Summary();
  summary.add(`## tdxfuzz: ${verdict(run)}`);
  summary.add(totals(run));
  for (const { target, hint } of targets)
    if (hint !== undefined) summary.add(`<p><strong>${code(target)}</strong>: ${code(hint.text)}</p>`);
  const unjudged = targets.filter((target) => !targetIsJudged(target));
  summary.addAll(
    unjudged.map((target) => () => problem(target)),
    'targets without a verdict',
  );
  const findings = targets.flatMap((target) => causesOfTarget(target).map((cause) => ({ target, cause })));
  summary.addAll(
    findings.map(
      ({ target, cause }, index) =>
        () =>
          section(cause, target, replay(cause.finding), `Finding ${index + 1} of ${findings.length}`),
    ),
    'findings',
  );
  summary.addAll(
    targets.map((target) => () => table(target)),
    'tables of targets',
  );
  return summary.text();
}

/** Blocks with a blank line between them, as long as there is room. */
class Summary {
  private readonly blocks: string[] = [];
  private readonly left: string[] = [];
  private room = SUMMARY_LIMIT - RESERVE;

  /** @returns false if there was no room for it */
  add(block: string): boolean {
    const size = Buffer.byteLength(block) + 2;
    if (size > this.room) return false;
    this.room -= size;
    this.blocks.push(block);
    return true;
  }

  /** Adds blocks up to the first one that does not fit. */
  addAll(blocks: readonly (() => string)[], what: string): void {
    const first = blocks.findIndex((block) => !this.add(block()));
    if (first >= 0) this.left.push(`${number(blocks.length - first)} of ${number(blocks.length)} ${what}`);
  }

  text(): string {
    if (this.left.length > 0)
      this.blocks.push(
        `**Left out**, since GitHub takes no more than 1 MiB: ${this.left.join(', ')}. The whole result is in its JSON.`,
      );
    return `${this.blocks.join('\n\n')}\n`;
  }
}

const number = (value: number): string => value.toLocaleString('en-US');
const counted = (count: number, word: string): string => `${number(count)} ${word}${count === 1 ? '' : 's'}`;

/** Text of HTML, on one line. */
function html(text: string): string {
  return shorten(text, 600)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const code = (text: string): string => `<code>${html(text)}</code>`;

function verdict(run: RunResult): string {
  const { targets } = run.result;
  const gap = gapOf(run);
  const findings = targets.flatMap(causesOfTarget);
  const accepted = findings.filter(({ isAccepted }) => isAccepted).length;
  const unjudged = targets.filter((target) => !targetIsJudged(target)).length;
  return [
    ...(gap === undefined ? [] : [gap]),
    ...(unjudged > 0 ? [`${number(unjudged)} of ${counted(targets.length, 'target')} without a verdict`] : []),
    findings.length === 0 ? 'nothing found' : counted(findings.length, 'finding'),
    ...(accepted > 0 ? [`${number(accepted)} of them accepted`] : []),
  ].join(', ');
}

function totals({ result, run }: RunResult): string {
  const cases = result.targets.reduce((sum, target) => sum + target.cases, 0);
  const seconds = (run.milliseconds / 1000).toFixed(1);
  return (
    `<p>${counted(cases, 'case')} on ${counted(result.targets.length, 'target')} in ${seconds} s. ` +
    `Seed ${code(result.seed)}, tdxfuzz ${code(result.tool)}.</p>`
  );
}

function problem(target: TargetResult): string {
  return `<p><strong>No verdict</strong> on ${code(target.target)}: ${code(noVerdict(target) ?? '')}</p>`;
}

function section(cause: CauseResult, target: TargetResult, replay: string, title: string): string {
  const { finding } = cause;
  const { property, slot, place, accepted } = finding;
  const rows = findingLines(finding, replay, cause).map(
    ([name, text]) => `<tr><th align="left">${name}</th><td>${code(text)}</td></tr>`,
  );
  return [
    `<h3>${title}: ${code(property)}: ${code(slot)} at ${code(place)}</h3>`,
    `<p>On ${code(target.target)} in ${code(target.image)}.${accepted === undefined ? '' : ` Accepted: ${code(acceptance(accepted))}`}</p>`,
    '<table>',
    ...rows,
    '</table>',
    ...listing(finding),
  ].join('\n');
}

function listing({ case: file, place }: FindingResult): string[] {
  const lines = disassemblyAround(file, place, CONTEXT);
  if (lines.length === 0) return [];
  const width = Math.max(...lines.map(({ offset }) => offset.length));
  const bytes = Math.max(...lines.map((line) => line.bytes.length));
  const text = lines.map((line) =>
    html(`${line.blamed ? '>' : ' '} ${line.offset.padEnd(width)}  ${line.bytes.padEnd(bytes)}  ${line.text}`),
  );
  return ['<details>', '<summary>disassembly</summary>', `<pre>${text.join('\n')}`, '</pre>', '</details>'];
}

const MARKS: Readonly<Record<PropertyResult['status'], string>> = {
  holds: '✅ holds',
  violated: '❌ violated',
  'holds by decode': '✅ holds by decode',
  'not applicable': '➖ not applicable',
  'not evaluated': '⚠️ not evaluated',
};

function table(target: TargetResult): string {
  const { properties, cases, contract } = target;
  const rows = properties.map(
    ({ property, status, cases: judged, reason }) =>
      `<tr><td>${code(property)}</td><td align="right">${number(judged)}</td>` +
      `<td>${MARKS[status]}${reason === undefined ? '' : `: ${code(reason)}`}</td></tr>`,
  );
  const count = (status: PropertyResult['status']): number => properties.filter((one) => one.status === status).length;
  const states = Object.entries(MARKS)
    .map(([status, mark]) => ({ mark, many: count(status as PropertyResult['status']) }))
    .filter(({ many }) => many > 0)
    .map(({ mark, many }) => `${mark}: ${many}`);
  const assumptions = describeAssumptions(target.assumes);
  const assumes = assumptions === undefined ? '' : `. Assumes ${code(assumptions)}`;
  const title = `${code(target.target)}, contract ${code(contract)}, ${counted(cases, 'case')}. ${states.join(', ')}${assumes}`;
  const head = '<tr><th>property</th><th>cases</th><th>result</th></tr>';
  const lines = ['<table>', head, ...rows, '</table>'];
  if (rows.length <= OPEN_ROWS) return [`<p>${title}</p>`, ...lines].join('\n');
  return ['<details>', `<summary>${title}</summary>`, ...lines, '</details>'].join('\n');
}
