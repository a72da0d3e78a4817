/** What a gate prints: a line per target, findings in full, what rules came to, what is new, and how to accept a finding. */
import { relative } from 'node:path';
import {
  causesOfTarget,
  gapOf,
  neverInForce,
  noVerdict,
  type RunResult,
  targetIsJudged,
  type TargetResult,
} from '../campaign/records/result.js';
import type { Selection } from '../campaign/targets/select-targets.js';
import type { RuleUse } from '../expect/apply-rules.js';
import type { Rule } from '../expect/rule.js';
import type { Comparison, Located } from '../gate/compare.js';
import { plainTable } from '../report/plain-table.js';
import { targetTable } from '../report/terminal.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { findingText } from '../report/finding-text.js';
import { acceptCommandLine, replayCommandLine } from './findings.js';
import { IN_FULL } from './print-result.js';

/** Everything that a gate came to. */
export interface GateReport {
  result: RunResult;
  selection: Selection;
  uses: readonly RuleUse[];
  /** With what `--new-only` named. */
  comparison: Comparison | undefined;
  /** Stored cases that no target is replayed on. */
  unreplayed: { own: readonly string[]; corpus: number };
  expectationFile: string;
}

const count = (value: number, one: string, many = `${one}s`): string =>
  `${value.toLocaleString('en-US')} ${value === 1 ? one : many}`;

/** @param out the folder of the results, undefined if there is none */
export function printGate(report: GateReport, out: string | undefined, verbose: boolean): void {
  const { result } = report;
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const { targets } = result.result;
  if (verbose) for (const target of targets) print(`${targetTable(target, false)}\n`);
  else print(`${plainTable(targets.map(targetRow))}\n`);
  const failing = targets.flatMap(causesOfTarget).filter(({ isAccepted }) => !isAccepted);
  for (const { target, hint } of targets) if (hint !== undefined) print(`${shorten(target)}: ${hint.text}\n`);
  for (const [number, cause] of failing.entries()) {
    const { finding } = cause;
    const title = `finding ${number + 1} of ${failing.length}`;
    if (number >= IN_FULL) {
      print(`${title}: ${finding.property}: ${finding.slot} at ${shorten(finding.place)}`);
      continue;
    }
    print(findingText(finding, { title, replay: replayCommandLine(finding, out), also: cause }));
    print(`  accept    ${pc.cyan(acceptCommandLine(finding, out))}\n`);
  }
  for (const note of gateNotes(report)) print(`note: ${note}`);
  print(verdict(result, failing.length));
  if (out !== undefined) print(`results in ${relative('.', out) || out}`);
}

/** What the user should know beside the findings, one line each. */
export function gateNotes({ result, selection, uses, comparison, unreplayed, expectationFile }: GateReport): string[] {
  const { own, corpus } = unreplayed;
  return [
    ...selection.notes,
    ...result.result.targets.flatMap(targetNotes),
    ...own.map((name) => `case ${shorten(name)}: replayed on no target: none has its contract`),
    ...(corpus === 0
      ? []
      : [`${count(corpus, "of the package's cases", "of the package's cases")} replayed on no target`]),
    ...uses.map((use) => ruleNote(use, shorten(relative('.', expectationFile) || expectationFile))),
    ...(comparison === undefined ? [] : comparisonNotes(comparison)),
  ];
}

/** What a verdict on a target does not say. */
function targetNotes(target: TargetResult): string[] {
  const name = shorten(target.target);
  return neverInForce(target).map(
    (property) =>
      `${name}: ${pc.yellow(`${property} was in force in no case`)}: nothing is known of it; more --runs may reach it`,
  );
}

