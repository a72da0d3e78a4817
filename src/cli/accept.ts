import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { usableCase } from '../stored/usable-case.js';
import { UsageError } from '../errors.js';
import { expectationsIfAny, withRule, writeExpectations } from '../expect/expectation-file.js';
import { covers, type Rule, rulesOf } from '../expect/rule.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';
import { expectationPath, openConfig, type PlaceFlags, withPlaces } from './project.js';
import { FINDINGS } from './settle-findings.js';

interface AcceptFlags extends Omit<PlaceFlags, 'cases'> {
  all?: string;
  reason: string;
  reference?: string;
  exact: boolean;
}

export function acceptCommand(): Command {
  const command = new Command('accept')
    .description('write a rule that accepts what a case found: a gate does not fail on it any more')
    .argument('[CASE...]', 'paths of a case.json, or of the folder of a finding')
    .option('--all <DIR>', 'every finding of the result in this folder that no rule covers')
    .requiredOption('--reason <TEXT>', 'why it is accepted')
    .option('--reference <URL>', 'where it is discussed')
    .option('--exact', 'at this instruction only, not anywhere in its function', false);
  return withPlaces(command, 'expect').action(accept);
}

async function accept(cases: readonly string[], flags: AcceptFlags): Promise<void> {
  const { all } = flags;
  if (cases.length === 0 && all === undefined)
    throw new UsageError("missing required argument 'CASE'; give a case, or --all DIR");
  const named = cases.flatMap((path) => rulesOfCase(path, flags));
  const collected = all === undefined ? [] : findingsIn(all).map((path) => rulesOfCase(path, flags));
  const file = expectationPath(flags, await openConfig(flags));
  const before = expectationsIfAny(file, PROPERTY_NAMES);
  // A finding that is known keeps the reason that it has.
  const isCovered = (rule: Rule): boolean =>
    before.some((known) => covers(known, rule.target, { ...rule, place: (rule.place ?? '').replace('+*', '+0x0') }));
  const accepted = [...named, ...collected.filter((rules) => !rules.every(isCovered)).flat()];
  let rules = before;
  const lines = accepted.map((rule) => {
    const result = withRule(rules, rule);
    rules = result.rules;
    const { target, property, slot, place } = rule;
    return `${shorten(file)}: ${result.added}: ${property} ${slot} of ${target} at ${place}: ${rule.reason}\n`;
  });
  if (lines.some((line) => !line.includes(': there already: '))) writeExpectations(file, rules);
  const known = collected.filter((of) => of.every(isCovered)).length;
  if (known > 0) lines.push(`${known} of ${collected.length} findings have a rule already\n`);
  process.stdout.write(lines.join(''));
}

/** @throws UsageError for a case that cannot be replayed, or that expects nothing */
function rulesOfCase(path: string, { reason, reference, exact }: AcceptFlags): Rule[] {
  const rules = rulesOf(usableCase(path), shorten(path), {
    reason,
    ...(reference !== undefined && { reference }),
    exact,
  });
  const unknown = rules.find(({ property }) => !PROPERTY_NAMES.includes(property));
  if (unknown !== undefined)
    throw new UsageError(
      `${shorten(path)}: expect.property: no property ${unknown.property}; ${nearest(unknown.property, PROPERTY_NAMES)}`,
    );
  return rules;
}

/** @throws UsageError for a folder without findings */
function findingsIn(folder: string): string[] {
  const parent = join(folder, FINDINGS);
  const names = existsSync(parent) ? readdirSync(parent) : [];
  if (names.length === 0)
    throw new UsageError(`--all ${shorten(folder)}: no findings there; give a folder that a run wrote its results to`);
  return names.sort().map((name) => join(parent, name));
}
