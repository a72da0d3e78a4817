import { Command } from 'commander';
import { colours as pc } from '../text/colours.js';
import { PROPERTIES } from '../../properties/all.js';
import { UsageError } from '../errors.js';
import { nearest } from '../text/nearest.js';

export function explainCommand(): Command {
  return new Command('explain')
    .description('tell a property: the rule, its source, an example and the usual fix')
    .argument('PROPERTY', 'name of a property, as tdxfuzz list prints it')
    .action((name: string) => {
      const property = PROPERTIES.find((candidate) => candidate.name === name);
      if (property === undefined) {
        throw new UsageError(
          `no property ${name}; ${nearest(
            name,
            PROPERTIES.map((candidate) => candidate.name),
          )}`,
        );
      }
      const lines = [
        pc.bold(property.name),
        `  rule     ${property.rule}`,
        `  source   ${property.source}`,
        `  example  ${property.example}`,
        `  fix      ${property.fix}`,
        property.underBreach
          ? '  judged also when the caller broke what it owes (its clauses say how far)'
          : '  judged only when the caller kept what it owes',
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    });
}
