/** A line a target, for people: what `fuzz` and `gate` print of each. */
import { causesOfTarget, neverInForce, noVerdict, type TargetResult } from '../campaign/records/result.js';
import { plainTable } from '../report/plain-table.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';

/** `1,234 fresh cases` */
export const count = (value: number, one: string, many = `${one}s`): string =>
  `${value.toLocaleString('en-US')} ${value === 1 ? one : many}`;

export function targetRows(targets: readonly TargetResult[]): string {
  return plainTable(targets.map(targetRow));
}

/** What a verdict on a target does not say. */
export function targetNotes(target: TargetResult): string[] {
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

/** How much was not exercised, on one line. */
export function emptyClasses(targets: readonly TargetResult[]): string[] {
  const empty = targets.map(({ classes }) => Object.values(classes).filter((cases) => cases === 0).length);
  const sum = empty.reduce((all, one) => all + one, 0);
  const on = empty.filter((one) => one > 0).length;
  return sum === 0
    ? []
    : [
        `${count(sum, 'class', 'classes')} of cases had none, on ${count(on, 'target')}: --classes names them, more --runs reach them`,
      ];
}
