/**
 * The result of a run, as a value that is byte-stable in JSON: the same seed gives the same bytes. The schema is what is
 * published (schema/result-2.schema.json) and what every reader of a result checks it by.
 */
import { z } from 'zod';
import { assumptionSchema } from '../../contract/contract.js';
import { caseSchema, hex64, text } from '../../stored/case-schema.js';
import { documentSchema } from './document-schema.js';
import { instant, originSchema } from './origin.js';

export const RESULT_SCHEMA = 'tdxfuzz/result/2';

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

/** A violation as others name it (src/finding/causes.ts). */
export const causeName = z.string().regex(/^[0-9a-f]{12}$/, 'a name of a violation');

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
  /** Values that differ from neutral in the shrunken case; of a target whose cases have several steps as `STEP.SLOT`. */
  scenario: z.record(text(200), hex64),
  inputs: z.array(inputSchema).max(4096),
  /** What values of `scenario` and `inputs` are called, where they have names. */
  words: z.record(text(200), text(4300)).optional(),
  /** Why the case that is kept does not repeat the finding; absent: it does, from the case alone. */
  unrepeated: text(4300).optional(),
  /** The last conditional branch before the instruction to blame, or empty; and the index of that instruction in the trace. */
  decision: text(4300),
  step: count,
  /** What is wrong of a value (src/finding/causes.ts). */
  manner: z.enum(['changes', 'stays', 'other']),
  /** Other violations of the shrunken case without which it is gone, and those of which that could not be tried. */
  removedBy: z.array(causeName).max(64),
  unclear: z.array(causeName).max(64),
  /** The expectation rule that covers it: a gate does not fail on it. */
  accepted: z.strictObject({ reason: text(2000), reference: text(2000).optional() }).optional(),
  /** What happened in the shrunken case, instruction by instruction. */
  document: documentSchema,
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
  /** Violations, one for each signature. */
  findings: z.array(findingSchema).max(10_000),
  /** What people call findings: indices in `findings`, each in one place. The first cause in the trace comes first. */
  causes: z
    .array(
      z.strictObject({
        /** One mistake seen in several slots or places; the first is what the finding is named after. */
        members: z.array(count).min(1).max(10_000),
        /** What is gone as soon as the mistake is. */
        alsoBreaks: z.array(count).max(10_000),
      }),
    )
    .max(10_000),
  /** Nearly every case fails in a way that a wrong contract explains; and the contract that fits better. */
  hint: z.strictObject({ text: text(4300), contract: text(4300) }).optional(),
  /** Why there is no verdict for some case: an error, never a pass. */
  problem: text(4300).optional(),
});

/** A finding and where it is. */
export const locatedSchema = z.strictObject({
  target: text(4300),
  property: text(100),
  slot: text(100),
  /** `symbol+0x1c` of the instruction to blame. */
  place: text(4300),
});

/** One that earlier nights had as well. */
export const sinceSchema = z.strictObject({
  ...locatedSchema.shape,
  /** When the night began that saw it first. */
  since: instant,
});

/** What a night adds to those before it: one entry for each cause that no rule accepts. */
const nightSchema = z.strictObject({
  /** From 1. */
  number: count,
  /** Whether it went on from what earlier nights left. */
  resumed: z.boolean(),
  fresh: z.array(locatedSchema).max(100_000),
  still: z.array(sinceSchema).max(100_000),
  gone: z.array(sinceSchema).max(100_000),
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
    /** When the run began and ended; of one that went on from a state, its last process. */
    start: instant.optional(),
    end: instant.optional(),
    ...originSchema.shape,
    /** Shards of a merged result of which there is nothing, or whose process did not come to its end; absent: none. */
    missing: z.strictObject({ shards: z.array(count).min(1).max(100_000), of: count }).optional(),
    /** Of a night, beside those before it. */
    night: nightSchema.optional(),
    out: text(4300).nullable(),
  }),
});

export type RunResult = z.infer<typeof resultSchema>;
export type LocatedFinding = z.infer<typeof locatedSchema>;
export type StandingFinding = z.infer<typeof sinceSchema>;
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

/** Missing shards that are named before the rest is only counted. */
const NAMED_SHARDS = 12;

/**
 * What of the run was not done, in words that every format begins with; undefined where all was done. A run with a gap has
 * found what it has found, and passes nothing.
 */
export function gapOf({ run: { missing, interrupted } }: RunResult): string | undefined {
  const gaps = [
    ...(interrupted ? ['interrupted'] : []),
    ...(missing === undefined ? [] : [`incomplete: ${shardsText(missing)} missing`]),
  ];
  return gaps.length === 0 ? undefined : gaps.join(', ');
}

/** `shards 3, 7 of 8` */
export function shardsText({ shards, of }: NonNullable<RunResult['run']['missing']>): string {
  const more = shards.length - NAMED_SHARDS;
  const named = shards.slice(0, NAMED_SHARDS).join(', ');
  return `shard${shards.length === 1 ? '' : 's'} ${named}${more > 0 ? ` and ${more} more` : ''} of ${of}`;
}

/**
 * By docs/architecture.md#exit-status, the highest wins: 0 nothing found, 1 a finding, 2 no verdict. Without findings a merge that
 * lacks shards is 3, and an interrupted run 130.
 */
export function exitStatus(run: RunResult): number {
  const { targets } = run.result;
  if (targets.some(({ findings }) => findings.some(isToolFailure))) return 3;
  const found = targets.some(hasUnaccepted);
  if (run.run.missing !== undefined && !found) return 3;
  // What was not done may be why nothing was evaluated.
  const isOpen = (target: TargetResult): boolean =>
    gapOf(run) === undefined ? !targetIsJudged(target) : target.problem !== undefined;
  if (targets.some(isOpen)) return 2;
  if (found) return 1;
  return run.run.interrupted ? 130 : 0;
}

/** A finding that was seen and does not repeat. That its case would have too many pages is no failure. */
function isToolFailure({ unrepeated, case: { code } }: FindingResult): boolean {
  return unrepeated !== undefined && code.missing === undefined;
}

/** Whether the target has a finding that no expectation rule covers. */
function hasUnaccepted({ findings }: TargetResult): boolean {
  return findings.some(({ accepted }) => accepted === undefined);
}

/** A finding as people count them: one mistake, with all that it shows. */
export interface CauseResult {
  /** What it is named after. */
  finding: FindingResult;
  /** The same mistake in other slots or places. */
  others: FindingResult[];
  alsoBreaks: FindingResult[];
  /** Every violation of it is covered by an expectation rule. */
  isAccepted: boolean;
}

/** The findings of a target, one for each cause. */
export function causesOfTarget({ findings, causes }: TargetResult): CauseResult[] {
  const at = (index: number): FindingResult[] => (index < findings.length ? [findings[index]] : []);
  return causes.flatMap(({ members, alsoBreaks }) => {
    const [finding, ...others] = members.flatMap(at);
    if (finding === undefined) return [];
    const under = alsoBreaks.flatMap(at);
    const isAccepted = [finding, ...others, ...under].every(({ accepted }) => accepted !== undefined);
    return [{ finding, others, alsoBreaks: under, isAccepted }];
  });
}
