/** The story of a finding as a person reads it: a numbered list of steps, each with what the code asked and what it was answered. */
import type { ExchangeDocument, StoryDocument } from '../run/trace-document.js';
import { colours as pc } from '../text/colours.js';

/** Values in one line. */
const WIDTH = 6;

export function storyText({ steps, leftOut }: StoryDocument): string {
  const lines = steps.flatMap(({ text, impossible, exchanges }, index) => [
    `    ${index + 1}. ${text}`,
    ...(impossible ? [pc.dim('         (cannot take place now: left out)')] : []),
    ...exchanges.flatMap(exchangeLines),
  ]);
  if (leftOut > 0) lines.push(pc.dim(`         (${leftOut} more exchanges)`));
  return lines.join('\n');
}

function exchangeLines({ moment, instead, values, answered }: ExchangeDocument): string[] {
  if (moment === undefined) return [pc.red(`         nothing more; the reference goes on with ${instead ?? ''}`)];
  const lines = wrapped(
    `         ${moment}  `,
    values.map(({ name, value, expected }) => {
      const told = `${name}=${short(value)}`;
      return expected === undefined ? told : pc.red(`${told} (must be ${expected})`);
    }),
  );
  if (instead !== undefined) lines.push(pc.red(`         here the reference has ${instead}`));
  const given = answered.map(([name, value]) => `${name}=${short(value)}`);
  return given.length > 0 ? [...lines, ...wrapped('           answered  ', given)] : lines;
}

/** A digit where one will do. */
function short(value: string): string {
  return /^0x[0-9]$/.test(value) ? value.slice(2) : value;
}

function wrapped(head: string, parts: readonly string[]): string[] {
  if (parts.length === 0) return [head.trimEnd()];
  const lines: string[] = [];
  for (let at = 0; at < parts.length; at += WIDTH)
    lines.push(`${at === 0 ? head : ' '.repeat(head.length)}${parts.slice(at, at + WIDTH).join(' ')}`);
  return lines;
}
