/** What was said of real code, as a table that is kept: `reports/wild.json`. */
import { z } from 'zod';
import { noVerdict, type RunResult } from '../campaign/records/result.js';
import { firstIssue } from '../contract/validate.js';
import { UsageError } from '../errors.js';
import { readJson } from '../files.js';
import { text } from '../stored/case-schema.js';

export const WILD_SCHEMA = 'tdxfuzz/wild/1';
/** Bytes. */
const LARGEST = 1 << 24;

const findingSchema = z.strictObject({
  property: text(100),
  slot: text(100),
  place: text(4300),
  /** The rule that knows it; absent: it is new. */
  known: z.strictObject({ reason: text(2000), reference: text(2000).optional() }).optional(),
});

const functionSchema = z.strictObject({
  function: text(4300),
  contract: text(4300),
  verdict: z.enum(['holds', 'known', 'new', 'no verdict']),
  /** Why there is none. */
  problem: text(4300).optional(),
  findings: z.array(findingSchema).max(10_000),
});

const imageSchema = z.strictObject({
  /** The package, or what somebody called the file. */
  name: text(4300),
  /** Of the package. */
  version: text(300).optional(),
  /** Where a file is from: source commit, tool chain. */
  origin: text(2000).optional(),
  /** sha256 of the file. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 in hexadecimal'),
  functions: z.array(functionSchema).max(10_000),
});

const wildSchema = z.strictObject({
  schema: z.literal(WILD_SCHEMA),
  tool: text(50),
  seed: text(200),
  /** Cases of each function. */
  runs: z.number().int().min(1).max(1e12),
  images: z.array(imageSchema).max(1000),
});

export type WildTable = z.infer<typeof wildSchema>;
export type WildImage = z.infer<typeof imageSchema>;
type WildFunction = z.infer<typeof functionSchema>;

/** @throws UsageError for a file that is missing or damaged, in one line */
export function readWild(path: string): WildTable {
  const parsed = wildSchema.safeParse(readJson(path, LARGEST, 'write it with tdxfuzz wild --write'));
  if (!parsed.success) throw new UsageError(`${path}: ${firstIssue(parsed.error)}; write it with tdxfuzz wild --write`);
  return parsed.data;
}

/** What a run said of each function of an image, known defects marked. */
export function functionsOf({ result }: RunResult): WildFunction[] {
  return result.targets.map((target): WildFunction => {
    const findings = target.findings
      .map(({ property, slot, place, accepted }) => ({ property, slot, place, ...(accepted && { known: accepted }) }))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const problem = noVerdict(target);
    const verdict = verdictOf(problem, findings);
    return {
      function: target.symbol,
      contract: target.contract,
      verdict,
      ...(problem !== undefined && { problem }),
      findings,
    };
  });
}

function verdictOf(problem: string | undefined, findings: WildFunction['findings']): WildFunction['verdict'] {
  if (problem !== undefined) return 'no verdict';
  if (findings.some(({ known }) => known === undefined)) return 'new';
  return findings.length > 0 ? 'known' : 'holds';
}

const keyOf = ({ property, slot, place }: { property: string; slot: string; place: string }): string =>
  `${property} ${slot} ${place}`;

/** Lines of what is otherwise than the table has it; none if all is as it was. */
export function changesOf(before: WildImage, now: WildImage): string[] {
  const lines: string[] = [];
  const say = (what: string): void => void lines.push(`${now.name}: ${what}`);
  if (before.version !== now.version) say(`version ${before.version ?? 'none'} is now ${now.version ?? 'none'}`);
  if (before.hash !== now.hash) say('another file: its sha256 differs');
  const known = new Map(before.functions.map((one) => [`${one.contract} ${one.function}`, one]));
  for (const one of now.functions) {
    const key = `${one.contract} ${one.function}`;
    const former = known.get(key);
    known.delete(key);
    if (former === undefined) {
      say(`${one.function} (${one.contract}) is judged now: ${one.verdict}`);
      continue;
    }
    if (former.verdict !== one.verdict)
      say(
        `${one.function}: ${former.verdict} is now ${one.verdict}${one.problem === undefined ? '' : ` (${one.problem})`}`,
      );
    const [was, is] = [former, one].map(
      ({ findings }) =>
        new Set(findings.map((finding) => `${keyOf(finding)}${finding.known === undefined ? ' new' : ''}`)),
    );
    for (const finding of is) if (!was.has(finding)) say(`${one.function}: found now: ${finding}`);
    for (const finding of was) if (!is.has(finding)) say(`${one.function}: found no longer: ${finding}`);
  }
  for (const { function: symbol, contract } of known.values()) say(`${symbol} (${contract}) is judged no longer`);
  return lines;
}
