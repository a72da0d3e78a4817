/** What is new in a result beside another one, the base: for a gate that holds a project where it stands. */
import { join } from 'node:path';
import { firstIssue } from '../contract/validate.js';
import {
  type FindingResult,
  gapOf,
  type LocatedFinding,
  RESULT_SCHEMA,
  type RunResult,
  resultSchema,
  targetIsJudged,
  type TargetResult,
} from '../campaign/records/result.js';
import { UsageError } from '../errors.js';
import { readJson } from '../files.js';
import { escapeName, shorten } from '../text/escape.js';

/** What versions before wrote: findings without their traces. */
const RESULT_BEFORE = 'tdxfuzz/result/1';
const LARGEST_FILE = 512 * 1024 * 1024;

/**
 * The result in a folder that `--out` named.
 *
 * @throws UsageError with one line that names the file and the field
 */
export function readResult(folder: string): RunResult {
  const path = join(folder, 'result.json');
  const json = readJson(path, LARGEST_FILE, 'give a folder that a run wrote its results to (--out)');
  const version = (json as { schema?: unknown } | null)?.schema;
  if (typeof version === 'string' && version.startsWith('tdxfuzz/result/') && version !== RESULT_SCHEMA) {
    const hint = version === RESULT_BEFORE ? 'run it again with this version' : 'update tdxfuzz';
    throw new UsageError(`${shorten(path)}: schema ${shorten(version, 40)} is not known to this version; ${hint}`);
  }
  const parsed = resultSchema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${shorten(path)}: not a result: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

/** A finding and where it was. */
export type Located = LocatedFinding;

/** A finding that the base has as well. */
export interface Known extends Located {
  /** Where the base has it. Another place: the code of the target changed in between. */
  was: string;
}

export interface Comparison {
  /** Not in the base, and covered by no rule. */
  fresh: Located[];
  known: Known[];
  /** In the base, and no longer found on a target that was judged. */
  gone: Located[];
  /** What makes the comparison less than it seems: other versions, targets that the base does not have. */
  notes: string[];
}

/** Why a finding that the base has as well is accepted. */
export const IN_BASE = 'the base has it as well';

/**
 * Compares by target, property, slot and place. Where the code of a target is the same in both, so must the place be.
 * Where it is not, instructions have moved: then a finding is known if the base has one in the same function, each one of
 * the base for one of the result at most, the nearest offsets first.
 */
export function compareResults(now: RunResult, base: RunResult): Comparison {
  const comparison: Comparison = { fresh: [], known: [], gone: [], notes: versions(now, base) };
  for (const target of now.result.targets) {
    const before = base.result.targets.find((candidate) => escapeName(target.target) === candidate.target);
    comparison.notes.push(...doubts(target, before));
    const { fresh, known, gone } = compareTarget(target, before);
    comparison.fresh.push(...fresh);
    comparison.known.push(...known);
    comparison.gone.push(...gone);
  }
  const names = new Set(now.result.targets.map(({ target }) => escapeName(target)));
  const absent = base.result.targets.filter(({ target }) => !names.has(target)).length;
  if (absent > 0) comparison.notes.push(`${absent} target${absent === 1 ? '' : 's'} of the base not run`);
  return comparison;
}

/** The result in which every finding that the base has as well is accepted. */
export function acceptKnown(result: RunResult, { known }: Comparison): RunResult {
  const keys = new Set(known.map(locationKey));
  const targets = result.result.targets.map((target) => ({
    ...target,
    findings: target.findings.map((finding) =>
      finding.accepted === undefined && keys.has(locationKey({ ...finding, target: target.target }))
        ? { ...finding, accepted: { reason: IN_BASE } }
        : finding,
    ),
  }));
  return { ...result, result: { ...result.result, targets } };
}

function versions({ result: { tool } }: RunResult, base: RunResult): string[] {
  const { tool: before } = base.result;
  const gap = gapOf(base);
  return [
    ...(tool === before
      ? []
      : [`the base is of tdxfuzz ${before}, this run of ${tool}: findings may differ for that alone`]),
    ...(gap === undefined ? [] : [`the base is not whole (${gap}): what it did not come to find counts as new`]),
  ];
}

/** What the user should know of one target before he believes the comparison. */
function doubts(target: TargetResult, before: TargetResult | undefined): string[] {
  const name = shorten(target.target);
  if (before === undefined) return [`${name}: not in the base, so that all its findings are new`];
  if (escapeName(target.contract) !== before.contract)
    return [`${name}: contract ${shorten(target.contract)}, in the base ${shorten(before.contract)}`];
  return targetIsJudged(before) ? [] : [`${name}: the base has no verdict`];
}

/** What is known of a target from before. */
export interface Before {
  /** Empty: of more than one build. */
  fingerprint: string;
  findings: readonly Pick<FindingResult, 'property' | 'slot' | 'place'>[];
}

/** One target beside what was known of it. @param before undefined: nothing */
export function compareTarget(
  target: TargetResult,
  before: Before | undefined,
): Pick<Comparison, 'fresh' | 'known' | 'gone'> {
  const comparison: Pick<Comparison, 'fresh' | 'known' | 'gone'> = { fresh: [], known: [], gone: [] };
  const located = ({ property, slot, place }: Before['findings'][number]): Located => ({
    target: target.target,
    property,
    slot,
    place,
  });
  let left = (before?.findings ?? []).map(located);
  let unmatched: Located[] = [];
  for (const finding of target.findings.map(located)) {
    const same = left.find((candidate) => locationKey(candidate) === locationKey(finding));
    if (same === undefined) unmatched.push(finding);
    else {
      left = left.filter((candidate) => candidate !== same);
      comparison.known.push({ ...finding, was: same.place });
    }
  }
  if (target.fingerprint !== before?.fingerprint) {
    for (const [finding, was] of moved(unmatched, left)) {
      unmatched = unmatched.filter((candidate) => candidate !== finding);
      left = left.filter((candidate) => candidate !== was);
      comparison.known.push({ ...finding, was: was.place });
    }
  }
  const accepted = new Set(
    target.findings
      .filter((finding) => finding.accepted !== undefined)
      .map(located)
      .map(locationKey),
  );
  comparison.fresh.push(...unmatched.filter((finding) => !accepted.has(locationKey(finding))));
  // Of a target without a verdict nothing is known to be mended.
  if (targetIsJudged(target)) comparison.gone.push(...left);
  return comparison;
}

/** Pairs of one root cause before and after, nearest first. */
function moved(after: readonly Located[], before: readonly Located[]): [Located, Located][] {
  const candidates = after
    .flatMap((now) => before.filter((was) => functionKey(was) === functionKey(now)).map((was) => ({ now, was })))
    .map((pair) => ({ ...pair, distance: Math.abs(offsetOf(pair.now) - offsetOf(pair.was)) }))
    .sort((a, b) => a.distance - b.distance || compare(a.now.place, b.now.place) || compare(a.was.place, b.was.place));
  const taken = new Set<Located>();
  const pairs: [Located, Located][] = [];
  for (const { now, was } of candidates) {
    if (taken.has(now) || taken.has(was)) continue;
    taken.add(now).add(was);
    pairs.push([now, was]);
  }
  return pairs;
}

const PLACE = /^(?<symbol>.*)\+(?<offset>0x[0-9a-f]+)$/s;

function functionKey({ property, slot, place }: Located): string {
  return JSON.stringify([property, slot, escapeName(PLACE.exec(place)?.groups?.['symbol'] ?? place)]);
}

function offsetOf({ place }: Located): number {
  return Number(PLACE.exec(place)?.groups?.['offset'] ?? 0);
}

/** What was read from a file is escaped, what was just found is not. */
function locationKey({ target, property, slot, place }: Located): string {
  return JSON.stringify([target, property, slot, place].map(escapeName));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
