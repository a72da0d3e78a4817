/** Results as a person reads them in a terminal: a table per target, then every finding. */
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import {
  type FindingResult,
  noVerdict,
  type PropertyResult,
  type RunResult,
  targetIsJudged,
  type TargetResult,
} from '../campaign/records/result.js';
import { describeAssumptions } from '../contract/contract.js';
import type { CaseRunner } from '../judge/case-runner.js';
import type { Account } from '../triage/account.js';
import { placeName } from '../triage/violation.js';
import { describeSlot } from './describe-slot.js';
import { INDENT, neutralInputs, verdictText } from './input-text.js';
import { plainTable } from './plain-table.js';
import { tracePart } from './trace-text.js';

/** Steps shown before and after the instruction to blame. */
const CONTEXT = 4;

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
  const head = `${pc.bold(shorten(target.target))}  ${pc.dim(`contract ${shorten(target.contract)}, ${count(target.cases)} cases (${perCase} executions each)${replayed}`)}`;
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

/** One finding in full. `replay` is the command line that repeats it, if there is one, `context` the steps around the blamed one. */
export function findingText(
  finding: Pick<FindingResult, 'property' | 'clause' | 'place' | 'scenario'> &
    Partial<Pick<FindingResult, 'hits' | 'inputs'>>,
  account: Account,
  runner: CaseRunner,
  replay: string | undefined,
  title: string,
  context = CONTEXT,
): string {
  const { property } = account.clause;
  const { scenario, inputs = [] } = finding;
  const slots = Object.entries(scenario).map(([name, value]) => {
    const described = describeSlot(runner.compiled, name, value);
    const input = inputs.find((candidate) => candidate.name === name);
    return [described.name, described.value, ...(input === undefined ? [''] : [verdictText(input)])];
  });
  const lines = [
    pc.red(pc.bold(`${title}: ${finding.property}`)),
    `  rule      ${property.rule}`,
    `  clause    ${finding.clause}`,
    `  place     ${shorten(finding.place)}`,
    `  expected  ${account.expected}`,
    `  found     ${account.actual}`,
    ...(finding.hits === undefined ? [] : [`  hits      ${count(finding.hits)} cases fail so`]),
    slots.length === 0 ? '  scenario  neutral: no value needs to differ' : '  scenario  neutral, but for:',
  ];
  if (slots.length > 0) lines.push(plainTable(slots, INDENT));
  lines.push(
    ...neutralInputs({ scenario, inputs }, ({ name, value }) => {
      const described = describeSlot(runner.compiled, name, value);
      return [described.name, described.value];
    }),
  );
  const extent = context === Infinity ? 'the whole run' : 'around the instruction to blame';
  lines.push(`  trace     ${extent}:`, traceText(account, runner, context));
  lines.push(`  usual fix ${property.fix}`);
  if (replay !== undefined) lines.push(`  replay    ${pc.cyan(replay)}`);
  return lines.join('\n');
}

/** Trace lines around the blamed step; all of them without `context`. */
export function traceText(account: Pick<Account, 'traces' | 'step'>, runner: CaseRunner, context = Infinity): string {
  return tracePart(account.traces.base.steps, account.step, (address) => placeName(runner, address), context);
}

/**
 * The closing lines: totals, seed, speed.
 *
 * @param isOneRun whether one run with the seed and the number of cases gives the same result
 */
export function summary({ result, run }: RunResult, isOneRun = true): string {
  const all = result.targets.flatMap((target) => target.findings);
  const findings = all.filter(({ accepted }) => accepted === undefined).length;
  const known = all.length === findings ? '' : `, ${all.length - findings} accepted`;
  const cases = result.targets.reduce((sum, target) => sum + target.cases, 0);
  const executions = result.targets.reduce((sum, target) => sum + target.executions, 0);
  const unjudged = result.targets.filter((target) => !targetIsJudged(target)).length;
  const perCase = cases === 0 ? '0' : (executions / cases).toFixed(2);
  const verdict =
    unjudged > 0
      ? pc.red(`${unjudged} of ${result.targets.length} targets without a verdict, ${findings} findings`)
      : findings === 0
        ? pc.green('nothing found')
        : pc.red(`${findings} finding${findings === 1 ? '' : 's'}`);
  const seconds = (run.milliseconds / 1000).toFixed(1);
  return [
    `${verdict}${known} in ${count(cases)} cases on ${result.targets.length} target${result.targets.length === 1 ? '' : 's'}` +
      ` (${seconds} s, ${count(run.casesPerSecond)} cases/s at ${perCase} executions a case, ${run.workers} worker${run.workers === 1 ? '' : 's'})`,
    ...(isOneRun ? [pc.dim(`the same run again: --seed ${result.seed} --runs ${result.runs}`)] : []),
  ].join('\n');
}
