/**
 * Annotations of GitHub Actions: workflow commands on standard output, which the runner shows at the line of source in a pull
 * request (GitHub Docs, "Workflow commands for GitHub Actions"). A line is one command: whatever comes from an image is
 * escaped, so that no name of a symbol can end a command or begin another.
 */
import {
  type CauseResult,
  causesOfTarget,
  gapOf,
  neverInForce,
  noVerdict,
  type RunResult,
  type TargetResult,
} from '../campaign/records/result.js';
import { describeAssumptions } from '../contract/contract.js';
import { shorten } from '../text/escape.js';
import { shownPath } from '../text/path-in-folder.js';
import { findingLines, findingTitle } from './finding-lines.js';
import type { ReportContext } from './formats.js';

/** Lines of a finding that an annotation tells: the rest is in the report. */
const TOLD = new Set(['rule', 'place', 'expected', 'found', 'note', 'usual fix', 'replay']);

export function annotations(whole: RunResult, { replay }: ReportContext): string {
  const { targets } = whole.result;
  const gap = gapOf(whole);
  const causes = targets.flatMap((target) => causesOfTarget(target).map((cause) => ({ target, cause })));
  const open = causes.filter(({ cause }) => !cause.isAccepted);
  const unjudged = targets.flatMap((target) => {
    const why = noVerdict(target);
    return why === undefined || gap !== undefined ? [] : [`${shorten(target.target)}: ${shorten(why, 400)}`];
  });
  const cases = targets.reduce((sum, target) => sum + target.cases, 0);
  const total = `${count(open.length, 'finding')}${causes.length > open.length ? `, ${causes.length - open.length} accepted` : ''} in ${count(cases, 'case')} on ${count(targets.length, 'target')}`;
  return [
    // What is missing comes first: the runner shows no more than ten errors of a step.
    ...(gap === undefined ? [] : [command('error', { title: 'tdxfuzz: not complete' }, gap)]),
    ...unjudged.map((text) => command('error', { title: 'tdxfuzz: no verdict' }, text)),
    ...targets.flatMap(doubts).map(([title, text]) => command('warning', { title: `tdxfuzz: ${title}` }, text)),
    ...open.map(({ target, cause }) => annotation(target.target, cause, replay(cause.finding))),
    command('notice', { title: 'tdxfuzz' }, total),
  ].join('');
}

/** What a verdict on a target does not say. */
function doubts(target: TargetResult): [title: string, text: string][] {
  const name = shorten(target.target);
  const never = neverInForce(target);
  const assumes = describeAssumptions(target.assumes);
  return [
    ...(never.length === 0 ? [] : [['in force in no case', `${name}: ${never.join(', ')}`] as [string, string]]),
    ...(assumes === undefined ? [] : [['assumes', `${name}: ${assumes}`] as [string, string]]),
  ];
}

function annotation(target: string, cause: CauseResult, replay: string): string {
  const { finding } = cause;
  const { source } = finding;
  const lines = findingLines(finding, replay, cause)
    .filter(([name]) => TOLD.has(name))
    .map(([name, text]) => `${name}: ${text}`);
  const where = source === undefined ? {} : { file: shownPath(source.file), line: String(source.line) };
  return command(
    'error',
    { ...where, title: `tdxfuzz: ${findingTitle(finding)}` },
    [`target: ${shorten(target)}`, ...lines].join('\n'),
  );
}

/** One command, with its newline. Properties are escaped further than the message: they end at `,` and `::`. */
function command(
  kind: 'error' | 'warning' | 'notice',
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const given = Object.entries(properties).map(([name, value]) => `${name}=${escapedProperty(value)}`);
  return `::${kind} ${given.join(',')}::${escapedMessage(message)}\n`;
}

/** The older form of a command, `##[name]`, begins anywhere in a line: it is taken apart. */
function escapedMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('##[', '# #[');
}

function escapedProperty(text: string): string {
  return escapedMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

const count = (value: number, word: string): string =>
  `${value.toLocaleString('en-US')} ${word}${value === 1 ? '' : 's'}`;
