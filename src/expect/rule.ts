/**
 * One expectation rule: a finding that is known, and why it is accepted. Baselines and known deviations are the same thing.
 *
 * A rule names property and slot exactly, and the target and the place as globs. Places move when code changes, so that a
 * rule which is made from a case names the function of the place and leaves the offset open, unless it is asked to be
 * exact. What one rule covers is counted and told: a second root cause at another instruction shows.
 */
import { z } from 'zod';
import { matchesGlob } from '../campaign/targets/glob.js';
import type { FindingResult } from '../campaign/records/result.js';
import type { CaseFile } from '../stored/case-schema.js';
import { UsageError } from '../errors.js';
import { escapeName } from '../text/escape.js';

/** One line of text that says something. */
const line = (most: number) =>
  z
    .string()
    .max(most)
    .transform((text) => escapeName(text.trim()))
    .refine((text) => text !== '', 'must say something');

export const ruleSchema = z.strictObject({
  target: line(4300).describe('Name of the target, or a glob.'),
  property: line(100).describe('Name of the violated property.'),
  slot: line(100).describe('The value that was wrong, as the finding names it: final.rsi, call.rcx.'),
  place: line(4300).describe('Glob over places: symbol+0x1c, symbol+*. Absent: any place.').optional(),
  reason: line(2000).describe('Why it is accepted.'),
  reference: line(2000).describe('Where it is discussed: an address, a commit.').optional(),
});

export type Rule = z.infer<typeof ruleSchema>;

/** What a rule is asked of: the signature of a finding, and its target. */
export type Found = Pick<FindingResult, 'property' | 'slot' | 'place'>;

/** Whether the rule covers the finding. */
export function covers(rule: Rule, target: string, { property, slot, place }: Found): boolean {
  return (
    rule.property === property &&
    rule.slot === slot &&
    speaksOfTarget(rule, target) &&
    (rule.place === undefined || matchesGlob(escapeName(place), rule.place))
  );
}

/** Says of a finding whether no rule covers it. */
export function uncovered(rules: readonly Rule[]): (target: string, found: Found) => boolean {
  return (target, found) => !rules.some((rule) => covers(rule, target, found));
}

export function speaksOfTarget(rule: Rule, target: string): boolean {
  return matchesGlob(escapeName(target), rule.target);
}

/** What tells two rules apart: there is one reason for what they cover. */
export function ruleKey({ target, property, slot, place }: Rule): string {
  return JSON.stringify([target, property, slot, place ?? '']);
}

/** `symbol+0x1c` -> `symbol+*`; a place that is not in a function stays as it is. */
export function anywhereInFunction(place: string): string {
  return place.replace(/\+0x[0-9a-f]+$/, '+*');
}

export interface RuleOptions {
  reason: string;
  reference?: string;
  /** Pin the instruction and not only its function. */
  exact: boolean;
}

/**
 * The rules that cover what a case was stored for, one for each violation of its finding.
 *
 * @param origin of the case, for messages
 * @throws UsageError for a case that expects nothing, and for a reason that says nothing
 */
export function rulesOf({ target, expect, also = [] }: CaseFile, origin: string, options: RuleOptions): Rule[] {
  if (expect === null)
    throw new UsageError(`${origin}: the case expects no violation, so that there is nothing to accept`);
  const rules = [expect, ...also].map((found) => ruleOf(target, found, origin, options));
  return [...new Map(rules.map((rule) => [ruleKey(rule), rule])).values()];
}

function ruleOf(
  target: string,
  { property, slot, place }: Found,
  origin: string,
  { reason, reference, exact }: RuleOptions,
): Rule {
  const parsed = ruleSchema.safeParse({
    target,
    property,
    slot,
    place: exact ? place : anywhereInFunction(place),
    reason,
    ...(reference !== undefined && { reference }),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = String(issue.path[0]);
  const where = field === 'reason' || field === 'reference' ? `--${field}` : `${origin}: ${field}`;
  throw new UsageError(`${where}: ${issue.message}`);
}