function targetRow(target: TargetResult): string[] {
  const { cases, replayed, properties, findings, assumes = [] } = target;
  const why = noVerdict(target);
  const causes = causesOfTarget(target);
  const accepted = causes.filter(({ isAccepted }) => isAccepted).length;
  const open = causes.length - accepted;
  const holding = properties.filter(({ status }) => status === 'holds' || status === 'holds by decode').length;
  const verdicts = [
    ...(why === undefined ? [] : [pc.red(`no verdict: ${shorten(why, 60)}`)]),
    ...(open === 0 ? [] : [pc.red(count(open, 'finding'))]),
    ...(accepted === 0 ? [] : [pc.yellow(`${accepted} accepted`)]),
    ...(findings.length === 0 && why === undefined
      ? [pc.green(`${count(holding, 'property holds', 'properties hold')}`)]
      : []),
  ];
  const stored = replayed === 0 ? '' : `${count(replayed, 'stored case')}, `;
  return [
    pc.bold(shorten(target.target)),
    pc.dim([shorten(target.contract), ...assumes.map((name) => `assumes ${name}`)].join(', ')),
    `${stored}${count(cases, 'fresh case')}`,
    verdicts.join(', '),
  ];
}

function ruleNote({ rule, covered, state }: RuleUse, file: string): string {
  const name = `${file}: ${ruleName(rule)}`;
  switch (state) {
    case 'matched nothing':
      return `${name}: ${pc.yellow('matched nothing: remove it')}`;
    case 'not asked':
      return `${name}: not asked: no target of it was run in full`;
    case 'used': {
      const places = covered.map(({ target, place }) => `${shorten(target)} at ${shorten(place)}`);
      const many = covered.length > 1 ? pc.yellow(' (more than one root cause: is each of them meant?)') : '';
      return `${name}: covers ${count(covered.length, 'finding')}: ${places.join(', ')}${many}: ${rule.reason}`;
    }
  }
}

function ruleName({ target, property, slot, place }: Rule): string {
  return `${property} ${slot} of ${target}${place === undefined ? '' : ` at ${place}`}`;
}

function comparisonNotes({ fresh, known, gone, notes }: Comparison): string[] {
  const name = ({ target, property, slot, place }: Located): string =>
    `${property} ${slot} of ${shorten(target)} at ${shorten(place)}`;
  return [
    ...notes.map((note) => `base: ${note}`),
    ...fresh.map((finding) => `${pc.red('new')}: ${name(finding)}`),
    ...known.map(
      (finding) =>
        `in the base as well: ${name(finding)}${finding.was === finding.place ? '' : ` (there at ${shorten(finding.was)})`}`,
    ),
    ...gone.map((finding) => `${pc.green('gone')}: ${name(finding)}`),
  ];
}

function verdict(whole: RunResult, failing: number): string {
  const { targets, seed } = whole.result;
  const { run } = whole;
  const gap = gapOf(whole);
  const cases = targets.reduce((sum, target) => sum + target.cases, 0);
  const stored = targets.reduce((sum, target) => sum + target.replayed, 0);
  const accepted = targets.reduce((sum, target) => sum + causesOfTarget(target).length, 0) - failing;
  const unjudged = targets.filter((target) => !targetIsJudged(target)).length;
  const text = [
    // An interrupted gate has not passed: what it did not come to may fail.
    ...(gap === undefined ? [] : [pc.yellow(failing > 0 ? gap : `${gap}, no verdict`)]),
    ...(unjudged === 0 ? [] : [pc.red(`${count(unjudged, 'target')} without a verdict`)]),
    failing > 0
      ? pc.red(count(failing, 'finding'))
      : gap === undefined && unjudged === 0
        ? pc.green('gate passed')
        : 'nothing found',
    ...(accepted === 0 ? [] : [`${accepted} accepted`]),
  ].join(', ');
  return (
    `${text}: ${count(stored, 'stored case')} and ${count(cases, 'fresh one')} on ${count(targets.length, 'target')}` +
    ` (${(run.milliseconds / 1000).toFixed(1)} s, ${count(run.workers, 'worker')}; seed ${seed})`
  );
}
