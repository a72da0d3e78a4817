/**
 * Defects of code as it ships that are known, as rules that come with this tool (`corpus/known`). Each names what calls it a
 * defect: a commit, a CVE, or the sentence of the ABI that it breaks. They speak of kernels that say which they are, and of
 * nothing else: a project's own code of the same name is accused as ever.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { type KernelRelease, kernelRelease } from '../campaign/recognition/kernel-version.js';
import { matchesGlob } from '../campaign/targets/glob.js';
import { firstIssue } from '../contract/validate.js';
import { UsageError } from '../errors.js';
import { readJson } from '../files.js';
import type { AnyTarget } from '../run/target.js';
import { escapeName } from '../text/escape.js';
import { type Rule, ruleSchema } from './rule.js';

/** Which rules `--known` may ask for. */
export const KNOWN_CHOICES = ['linux', 'none'] as const;
export type KnownChoice = (typeof KNOWN_CHOICES)[number];

const KNOWN_SCHEMA = 'tdxfuzz/known/1';
const LARGEST_FILE = 1024 * 1024;

const release = z.string().regex(/^\d{1,3}\.\d{1,3}(\.\d{1,4})?$/, 'a kernel version: 6.12 or 6.12.109');

const knownRuleSchema = ruleSchema.omit({ target: true }).extend({
  symbols: z.array(z.string().min(1).max(200)).min(1).describe('Functions that have the defect; globs.'),
  reference: ruleSchema.shape.reference.unwrap().describe('Commit, CVE, or sentence of the ABI.'),
  fixed: z
    .array(release)
    .min(1)
    .describe('The first release of each series without it, in ascending order; absent: no release is.')
    .optional(),
});

export const knownSchema = z.strictObject({
  schema: z.literal(KNOWN_SCHEMA),
  rules: z.array(knownRuleSchema).max(1000),
});

export type KnownRule = z.infer<typeof knownRuleSchema>;

/** The rules of a family. @throws UsageError if the package's own file is damaged */
export function readKnown(folder: string, choice: KnownChoice): readonly KnownRule[] {
  if (choice === 'none') return [];
  const path = join(folder, `${choice}.json`);
  const parsed = knownSchema.safeParse(readJson(path, LARGEST_FILE, 'install tdxfuzz again'));
  if (!parsed.success) throw new UsageError(`${path}: ${firstIssue(parsed.error)}; install tdxfuzz again`);
  return parsed.data.rules;
}

/** The rules of the targets that are functions of a kernel with the defect. */
export function knownRulesOf(targets: readonly AnyTarget[], known: readonly KnownRule[]): Rule[] {
  return knownRulesFor(
    targets.map(({ name, symbol, image }) => ({ name, symbol, kernel: kernelRelease(image)?.join('.') })),
    known,
  );
}

/** A target as records have it: no image is at hand. */
export interface RecordedTarget {
  readonly name: string;
  readonly symbol: string;
  /** Which kernel it is of, `6.12.100`; undefined for one of none. */
  readonly kernel?: string | undefined;
}

/** The same of targets that were recorded. */
export function knownRulesFor(targets: readonly RecordedTarget[], known: readonly KnownRule[]): Rule[] {
  return targets.flatMap(({ name, symbol, kernel }) => {
    if (kernel === undefined) return [];
    const [major, minor, update = 0] = kernel.split('.').map(Number);
    const version: KernelRelease = [major, minor, update];
    return known
      .filter(({ symbols, fixed }) => symbols.some((glob) => matchesGlob(symbol, glob)) && hasDefect(version, fixed))
      .map(({ property, slot, place, reason, reference }): Rule => ({
        target: escapeName(name),
        property,
        slot,
        ...(place !== undefined && { place }),
        reason: `known: ${reason}`,
        reference,
      }));
  });
}

/** A series that no fix is named for has it if it is older than the last one. */
export function hasDefect([major, minor, update]: KernelRelease, fixed: readonly string[] | undefined): boolean {
  if (fixed === undefined) return true;
  const fixes = fixed.map((text) => text.split('.').map(Number));
  const ofSeries = fixes.find(([otherMajor, otherMinor]) => otherMajor === major && otherMinor === minor);
  if (ofSeries !== undefined) return update < (ofSeries[2] ?? 0);
  const last = fixes.at(-1) as number[];
  return major < last[0] || (major === last[0] && minor < last[1]);
}
