import { Command } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { readCase } from '../case/case-file.js';
import { UsageError } from '../errors.js';
import { expectationsIfAny, withRule, writeExpectations } from '../expect/expectation-file.js';
import { ruleOf } from '../expect/rule.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';
import { expectationPath, openConfig, type PlaceFlags, withPlaces } from './project.js';

interface AcceptFlags extends Omit<PlaceFlags, 'cases'> {
  reason: string;
  reference?: string;
  exact: boolean;
}

export function acceptCommand(): Command {
  const command = new Command('accept')
    .description('write a rule that accepts what a case found: a gate does not fail on it any more')
    .argument('CASE', 'path of a case.json, or of the folder of a finding')
    .requiredOption('--reason <TEXT>', 'why it is accepted')
    .option('--reference <URL>', 'where it is discussed')
    .option('--exact', 'at this instruction only, not anywhere in its function', false);
  return withPlaces(command, 'expect').action(accept);
}

async function accept(path: string, flags: AcceptFlags): Promise<void> {
  const { reason, reference, exact } = flags;
  const rule = ruleOf(readCase(path), shorten(path), { reason, ...(reference !== undefined && { reference }), exact });
  if (!PROPERTY_NAMES.includes(rule.property))
    throw new UsageError(
      `${shorten(path)}: expect.property: no property ${rule.property}; ${nearest(rule.property, PROPERTY_NAMES)}`,
    );
  const file = expectationPath(flags, await openConfig(flags));
  const { rules, added } = withRule(expectationsIfAny(file, PROPERTY_NAMES), rule);
  if (added !== 'there already') writeExpectations(file, rules);
  const { target, property, slot, place } = rule;
  process.stdout.write(`${shorten(file)}: ${added}: ${property} ${slot} of ${target} at ${place}: ${rule.reason}\n`);
}
