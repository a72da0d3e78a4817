/** `reports/mutants.json`: the committed counts of mutants, and `reports/mutants.md` for people. */
import { z } from 'zod';
import type { StubTarget } from '../run/target.js';
import { functionCode } from '../harness/function-code.js';
import { functionExtent } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import { readJson } from '../targets/read-json.js';
import type { MutantSurvey } from './survey.js';

/** Where the baseline lies, relative to the package's root. */
export const MUTANTS_PATH = 'reports/mutants.json';
/** Cases for each mutant: ten times as many as the last kill needed. */
export const MUTANT_CASES = 1000;

export interface MutantBaseline {
  schema: 'tdxfuzz/mutants/1';
  /** At most so many for each mutant: the first that is judged wrong ends it. */
  cases: number;
  /** In the order of `tdxfuzz list targets`. */
  targets: MutantSurvey[];
}

const count = z.int().nonnegative();

const baselineSchema: z.ZodType<MutantBaseline> = z.strictObject({
  schema: z.literal('tdxfuzz/mutants/1'),
  cases: count,
  targets: z.array(
    z.strictObject({
      target: z.string().min(1),
      contract: z.string().min(1),
      code: z.string().regex(/^[0-9a-f]{32}$/, '32 hexadecimal digits'),
      bytes: count,
      killed: count,
      survived: count,
      noVerdict: count,
      killers: z.record(z.string().regex(/^[a-z0-9-]+: ./, 'property: slot'), count),
      survivors: z.record(z.string().regex(/^0x[0-9a-f]+$/, 'an offset'), z.string().regex(/^[0-7]{1,8}$/, 'bits')),
    }),
  ),
});

/** @throws UsageError when the file is missing or is not what its schema says */
export function readMutants(root: string): MutantBaseline {
  const advice = { missing: 'npm run mutants writes it', wrong: 'npm run mutants writes it anew' };
  return readJson(root, MUTANTS_PATH, baselineSchema, advice);
}

export function mutantsJson(targets: readonly MutantSurvey[], cases: number): string {
  const baseline: MutantBaseline = { schema: 'tdxfuzz/mutants/1', cases, targets: [...targets] };
  return `${JSON.stringify(baseline, null, 1)}\n`;
}

/** The same for people: the score of each target, who kills, and which bits nobody misses. */
export function mutantsMarkdown(
  surveys: readonly MutantSurvey[],
  targets: readonly StubTarget[],
  cases: number,
): string {
  const total = (pick: (survey: MutantSurvey) => number): number => surveys.reduce((sum, row) => sum + pick(row), 0);
  const lines = [
    '# Mutants',
    '',
    `Written by \`npm run mutants\`. Every bit of the machine code of every built-in stub, flipped by itself and run on up to ${cases} cases of the unharmed function.`,
    'Killed: a case was judged wrong. Survived: none was; the flip may be an equivalent instruction, or one that the cases cannot tell, and nobody has guessed which.',
    'No verdict: a case ran into something that nothing models (an unknown instruction, HLT, IN) before any was judged wrong. It counts as neither.',
    '',
    ...table(
      ['target', 'bytes', 'mutants', 'killed', 'survived', 'no verdict', 'killed of those with a verdict'],
      [
        ...surveys.map((survey) => scoreRow(survey.target, survey)),
        scoreRow('all', {
          bytes: total(({ bytes }) => bytes),
          killed: total(({ killed }) => killed),
          survived: total(({ survived }) => survived),
          noVerdict: total(({ noVerdict }) => noVerdict),
        }),
      ],
    ),
    '',
    '## Who kills',
    '',
    'Mutants that a property told from correct code, in the first case that any property did: one mutant counts for each of them.',
    '',
    ...table(['property', 'mutants', 'slots'], killerRows(surveys)),
    '',
    '## Survivors',
    ...surveys.flatMap((survey, index) => ['', ...survivorLines(survey, targets[index])]),
  ];
  return `${lines.join('\n')}\n`;
}

function scoreRow(
  name: string,
  { bytes, killed, survived, noVerdict }: Pick<MutantSurvey, 'bytes' | 'killed' | 'survived' | 'noVerdict'>,
): string[] {
  const judged = killed + survived;
  const score = judged === 0 ? '-' : `${((100 * killed) / judged).toFixed(1)} %`;
  return [name, ...[bytes, 8 * bytes, killed, survived, noVerdict].map(String), score];
}

function killerRows(surveys: readonly MutantSurvey[]): string[][] {
  const properties = new Map<string, { mutants: number; slots: Set<string> }>();
  for (const { killers } of surveys)
    for (const [killer, mutants] of Object.entries(killers)) {
      const [property, slot] = killer.split(': ');
      const row = properties.get(property) ?? { mutants: 0, slots: new Set() };
      properties.set(property, { mutants: row.mutants + mutants, slots: row.slots.add(slot) });
    }
  return [...properties]
    .sort(([a, left], [b, right]) => right.mutants - left.mutants || (a < b ? -1 : 1))
    .map(([property, { mutants, slots }]) => [property, String(mutants), String(slots.size)]);
}

/** One line for each instruction with survivors: where, what it is, and the bits as `byte.bits`. */
function survivorLines({ target, survivors }: MutantSurvey, { image, symbol }: StubTarget): string[] {
  const { address: entry, size } = functionExtent(image, findFunction(image, symbol));
  const rows = functionCode(image, entry, size).instructions.flatMap(({ address, length, text }) => {
    const from = Number(address - entry);
    const bits = Object.entries(survivors)
      .map(([offset, left]) => [Number(offset) - from, left] as const)
      .filter(([byte]) => byte >= 0 && byte < length)
      .map(([byte, left]) => `${byte}.${left}`);
    return bits.length === 0 ? [] : [[`+0x${from.toString(16)}`, `\`${text}\``, bits.join(' ')]];
  });
  return [`### ${target}`, '', ...table(['at', 'instruction', 'byte.bits'], rows)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
