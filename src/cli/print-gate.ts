/** What a gate prints: a line per target, findings in full, what rules came to, what is new, and how to accept a finding. */
import { relative } from 'node:path';
import { causesOfTarget, gapOf, type RunResult, targetIsJudged } from '../campaign/records/result.js';
import type { Selection } from '../campaign/targets/select-targets.js';
import type { RuleUse } from '../expect/apply-rules.js';
import type { Rule } from '../expect/rule.js';
import type { Comparison, Located } from '../gate/compare.js';
import { targetTable } from '../report/terminal.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { findingText } from '../report/finding-text.js';
import { acceptCommandLine, replayCommandLine } from './findings.js';
import { IN_FULL } from './print-result.js';
import { count, targetNotes, targetRows } from './target-rows.js';

/** Everything that a gate came to. */
export interface GateReport {
  result: RunResult;
  selection: Selection;
  uses: readonly RuleUse[];
  /** With what `--new-only` named. */
  comparison: Comparison | undefined;
  /** Targets that a time limit left with fewer cases than they were to have. */
  cut: readonly { target: string; cases: number; of: number }[];
  /** Stored cases that no target is replayed on. */
  unreplayed: { own: readonly string[]; corpus: number };
  expectationFile: string;
}

/** @param out the folder of the results, undefined if there is none */
export function printGate(report: GateReport, out: string | undefined, verbose: boolean): void {
  const { result } = report;
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const { targets } = result.result;
  if (verbose) for (const target of targets) print(`${targetTable(target, false)}\n`);
  else print(`${targetRows(targets)}\n`);
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
export function gateNotes({
  result,
  selection,
  uses,
  comparison,
  cut,
  unreplayed,
  expectationFile,
}: GateReport): string[] {
  const { own, corpus } = unreplayed;
  return [
    ...selection.notes,
    ...cut.map(
      ({ target, cases, of }) =>
        `${shorten(target)}: ${pc.yellow('time was up')} after ${cases.toLocaleString('en-US')} of ${of.toLocaleString('en-US')} cases`,
    ),
    ...result.result.targets.flatMap(targetNotes),
    ...own.map((name) => `case ${shorten(name)}: replayed on no target: none has its contract`),
    ...(corpus === 0
      ? []
      : [`${count(corpus, "of the package's cases", "of the package's cases")} replayed on no target`]),
    ...uses.map((use) => ruleNote(use, shorten(relative('.', expectationFile) || expectationFile))),
    ...(comparison === undefined ? [] : comparisonNotes(comparison)),
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
