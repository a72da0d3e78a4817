/** One finding in full, as a person reads it in a terminal: rendered from its record alone. */
import type { CauseResult, FindingResult } from '../campaign/records/result.js';
import type { CaseFile } from '../stored/case-schema.js';
import { colours as pc } from '../text/colours.js';
import { readablePlace } from '../text/demangle.js';
import { shorten } from '../text/escape.js';
import { shownPath } from '../text/path-in-folder.js';
import { type Describe, describerOf } from './described-values.js';
import { alsoLines, callerLines } from './finding-lines.js';
import { INDENT, neutralInputs, verdictText } from './input-text.js';
import { plainTable } from './plain-table.js';
import { ruleOf } from './rules.js';
import { storyText } from './story-text.js';
import { traceText } from './trace-text.js';

/** Steps shown before and after the instruction to blame. */
const CONTEXT = 4;

/** What is told: a finding, or a violation that was seen just now. */
export type ToldFinding = Pick<
  FindingResult,
  'property' | 'clause' | 'place' | 'expected' | 'actual' | 'scenario' | 'document'
> &
  Partial<Pick<FindingResult, 'hits' | 'inputs' | 'source' | 'unrepeated' | 'words'>> & {
    readonly case: Pick<CaseFile, 'contract'>;
  };

export interface FindingTextOptions {
  readonly title: string;
  /** The command line that repeats it, if there is one. */
  readonly replay?: string | undefined;
  /** What else the same mistake shows. */
  readonly also?: Pick<CauseResult, 'others' | 'alsoBreaks'> | undefined;
  /** Steps around the blamed one; Infinity: the whole run. */
  readonly context?: number | undefined;
}

export function findingText(
  finding: ToldFinding,
  { title, replay, context = CONTEXT, also }: FindingTextOptions,
): string {
  const { property, clause, place, expected, actual, hits, source, document } = finding;
  const rule = ruleOf(property);
  const extent = context === Infinity ? 'the whole run' : 'around the instruction to blame';
  return [
    pc.red(pc.bold(`${title}: ${property}`)),
    ...(rule === undefined ? [] : [`  rule      ${rule.rule}`]),
    `  clause    ${clause}`,
    `  place     ${shorten(readablePlace(place))}${source === undefined ? '' : ` (${shorten(shownPath(source.file))}:${source.line})`}`,
    ...callerLines(finding).map(([name, text]) => `  ${name.padEnd(9)} ${text}`),
    `  expected  ${expected}`,
    `  found     ${actual}`,
    ...(also === undefined ? [] : alsoLines(also)).map(([name, text]) => `  ${name.padEnd(9)} ${text}`),
    ...(finding.unrepeated === undefined ? [] : [`  note      ${pc.yellow(shorten(finding.unrepeated, 400))}`]),
    ...(hits === undefined ? [] : [`  hits      ${hits.toLocaleString('en-US')} cases fail so`]),
    ...(document.story === undefined ? [] : ['  story', storyText(document.story)]),
    ...valuesText(finding, describerOf(finding.case.contract, finding.words)),
    `  trace     ${extent}:`,
    traceText(document, context),
    ...(rule === undefined ? [] : [`  usual fix ${rule.fix}`]),
    ...(replay === undefined ? [] : [`  replay    ${pc.cyan(replay)}`]),
  ].join('\n');
}

/** The values that differ from neutral, and whether they may be others; then what is neutral and may not be anything. */
function valuesText({ scenario, inputs = [] }: ToldFinding, describe: Describe): string[] {
  const rows = Object.entries(scenario).map(([name, value]) => {
    const described = describe(name, value);
    const input = inputs.find((candidate) => candidate.name === name);
    return [described.name, described.value, ...(input === undefined ? [''] : [verdictText(input)])];
  });
  const values =
    rows.length === 0
      ? ['  scenario  neutral: no value needs to differ']
      : ['  scenario  neutral, but for:', plainTable(rows, INDENT)];
  const neutral = neutralInputs({ scenario, inputs }, (input) => {
    const { name, value } = describe(input.name, input.value);
    return [name, value];
  });
  return [...values, ...neutral];
}
