/** A play as a person reads it: a numbered story of steps, each with what the code asked and what it was answered. */
import type { Expectation } from '../../models/exchange/exchange.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import type { FindingResult } from '../campaign/records/result.js';
import type { Observed } from '../play/call.js';
import { differing, type Entry, isTogether, type Play } from '../play/play.js';
import type { PlayRunner } from '../play/play-runner.js';
import type { PlayAccount } from '../triage/play-account.js';
import { expectationText, valueText } from '../triage/play-comparison.js';
import { INDENT, neutralInputs, verdictText } from './input-text.js';
import { plainTable } from './plain-table.js';
import { isShown, stepSentence } from '../triage/play-story.js';
import { tracePart } from './trace-text.js';

/** Steps of the trace shown before and after the instruction to blame. */
const CONTEXT = 4;
/** Values in one line. */
const WIDTH = 6;

/** One finding in full. `replay` is the command line that repeats it, if there is one. */
export function playFindingText(
  { account, finding }: { account: PlayAccount; finding?: Pick<FindingResult, 'hits' | 'scenario' | 'inputs'> },
  runner: PlayRunner,
  replay: string | undefined,
  title: string,
  context = CONTEXT,
): string {
  const { signature, clause, play, steps, step, expected, actual } = account;
  const { property } = clause;
  return [
    pc.red(pc.bold(`${title}: ${signature.property}`)),
    `  rule      ${property.rule}`,
    `  clause    ${signature.clause}`,
    `  place     ${shorten(signature.place)}`,
    `  expected  ${expected}`,
    `  found     ${actual}`,
    ...(finding === undefined ? [] : [`  hits      ${finding.hits.toLocaleString('en-US')} cases fail so`]),
    '  story',
    storyText(play, runner),
    ...(finding === undefined ? [] : valuesText(finding)),
    `  trace     ${context === Infinity ? 'the whole way there' : 'around the instruction to blame'}:`,
    tracePart(steps, step, (address) => stageOf(account, runner).place(address), context),
    `  usual fix ${property.fix}`,
    ...(replay === undefined ? [] : [`  replay    ${pc.cyan(replay)}`]),
  ].join('\n');
}

/** The values of the story by step and name, and whether they may be others. */
function valuesText(finding: Pick<FindingResult, 'scenario' | 'inputs'>): string[] {
  const rows = finding.inputs
    .filter(({ name }) => Object.hasOwn(finding.scenario, name))
    .map((input) => [input.name, input.value, verdictText(input)]);
  const neutral = neutralInputs(finding, ({ name, value }) => [name, value]);
  return [...(rows.length === 0 ? [] : ['  values    by step and name:', plainTable(rows, INDENT)]), ...neutral];
}

function stageOf({ entry }: PlayAccount, runner: PlayRunner): Observed['stage'] {
  return entry.observed?.stage ?? runner.session.stages[0];
}

/** The whole story, numbered. */
export function storyText(play: Play, runner: PlayRunner): string {
  const lines: string[] = [];
  for (const [index, step] of play.story.entries()) {
    lines.push(`    ${index + 1}. ${stepSentence(step, runner.space)}`);
    if (play.left.includes(index)) lines.push(pc.dim('         (cannot take place now: left out)'));
    for (const entry of play.entries) if (entry.step === index) lines.push(...entryLines(entry));
  }
  return lines.join('\n');
}

function entryLines(entry: Entry): string[] {
  const { observed, expected, answer } = entry;
  if (observed === undefined)
    return [pc.red(`         nothing more; the reference goes on with ${expected?.moment ?? ''}`)];
  const wrong = new Set(differing(entry));
  const shown = Object.keys(observed.values).filter((name) => isShown(name, entry, wrong));
  const lines = wrapped(
    `         ${observed.moment}  `,
    shown.map((name) => namedValue(name, observed.values[name], wrong.has(name) ? expected?.values[name] : undefined)),
  );
  if (!isTogether(entry)) lines.push(pc.red(`         here the reference has ${expected?.moment ?? 'nothing more'}`));
  const given = Object.entries(answer).filter(([, value]) => value !== 0n);
  if (given.length > 0)
    lines.push(
      ...wrapped(
        '           answered  ',
        given.map(([name, value]) => `${name}=${valueText(value)}`),
      ),
    );
  return lines;
}

function namedValue(name: string, value: bigint, wanted: Expectation | undefined): string {
  const text = `${name}=${valueText(value)}`;
  return wanted === undefined ? text : pc.red(`${text} (must be ${expectationText(wanted)})`);
}

function wrapped(head: string, parts: readonly string[]): string[] {
  if (parts.length === 0) return [head.trimEnd()];
  const lines: string[] = [];
  for (let from = 0; from < parts.length; from += WIDTH)
    lines.push((from === 0 ? head : ' '.repeat(head.length)) + parts.slice(from, from + WIDTH).join(' '));
  return lines;
}
