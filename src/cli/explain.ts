import { Command } from 'commander';
import { colours as pc } from '../text/colours.js';
import { PROGRAM_PROPERTIES, PROPERTIES, PROPERTY_NAMES } from '../../properties/all.js';
import type { ProgramPropertyDefinition } from '../clause/program-property.js';
import type { PropertyDefinition } from '../clause/property.js';
import { UsageError } from '../errors.js';
import { nearest } from '../text/nearest.js';

export function explainCommand(): Command {
  return new Command('explain')
    .description('tell a property: the rule, its source, an example and the usual fix')
    .argument('PROPERTY', 'name of a property, as tdxfuzz list prints it')
    .action((name: string) => {
      const property = [...PROPERTIES, ...PROGRAM_PROPERTIES].find((candidate) => candidate.name === name);
      if (property === undefined) {
        throw new UsageError(`no property ${name}; ${nearest(name, PROPERTY_NAMES)}`);
      }
      const lines = [
        pc.bold(property.name),
        `  rule     ${property.rule}`,
        `  source   ${property.source}`,
        `  example  ${property.example}`,
        `  fix      ${property.fix}`,
        ...judgedWhen(property),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    });
}

/** Stubs may be called by a caller that breaks what it owes; programs are not. */
function judgedWhen(property: PropertyDefinition | ProgramPropertyDefinition): string[] {
  if (!('underBreach' in property)) return [];
  return [
    property.underBreach
      ? '  judged also when the caller broke what it owes (its clauses say how far)'
      : '  judged only when the caller kept what it owes',
  ];
}
