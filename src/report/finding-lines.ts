/** A finding as plain lines of text, for formats that have no markup of their own. */
import type { CauseResult, FindingResult } from '../campaign/records/result.js';
import { readablePlace } from '../text/demangle.js';
import { shorten } from '../text/escape.js';
import { shownPath } from '../text/path-in-folder.js';
import { describerOf } from './described-values.js';
import { ruleOf } from './rules.js';

/** Values shown by name before the rest is only counted: a shrunken case has three or fewer. */
const VALUES = 32;
/** Characters of a text that are shown. */
const LENGTH = 600;
const NOTHING_ELSE = { others: [], alsoBreaks: [] };

/** Other violations of a finding that are named before the rest is only counted. */
const NAMED = 12;

/** What else a finding shows: the same mistake in other slots and places, and what follows from it. */
export function alsoLines({
  others,
  alsoBreaks,
}: Pick<CauseResult, 'others' | 'alsoBreaks'>): [name: string, text: string][] {
  return [
    ...named(
      'as well',
      others.map(({ slot, place }) => `${slot} at ${place}`),
    ),
    ...named(
      'breaks',
      alsoBreaks.map(({ property, slot, place }) => `${property}: ${slot} at ${place}`),
    ),
  ];
}

function named(name: string, texts: readonly string[]): [name: string, text: string][] {
  const shown = texts
    .slice(0, NAMED)
    .map((text, index): [string, string] => [index === 0 ? name : '', shorten(text, LENGTH)]);
  const more = texts.length - shown.length;
  return more > 0 ? [...shown, ['', `and ${more} more`]] : shown;
}

/** From where the function was called in which the place lies, outwards; no line for the function under test itself. */
export function callerLines({ document: { callers = [] } }: Pick<FindingResult, 'document'>): [string, string][] {
  if (callers.length === 0) return [];
  const shown = callers.slice(0, NAMED).map((place) => shorten(readablePlace(place)));
  const more = callers.length - shown.length;
  return [['called', `at ${shown.join(', from ')}${more > 0 ? ` and ${more} more` : ''}`]];
}

/** `name  text`, in the order in which they are read. Every text is one line, and safe to print. */
export function findingLines(
  finding: FindingResult,
  replay: string,
  also: Pick<CauseResult, 'others' | 'alsoBreaks'> = NOTHING_ELSE,
): [name: string, text: string][] {
  const { property, clause, place, source, expected, actual, hits, scenario, accepted, unrepeated } = finding;
  const describe = describerOf(finding.case.contract, finding.words);
  const rule = ruleOf(property);
  const values = Object.entries(scenario);
  const shown = values.slice(0, VALUES).map(([name, value]): [string, string] => {
    const told = describe(name, value);
    return ['', `${told.name} = ${told.value}`];
  });
  const lines: [string, string][] = [
    ...(rule === undefined ? [] : [['rule', rule.rule] as [string, string]]),
    ['clause', clause],
    ['place', readablePlace(place)],
    ...callerLines(finding),
    ...(source === undefined ? [] : [['source', `${shownPath(source.file)}:${source.line}`] as [string, string]]),
    ['expected', expected],
    ['found', actual],
    ...alsoLines(also),
    ...(unrepeated === undefined ? [] : [['note', unrepeated] as [string, string]]),
    ['hits', `${hits.toLocaleString('en-US')} cases fail so`],
    ['scenario', values.length === 0 ? 'neutral: no value needs to differ' : 'neutral, but for:'],
    ...shown,
    ...(values.length > VALUES ? [['', `and ${values.length - VALUES} more`] as [string, string]] : []),
    ...(accepted === undefined ? [] : [['accepted', acceptance(accepted)] as [string, string]]),
    ...(rule === undefined ? [] : [['usual fix', rule.fix] as [string, string]]),
    ['replay', replay],
  ];
  return lines.map(([name, text]) => [name, shorten(text, LENGTH)]);
}

/** Why a finding is expected, and where that is written. */
export function acceptance({ reason, reference }: NonNullable<FindingResult['accepted']>): string {
  return reference === undefined ? reason : `${reason} (${reference})`;
}

/** In one line: what is wrong, and where. */
export function findingTitle({ property, slot, place }: FindingResult): string {
  return shorten(`${property}: ${slot} at ${place}`, LENGTH);
}

/** The same with the place of the call, for what is wrong in a function that the one under test calls. */
export function titleWithCaller(finding: FindingResult): string {
  const caller = finding.document.callers?.at(0);
  const title = findingTitle(finding);
  return caller === undefined ? title : shorten(`${title}, called at ${caller}`, LENGTH);
}

/** The lines of a finding in two columns. */
export function findingPlainText(finding: FindingResult, replay: string): string {
  return findingLines(finding, replay)
    .map(([name, text]) => `${name.padEnd(10)}${text}`)
    .join('\n');
}
