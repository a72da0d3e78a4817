import { Command } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { usableCase } from '../stored/usable-case.js';
import { UsageError } from '../errors.js';
import { expectationsIfAny, withRule, writeExpectations } from '../expect/expectation-file.js';
import { rulesOf } from '../expect/rule.js';
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
  const accepted = rulesOf(usableCase(path), shorten(path), {
    reason,
    ...(reference !== undefined && { reference }),
    exact,
  });
  const unknown = accepted.find(({ property }) => !PROPERTY_NAMES.includes(property));
  if (unknown !== undefined)
    throw new UsageError(
      `${shorten(path)}: expect.property: no property ${unknown.property}; ${nearest(unknown.property, PROPERTY_NAMES)}`,
    );
  const file = expectationPath(flags, await openConfig(flags));
  let rules = expectationsIfAny(file, PROPERTY_NAMES);
  const lines = accepted.map((rule) => {
    const result = withRule(rules, rule);
    rules = result.rules;
    const { target, property, slot, place } = rule;
    return `${shorten(file)}: ${result.added}: ${property} ${slot} of ${target} at ${place}: ${rule.reason}\n`;
  });
  if (lines.some((line) => !line.includes(': there already: '))) writeExpectations(file, rules);
  process.stdout.write(lines.join(''));
}
