import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { recordsPath } from '../campaign/night/night-state.js';
import { readRecords } from '../campaign/records/record-file.js';
import { recordSchema } from '../campaign/records/records.js';
import { UsageError } from '../errors.js';
import { type History, readHistory } from '../history/nights.js';
import { type StateStatus, statusOf, type TargetStatus } from '../history/status.js';
import { sorted } from '../report/json.js';
import { locatedText, minute } from '../report/night-lines.js';
import { plainTable } from '../report/plain-table.js';
import { colours as pc } from '../text/colours.js';
import { duration } from '../text/duration.js';
import { shorten } from '../text/escape.js';
import { holderOf } from './folder-lock.js';
import { count } from './target-rows.js';

/** Findings that are named before the rest is only counted. */
const NAMED = 20;

export function statusCommand(): Command {
  return new Command('status')
    .description('where a night stands, also while it runs: last new coverage, targets that are stuck, findings')
    .argument('<DIR>', 'the state of a night (nightly --state)')
    .addOption(new Option('--format <F>', 'how to print').choices(['table', 'json']).default('table'))
    .action((folder: string, { format }: { format: 'table' | 'json' }) => {
      const found = read(folder);
      process.stdout.write(format === 'json' ? json(folder, found) : `${table(folder, found).join('\n')}\n`);
    });
}

interface Found {
  status: StateStatus;
  history: History;
  running: string | undefined;
}

/** @throws UsageError where there is no state of a night */
function read(folder: string): Found {
  const path = recordsPath(folder);
  const hint = 'give the folder that nightly --state named';
  if (!existsSync(path)) throw new UsageError(`${shorten(folder)}: no state of a night there; ${hint}`);
  // The last line may be half-written just now, and what is damaged the next night sets aside.
  const status = statusOf(readRecords(path, recordSchema).records);
  if (status === undefined) throw new UsageError(`${shorten(path)}: no record says which campaign it is; ${hint}`);
  if (status.sessions.length === 0 && !existsSync(join(folder, 'nights.json')))
    throw new UsageError(`${shorten(folder)}: no night has begun there; ${hint}`);
  return { status, history: readHistory(folder), running: holderOf(folder) };
}

function json(folder: string, { status, history, running }: Found): string {
  const { sessions, ...rest } = status;
  const last = sessions.at(-1);
  const told = {
    schema: 'tdxfuzz/status/1',
    state: folder,
    ...rest,
    running: running ?? null,
    nights: history.nights.length,
    lastNight: history.nights.at(-1) ?? null,
    ...(last !== undefined && { lastBegun: { ...last, targets: undefined } }),
    open: history.open.map(({ violations, ...one }) => ({ ...one, violations: violations.length })),
  };
  return `${JSON.stringify(sorted(told), null, 2)}\n`;
}

function table(folder: string, { status, history, running }: Found): string[] {
  const { targets } = status;
  const open = history.open.filter(({ accepted }) => !accepted);
  const dates = targets.flatMap(({ lastNew }) => lastNew ?? []).sort();
  const latest = targets.find(({ lastNew }) => lastNew !== null && lastNew === dates.at(-1));
  const facts: [string, string][] = [
    ['state', `${shorten(folder)}, seed ${shorten(status.seed, 60)}, tdxfuzz ${shorten(status.tool, 40)}`],
    ['now', now(status, history, running)],
    ['nights', nights(history)],
    ['findings', findings(history)],
    [
      'last new coverage',
      latest?.lastNew === undefined || latest.lastNew === null
        ? 'not known'
        : `${minute(latest.lastNew)} UTC, in ${shorten(latest.target)}`,
    ],
    ['stuck', stuck(targets)],
  ];
  return [
    plainTable(facts.map(([name, value]) => [pc.dim(name), value])),
    ...open.slice(0, NAMED).map((one) => `  ${pc.red('open')}  ${locatedText(one)}, since ${minute(one.since)}`),
    ...(open.length > NAMED ? [`  and ${count(open.length - NAMED, 'more')}`] : []),
    '',
    plainTable([
      ['target', 'cases', 'reached', 'last new', ''].map((text) => pc.dim(text)),
      ...targets.map((target) => [
        pc.bold(shorten(target.target)),
        target.cases.toLocaleString('en-US'),
        `${target.reached} of ${target.reachable}`,
        target.lastNew === null ? '-' : minute(target.lastNew),
        remarks(target),
      ]),
    ]),
  ];
}

function now({ sessions }: StateStatus, { nights: told }: History, running: string | undefined): string {
  const last = sessions.at(-1);
  const since = last === undefined ? '' : minute(last.start);
  if (running !== undefined && last !== undefined && last.end === undefined) {
    const left = Math.max(0, Date.parse(last.start) + last.planned - Date.now());
    return `${running} has been at it since ${since} UTC; ${duration(left)} left, ${count(last.cases, 'case')} so far`;
  }
  if (last !== undefined && last.end === undefined)
    return pc.yellow(`nobody works on it: the night of ${since} UTC did not come to its end; the next one goes on`);
  const ended = told.at(-1);
  return ended?.end === undefined
    ? 'nobody works on it'
    : `nobody works on it; the last night ended at ${minute(ended.end)} UTC${ended.ended === 'interrupted' ? ', interrupted' : ''}`;
}

function nights({ nights: told }: History): string {
  if (told.length === 0) return 'none came to its end';
  const killed = told.filter(({ ended }) => ended === 'killed').length;
  return `${told.length}, the first at ${minute(told[0].start)} UTC${killed === 0 ? '' : `, ${killed} killed`}`;
}

function findings({ nights: told, open }: History): string {
  const last = told.at(-1);
  const accepted = open.filter((one) => one.accepted).length;
  return [
    `${open.length - accepted} open`,
    `${accepted} accepted`,
    ...(last === undefined
      ? []
      : [`in the last night ${last.counts.fresh} new, ${last.counts.still} still, ${last.counts.gone} gone`]),
  ].join(', ');
}

function stuck(targets: readonly TargetStatus[]): string {
  const all = targets.filter(({ isStuck }) => isStuck).map(({ target }) => target);
  if (all.length === 0) return 'no target';
  const names = all.slice(0, 5).map((name) => shorten(name));
  return pc.yellow(`${count(all.length, 'target')}: ${names.join(', ')}${all.length > 5 ? ', ...' : ''}`);
}

function remarks(target: TargetStatus): string {
  const { problem, neverInForce, isStuck, violations } = target;
  return [
    ...(problem === null ? [] : [pc.red(`no verdict: ${shorten(problem, 60)}`)]),
    ...(violations === 0 ? [] : [pc.red(count(violations, 'violation'))]),
    ...(neverInForce.length === 0 ? [] : [pc.yellow(`never in force: ${neverInForce.join(', ')}`)]),
    ...(isStuck ? [pc.yellow('stuck: nothing new in the whole last night')] : []),
  ].join('; ');
}
