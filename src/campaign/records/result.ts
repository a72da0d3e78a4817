/**
 * The result of a run, as a value that is byte-stable in JSON: the same seed gives the same bytes. The schema is what is
 * published (schema/result-1.schema.json) and what every reader of a result checks it by.
 */
import { z } from 'zod';
import { assumptionSchema } from '../../contract/contract.js';
import { caseSchema, hex64, text } from '../../case/case-file.js';

export const RESULT_SCHEMA = 'tdxfuzz/result/1';

/** In place of one seed for all, where every target has its own. */
export const SEEDS_OF_THEIR_OWN = 'from the code';

export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** An offset in a function, or a number of instructions. */
export const offset = z.number().int().min(0).max(0x40000000);
export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 in hexadecimal');

/** A line of source, where the image has a line table. */
const sourceSchema = z.strictObject({ file: text(4300), line: z.number().int().min(1).max(0x40000000) });

/** What an experiment said of one value of the shrunken case: whether the case still fails when only this value changes. */
const inputSchema = z.strictObject({
  /** As in `scenario`. */
  name: text(200),
  value: hex64,
  /**
   * `anything`: it failed with every value tried; `must differ`: with every value but the neutral one; `must be this`: with
   * no other; `some values`: with some of them.
   */
  verdict: z.enum(['anything', 'must differ', 'must be this', 'some values']),
  /** Other values tried, and how many of them fail in the same way. */
  tried: count,
  failed: count,
  /** More that the experiment said: which bits decide. */
  note: text(400).optional(),
});

export const findingSchema = z.strictObject({
  property: text(100),
  clause: text(2000),
  slot: text(100),
  /** `symbol+0x1c` of the instruction to blame. */
  place: text(4300),
  source: sourceSchema.optional(),
  expected: text(4300),
  actual: text(4300),
  /** Cases that failed with this signature. */
  hits: count,
  /** Where the first of them was: block and index, or the name of a replayed case. */
  first: z.union([
    z.strictObject({
      block: count,
      index: count,
      /** The corpus entry of a night from which the block's cases were made; absent: fresh ones. */
      parent: digest.optional(),
    }),
    z.strictObject({ replayed: text(300) }),
  ]),
  /** Values that differ from neutral in the shrunken case; those of a story as `STEP.SLOT`. */
  scenario: z.record(text(200), hex64),
  inputs: z.array(inputSchema).max(4096),
  /** The expectation rule that covers it: a gate does not fail on it. */
  accepted: z.strictObject({ reason: text(2000), reference: text(2000).optional() }).optional(),
  case: caseSchema,
});

/** A property as it stands to a target before any case was run. */
export const propertyStatusSchema = z.strictObject({
  name: text(100),
  status: z.enum(['judged', 'holds by decode', 'not applicable']),
  reason: text(2000).optional(),
});

const propertySchema = z.strictObject({
  property: text(100),
  status: z.enum(['holds', 'violated', 'holds by decode', 'not applicable', 'not evaluated']),
  /** Cases in which a clause of it was in force. */
  cases: count,
  reason: text(2000).optional(),
});

/** What the cases reached of one function. Offsets are in bytes from its start, sorted. */
const functionCoverageSchema = z.strictObject({
  symbol: text(4096),
  address: hex64,
  /** Instructions that it has, and the directions that its conditional branches have. */
  instructions: count,
  directions: count,
  reached: z.array(offset).max(0x10000),
  /** Directions taken, as pairs of offsets: the branch, and where it went. */
  taken: z.array(z.tuple([offset, z.number().int()])).max(0x10000),
});

const targetSchema = z.strictObject({
  target: text(4300),
  symbol: text(4096),
  contract: text(4300),
  image: text(4300),
  imageHash: digest,
  /** sha256 over the code under test after relocation, its contract and the tool's version. */
  fingerprint: digest,
  seed: text(1000),
  cases: count,
  /** Machine runs, companions included. */
  executions: count,
  /** Stored cases that were replayed first. */
  replayed: count,
  /** What the contract takes for granted: the result says nothing of where it does not hold. */
  assumes: z.array(assumptionSchema).optional(),
  properties: z.array(propertySchema).max(1000),
  /** Cases per class; 0 means not exercised. */
  classes: z.record(text(200), count),
  coverage: z.array(functionCoverageSchema).max(4096),
  findings: z.array(findingSchema).max(10_000),
  /** Why there is no verdict for some case: an error, never a pass. */
  problem: text(4300).optional(),
});

export const resultSchema = z.strictObject({
  schema: z.literal(RESULT_SCHEMA),
  result: z.strictObject({
    tool: text(50),
    /** What the seed of every target was, or SEEDS_OF_THEIR_OWN. */
    seed: text(1000),
    /** Cases of the target that had most. */
    runs: count,
    targets: z.array(targetSchema).max(10_000),
  }),
  /** What differs from run to run: times, workers, paths. */
  run: z.strictObject({
    node: text(50),
    workers: count,
    milliseconds: count,
    casesPerSecond: count,
    interrupted: z.boolean(),
    out: text(4300).nullable(),
  }),
});

export type RunResult = z.infer<typeof resultSchema>;
export type TargetResult = z.infer<typeof targetSchema>;
export type FindingResult = z.infer<typeof findingSchema>;
export type PropertyStatus = z.infer<typeof propertyStatusSchema>;
export type PropertyResult = z.infer<typeof propertySchema>;
export type FunctionCoverage = z.infer<typeof functionCoverageSchema>;
export type InputVerdict = z.infer<typeof inputSchema>;
export type SourceLine = z.infer<typeof sourceSchema>;

/** Whether a target has at least one property that was evaluated, and no case without a verdict. */
export function targetIsJudged(target: TargetResult): boolean {
  return (
    target.problem === undefined && target.properties.some(({ status }) => status === 'holds' || status === 'violated')
  );
}

/** Why a target has no verdict; undefined where it has one. */
export function noVerdict(target: TargetResult): string | undefined {
  if (target.problem !== undefined) return target.problem;
  return targetIsJudged(target) ? undefined : 'no property was in force in any case';
}

/** Properties that apply to a target with a verdict, and that no case put in force: nothing is known of them. */
export function neverInForce(target: TargetResult): string[] {
  if (noVerdict(target) !== undefined) return [];
  return target.properties.filter(({ status }) => status === 'not evaluated').map(({ property }) => property);
}

/** 0, 1 or 2 by DESIGN.md ("Exit status"); the highest wins. */
export function exitStatus({ result, run }: RunResult): number {
  if (result.targets.some((target) => !targetIsJudged(target)))
    return run.interrupted ? interruptedStatus(result.targets) : 2;
  if (result.targets.some(hasUnaccepted)) return 1;
  return run.interrupted ? 130 : 0;
}

function interruptedStatus(targets: readonly TargetResult[]): number {
  if (targets.some(({ problem }) => problem !== undefined)) return 2;
  return targets.some(hasUnaccepted) ? 1 : 130;
}

/** Whether the target has a finding that no expectation rule covers. */
function hasUnaccepted({ findings }: TargetResult): boolean {
  return findings.some(({ accepted }) => accepted === undefined);
}
