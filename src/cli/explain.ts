import { Command } from 'commander';
import { REQUIREMENTS } from '../../models/abi/requirements/all.js';
import { colours as pc } from '../text/colours.js';
import { PROPERTIES, PROPERTY_NAMES } from '../../properties/all.js';
import type { PropertyDefinition } from '../clause/property.js';
import { UsageError } from '../errors.js';
import { traceBuiltIn } from '../requirements/rows.js';
import { nearest } from '../text/nearest.js';
import { openablePlaces, propertyPage } from './citations.js';
import { explainRequirement } from './explain-requirement.js';

export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'tell a property (the rule, its source, an example and the usual fix), or a clause of the ABI and who checks it',
    )
    .argument('NAME', 'of a property, as tdxfuzz list prints it, or of a clause, as tdxfuzz list clauses does')
    .action((name: string) => {
      if (REQUIREMENTS.some(({ id }) => id === name)) {
        process.stdout.write(explainRequirement(traceBuiltIn({ only: (id) => id === name })[0]));
        return;
      }
      const property = PROPERTIES.find((candidate) => candidate.name === name);
      if (property === undefined) {
        const known = [...PROPERTY_NAMES, ...REQUIREMENTS.map(({ id }) => id)];
        throw new UsageError(`no ${name.includes('.') ? 'clause' : 'property'} ${name}; ${nearest(name, known)}`);
      }
      const lines = [
        pc.bold(property.name),
        `  rule     ${property.rule}`,
        ...openablePlaces(property.source).map((place, index) => `  ${index === 0 ? 'source ' : '       '}  ${place}`),
        `  example  ${property.example}`,
        `  fix      ${property.fix}`,
        ...judgedWhen(property),
        `  page     ${propertyPage(property.name)[0]}`,
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    });
}

/** Stubs may be called by a caller that breaks what it owes; programs are not. */
function judgedWhen({ stub }: PropertyDefinition): string[] {
  if (stub === undefined) return [];
  return [
    stub.underBreach
      ? '  judged also when the caller broke what it owes (its clauses say how far)'
      : '  judged only when the caller kept what it owes',
  ];
}
