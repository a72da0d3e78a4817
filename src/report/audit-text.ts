/** An audit for people. */
import type { ImageVerdict } from '../audit/audit.js';
import { type ConventionName, CONVENTIONS } from '../x86/conventions.js';
import { AUDIT_RULES, type AuditFinding, type FunctionVerdict, isJudged } from '../audit/finding.js';
import type { Image } from '../image/image.js';
import { sourceLine } from '../image/line-table.js';
import { segmentAt } from '../image/segments.js';
import { symbolicName } from '../stage/functions.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { disassemble } from '../x86/decode.js';
import { plainTable } from './plain-table.js';

/** What no audit can say. */
export const AUDIT_LIMIT =
  'Scrubbing, results and the map of errors need a contract: tdxfuzz fuzz FILE --contract SET judges them.';

export function auditText(verdicts: readonly ImageVerdict[]): string {
  const parts = verdicts.map(imageText);
  return `${[...parts, summary(verdicts)].join('\n\n')}\n`;
}

function imageText({ image, convention, functions, nameless, problem }: ImageVerdict): string {
  const lines = [`${image.name}: ${CONVENTIONS[convention].title} calling convention`];
  if (problem !== '') lines.push(`  not judged: ${problem}`);
  if (functions.length === 0 && problem === '' && nameless.length === 0)
    lines.push('  no function with TDCALL or SEAMCALL in it');
  if (functions.length > 0)
    lines.push(
      plainTable(functions.map((verdict) => [shorten(verdict.symbol), what(verdict, convention), outcome(verdict)])),
    );
  for (const { address, instruction } of nameless)
    lines.push(
      `  ${instruction} at ${hex(address)} belongs to no symbol: not judged; give the image before it was stripped`,
    );
  for (const { symbol, findings, notes } of functions) {
    lines.push(...findings.map((finding) => findingText(image, symbol, finding, 'FINDING')));
    lines.push(...notes.map((finding) => findingText(image, symbol, finding, 'note')));
  }
  return lines.join('\n');
}

function what({ instructions, calls, convention }: FunctionVerdict, usual: ConventionName): string {
  const other = convention === usual ? '' : `, ${CONVENTIONS[convention].title} by its code`;
  const through = calls.length === 0 ? '' : ` through ${calls.map((name) => shorten(name)).join(', ')}`;
  return `${instructions.join(', ') || 'no call reached'}${through}${other}`;
}

function outcome(verdict: FunctionVerdict): string {
  const { findings, notes, inherited, runs, paths, reached, unknown, unknownReason } = verdict;
  const reason = unknownReason === '' ? '' : ` (${unknownReason})`;
  if (!isJudged(verdict)) return `not judged: no run came to the call${reason}`;
  const noted = notes.length === 0 ? '' : `, ${counted(notes.length, 'note')}`;
  const lost = unknown === 0 ? '' : `, ${unknown} without a verdict${reason}`;
  const through = inherited === 0 ? '' : `, ${inherited} of what it calls`;
  const found = (findings.length === 0 ? 'no finding' : counted(findings.length, 'FINDING')) + through;
  return `${found}${noted} (${runs} runs, ${paths} ways, ${reached} came to the call${lost})`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : word === 'FINDING' ? 'S' : 's'}`;
}

function findingText(image: Image, symbol: string, { rule, address, found }: AuditFinding, kind: string): string {
  const place = symbolicName(image, address) ?? hex(address);
  const line = sourceLine(image, address);
  const where = line === undefined ? '' : `  (${line.file}:${line.line})`;
  return [
    '',
    `  ${kind} ${rule}: ${shorten(symbol)}: ${found}`,
    `    at ${shorten(place)}: ${instructionText(image, address)}${where}`,
    `    expected: ${AUDIT_RULES[rule]}`,
  ].join('\n');
}

const LONGEST = 15;

export function instructionText(image: Image, address: bigint): string {
  const segment = segmentAt(image.segments, address);
  if (segment === undefined) return 'no code of this image';
  const at = Number(address - segment.address);
  return disassemble(segment.bytes.subarray(at, at + LONGEST), address).text;
}

function summary(verdicts: readonly ImageVerdict[]): string {
  const functions = verdicts.flatMap((verdict) => verdict.functions);
  const judged = functions.filter(isJudged);
  const count = functions.reduce((sum, { findings }) => sum + findings.length, 0);
  if (judged.length === 0) return 'audit: nothing could be judged';
  const verdict = count === 0 ? 'no finding' : counted(count, 'finding');
  return `audit: ${verdict} in ${judged.length} of ${counted(functions.length, 'function')}. ${AUDIT_LIMIT}`;
}
