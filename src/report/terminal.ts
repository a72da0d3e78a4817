/** Results as a person reads them in a terminal: a table per target, then every finding. */
import { colours as pc } from '../text/colours.js';
import { demangle } from '../text/demangle.js';
import { shorten } from '../text/escape.js';
import {
  causesOfTarget,
  gapOf,
  neverInForce,
  noVerdict,
  type PropertyResult,
  type RunResult,
  targetIsJudged,
  type TargetResult,
} from '../campaign/records/result.js';
import { describeAssumptions } from '../contract/contract.js';
import { plainTable } from './plain-table.js';

const count = (value: number): string => value.toLocaleString('en-US');

function resultText({ status, reason }: PropertyResult): string {
  switch (status) {
    case 'holds':
      return pc.green('holds');
    case 'violated':
      return pc.red('VIOLATED');
    case 'not evaluated':
      return pc.yellow('not evaluated: in force in no case');
    case 'holds by decode':
      return pc.green('holds by decode');
    case 'not applicable':
      return pc.dim(`not applicable: ${reason ?? ''}`);
  }
}

export function targetTable(target: TargetResult, showClasses: boolean): string {
  const perCase = target.cases === 0 ? '0' : (target.executions / target.cases).toFixed(2);
  const replayed = target.replayed === 0 ? '' : `, ${target.replayed} stored first`;
  const head = `${pc.bold(headingOf(target.target))}  ${pc.dim(`contract ${shorten(target.contract)}, ${count(target.cases)} cases (${perCase} executions each)${replayed}`)}`;
  const rows = target.properties.map((property) => [
    property.property,
    property.status === 'holds' || property.status === 'violated' ? count(property.cases) : '-',
    resultText(property),
  ]);
  const lines = [head, plainTable([['property', 'cases', 'result'].map((text) => pc.dim(text)), ...rows])];
  const classes = Object.entries(target.classes);
  const empty = classes.filter(([, cases]) => cases === 0).map(([name]) => name);
  if (showClasses)
    lines.push(
      plainTable([
        ['class', 'cases'].map((text) => pc.dim(text)),
        ...classes.map(([name, cases]) => [name, count(cases)]),
      ]),
    );
  if (empty.length > 0) lines.push(`  ${pc.yellow('not exercised')}: ${abridged(empty)}`);
  else if (classes.length > 0) lines.push(pc.dim(`  all ${classes.length} classes of cases were exercised`));
  const silent = neverInForce(target);
  if (silent.length > 0)
    lines.push(
      `  ${pc.yellow('in force in no case')}: ${silent.join(', ')}; nothing is known of ${silent.length === 1 ? 'it' : 'them'}, more --runs may reach ${silent.length === 1 ? 'it' : 'them'}`,
    );
  const assumptions = describeAssumptions(target.assumes);
  if (assumptions !== undefined) lines.push(`  assumes ${assumptions}`);
  const why = noVerdict(target);
  if (why !== undefined) lines.push(`  ${pc.red('no verdict')}: ${shorten(why, 400)}`);
  return lines.join('\n');
}

/** Classes shown by name before the rest is only counted. */
const NAMED = 6;

function abridged(names: readonly string[]): string {
  const more = names.length - NAMED;
  return (
    names.slice(0, NAMED).join(', ') +
    (more > 0 ? ` and ${more} more (--classes shows all; more --runs reach them)` : '')
  );
}

/**
 * The closing lines: totals, seed, speed.
 *
 * @param again the command line that gives the same result again, if there is one
 */
export function summary(whole: RunResult, again?: string): string {
  const { result, run } = whole;
  const all = result.targets.flatMap(causesOfTarget);
  const findings = all.filter(({ isAccepted }) => !isAccepted).length;
  const known = all.length === findings ? '' : `, ${all.length - findings} accepted`;
  const cases = result.targets.reduce((sum, target) => sum + target.cases, 0);
  const executions = result.targets.reduce((sum, target) => sum + target.executions, 0);
  const unjudged = result.targets.filter((target) => !targetIsJudged(target)).length;
  const silent = result.targets.filter((target) => neverInForce(target).length > 0).length;
  const gap = gapOf(whole);
  const perCase = cases === 0 ? '0' : (executions / cases).toFixed(2);
  const verdict =
    findings > 0
      ? pc.red(`${findings} finding${findings === 1 ? '' : 's'}`)
      : unjudged > 0 || silent > 0 || gap !== undefined
        ? 'nothing found'
        : pc.green('nothing found');
  const doubts = [
    ...(gap === undefined ? [] : [pc.yellow(gap)]),
    ...(unjudged === 0 ? [] : [pc.red(`${unjudged} of ${result.targets.length} targets without a verdict`)]),
    // What was never in force holds of nothing: it is no pass.
    ...(silent === 0
      ? []
      : [pc.yellow(`${silent} of ${result.targets.length} targets with a property that was in force in no case`)]),
  ];
  const seconds = (run.milliseconds / 1000).toFixed(1);
  return [
    `${[...doubts, verdict].join(', ')}${known} in ${count(cases)} cases on ${result.targets.length} target${result.targets.length === 1 ? '' : 's'}` +
      ` (${seconds} s, ${count(run.casesPerSecond)} cases/s at ${perCase} executions a case, ${run.workers} worker${run.workers === 1 ? '' : 's'})`,
    ...(again === undefined ? [] : [pc.dim(`the same run again: ${again}`)]),
  ].join('\n');
}

/** A target's name, and what it reads as where it is a mangled symbol. */
function headingOf(target: string): string {
  const symbol = target.slice(target.lastIndexOf(':') + 1);
  const read = demangle(symbol);
  return read === undefined ? shorten(target) : `${shorten(target)} (${shorten(read.display)})`;
}
