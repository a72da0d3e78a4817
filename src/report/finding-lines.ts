/** A finding as plain lines of text, for formats that have no markup of their own. */
import type { FindingResult } from '../campaign/records/result.js';
import { shorten } from '../text/escape.js';
import { ruleOf } from './rules.js';

/** Values shown by name before the rest is only counted: a shrunken case has three or fewer. */
const VALUES = 32;
/** Characters of a text that are shown. */
const LENGTH = 600;

/** `name  text`, in the order in which they are read. Every text is one line, and safe to print. */
export function findingLines(finding: FindingResult, replay: string): [name: string, text: string][] {
  const { property, clause, place, source, expected, actual, hits, scenario, accepted, unrepeated } = finding;
  const rule = ruleOf(property);
  const values = Object.entries(scenario);
  const shown = values.slice(0, VALUES).map(([name, value]): [string, string] => ['', `${name} = ${value}`]);
  const lines: [string, string][] = [
    ...(rule === undefined ? [] : [['rule', rule.rule] as [string, string]]),
    ['clause', clause],
    ['place', place],
    ...(source === undefined ? [] : [['source', `${source.file}:${source.line}`] as [string, string]]),
    ['expected', expected],
    ['found', actual],
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

/** The lines of a finding in two columns. */
export function findingPlainText(finding: FindingResult, replay: string): string {
  return findingLines(finding, replay)
    .map(([name, text]) => `${name.padEnd(10)}${text}`)
    .join('\n');
}
