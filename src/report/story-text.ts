/** The story of a finding as a person reads it: a numbered list of steps, each with what the code asked and what it was answered. */
import type { ExchangeDocument, StoryDocument, WordedValue } from '../run/trace-document.js';
import { colours as pc } from '../text/colours.js';
import { readablePlace } from '../text/demangle.js';
import { shorten } from '../text/escape.js';
import { worded } from '../text/worded.js';

/** Characters of a line of values: what one exchange says stays below each other on a wide terminal. */
const WIDTH = 130;

export function storyText({ steps, leftOut }: StoryDocument): string {
  const lines = steps.flatMap(({ text, impossible, exchanges }, index) => [
    `    ${index + 1}. ${text}`,
    ...(impossible ? [pc.dim('         (cannot take place now: left out)')] : []),
    ...exchanges.flatMap((exchange, at) => exchangeLines(exchange, previous(exchanges, at))),
  ]);
  if (leftOut > 0) lines.push(pc.dim(`         (${leftOut} more exchanges)`));
  return lines.join('\n');
}

/**
 * The last exchange of the same kind in the step: only what differs from it is told again. One that showed a value that is not
 * shown now is none: it would be read as unchanged.
 */
function previous(exchanges: readonly ExchangeDocument[], at: number): ExchangeDocument | undefined {
  const { moment, values } = exchanges[at];
  const before = exchanges.slice(0, at).findLast((one) => one.moment === moment);
  return before?.values.every(({ name }) => values.some((one) => one.name === name)) === true ? before : undefined;
}

function exchangeLines(exchange: ExchangeDocument, before: ExchangeDocument | undefined): string[] {
  const { moment, instead, values, answered } = exchange;
  if (moment === undefined) return [pc.red(`         nothing more, must be ${instead ?? ''}`)];
  const told = values.filter(
    ({ name, value, expected }) =>
      expected !== undefined || before?.values.some((one) => one.name === name && one.value === value) !== true,
  );
  const head = `         ${moment}${before === undefined ? '' : ' again'}  `;
  const lines = wrapped(
    head,
    told.map(({ name, value, word, expected }) => {
      const text = named([name, value, word ?? '']);
      return expected === undefined ? text : pc.red(`${text}, must be ${expected}`);
    }),
  );
  if (instead !== undefined) lines.push(pc.red(`         must be ${instead} instead`));
  if (answered.length === 0) return lines;
  if (before !== undefined && JSON.stringify(before.answered) === JSON.stringify(answered))
    return [...lines, '           answered the same'];
  return [...lines, ...wrapped('           answered  ', answered.map(named))];
}

/** `r10=RETRY (1)` */
function named([name, value, word]: WordedValue | readonly [string, string, string]): string {
  const called = word === undefined || word === '' ? undefined : shorten(readablePlace(word));
  return `${name}=${worded(short(value), called)}`;
}

/** A digit where one will do. */
function short(value: string): string {
  return /^0x[0-9]$/.test(value) ? value.slice(2) : value;
}

function wrapped(head: string, parts: readonly string[]): string[] {
  if (parts.length === 0) return [head.trimEnd()];
  const lines: string[] = [];
  let line = head;
  let room = WIDTH - head.length;
  for (const [index, part] of parts.entries()) {
    if (index > 0 && room < part.length) {
      lines.push(line.trimEnd());
      line = ' '.repeat(head.length);
      room = WIDTH - head.length;
    }
    line += `${part}  `;
    room -= part.length + 2;
  }
  return [...lines, line.trimEnd()];
}
