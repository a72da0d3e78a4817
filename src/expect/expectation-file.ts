/** A project's rules as a file, schema tdxfuzz/expect/1: sorted, so that two people who add a rule each can merge. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { firstIssue } from '../contract/validate.js';
import { UsageError } from '../errors.js';
import { readJson, replaceFile } from '../files.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';
import { type Rule, ruleKey, ruleSchema } from './rule.js';

/** Where a project keeps its rules, from its top folder. */
export const PROJECT_EXPECTATIONS = 'tdxfuzz/expect.json';

export const EXPECT_SCHEMA = 'tdxfuzz/expect/1';
const LARGEST_FILE = 4 * 1024 * 1024;
const HINT = 'give an expectation file (tdxfuzz accept writes one)';

export const expectationsSchema = z.strictObject({
  schema: z.literal(EXPECT_SCHEMA),
  rules: z.array(ruleSchema).max(10_000).describe('Findings that are known; a rule that matches none can go.'),
});

/**
 * @param properties names that a rule may speak of
 * @throws UsageError with one line that names the file and the field
 */
export function readExpectations(path: string, properties: readonly string[]): Rule[] {
  const json = readJson(path, LARGEST_FILE, HINT);
  const origin = shorten(path);
  const version = (json as { schema?: unknown } | null)?.schema;
  if (typeof version === 'string' && version.startsWith('tdxfuzz/expect/') && version !== EXPECT_SCHEMA)
    throw new UsageError(`${origin}: schema ${shorten(version, 40)} is not known to this version; update tdxfuzz`);
  const parsed = expectationsSchema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${origin}: not an expectation file: ${firstIssue(parsed.error)}`);
  const { rules } = parsed.data;
  const keys = new Set<string>();
  for (const [index, rule] of rules.entries()) {
    if (!properties.includes(rule.property))
      throw new UsageError(
        `${origin}: rules.${index}.property: no property ${shorten(rule.property)}; ${nearest(rule.property, properties)}`,
      );
    if (keys.has(ruleKey(rule)))
      throw new UsageError(`${origin}: rules.${index}: another rule covers the same; keep one of them`);
    keys.add(ruleKey(rule));
  }
  return rules;
}

/** As {@link readExpectations}; none where there is no such file. */
export function expectationsIfAny(path: string, properties: readonly string[]): Rule[] {
  return existsSync(path) ? readExpectations(path, properties) : [];
}

/** Replaces the file in one step. The same rules give the same bytes. @throws UsageError if it cannot be written */
export function writeExpectations(path: string, rules: readonly Rule[]): void {
  const inOrder = [...rules].sort((a, b) => (ruleKey(a) < ruleKey(b) ? -1 : 1)).map(fieldsInOrder);
  replaceFile(path, `${JSON.stringify({ schema: EXPECT_SCHEMA, rules: inOrder }, null, 2)}\n`);
}

function fieldsInOrder({ target, property, slot, place, reason, reference }: Rule): Rule {
  return {
    target,
    property,
    slot,
    ...(place !== undefined && { place }),
    reason,
    ...(reference !== undefined && { reference }),
  };
}

/** What became of a rule that was to be added. */
export type Added = 'added' | 'there already' | 'changed';

/** The rules with one more; one that covers the same gives way to it. */
export function withRule(rules: readonly Rule[], rule: Rule): { rules: Rule[]; added: Added } {
  const known = rules.find((candidate) => ruleKey(candidate) === ruleKey(rule));
  if (known === undefined) return { rules: [...rules, rule], added: 'added' };
  if (known.reason === rule.reason && known.reference === rule.reference)
    return { rules: [...rules], added: 'there already' };
  return { rules: rules.map((candidate) => (candidate === known ? rule : candidate)), added: 'changed' };
}
