/** docs/reference/properties.md, made of the definitions of the properties. */
import { renderClause } from '../clause/render.js';
import { renderExchangeClause } from '../clause/exchange-clause.js';
import type { PropertyDefinition } from '../clause/property.js';
import { compileContract } from '../contract/compiled.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { PROPERTIES } from '../../properties/all.js';
import { inCode, linkedSource } from './markdown.js';

/** Clauses of one property that are shown; the rest differ by a register or field. */
const SHOWN_CLAUSES = 6;

const GROUPS: readonly PropertyDefinition['group'][] = [
  'stubs',
  'guest stubs',
  'host stubs',
  'guest helpers',
  'dispatcher',
  'round trip',
];

export function propertiesPage(): string {
  const lines = GROUPS.flatMap((group) => [
    `## ${group[0].toUpperCase()}${group.slice(1)}`,
    '',
    ...PROPERTIES.filter((property) => property.group === group).flatMap(section),
  ]);
  return `# Properties

One invariant each, with a stable name. \`tdxfuzz explain NAME\` prints the same.
Clauses are shown for the first built-in contract to which the property applies; \`tdxfuzz list --format json clauses\` has all of every target.

${lines.join('\n').trimEnd()}
`;
}

function section(property: PropertyDefinition): string[] {
  return [
    `### ${property.name}`,
    '',
    property.rule,
    '',
    `- **Source:** ${linkedSource(property.source)}`,
    `- **Example of a violation:** ${property.example}`,
    `- **Usual fix:** ${property.fix}`,
    ...judgedWhen(property),
    ...clauseLines(property),
    '',
  ];
}

/** Stubs may be called by a caller that breaks what it owes; programs are not. */
function judgedWhen({ stub }: PropertyDefinition): string[] {
  if (stub === undefined) return [];
  return [
    stub.underBreach
      ? '- **Judged** also when the caller broke what it owes, as far as the clauses say'
      : '- **Judged** only when the caller kept what it owes',
  ];
}

function clauseLines(property: PropertyDefinition): string[] {
  const first = firstClauses(property);
  if (first === undefined) return [];
  const { contract, texts } = first;
  const more = texts.length - SHOWN_CLAUSES;
  return [
    `- **Clauses** under ${inCode(contract)}:`,
    ...texts.slice(0, SHOWN_CLAUSES).map((text) => `  - ${inCode(text)}`),
    ...(more > 0 ? [`  - and ${more} more`] : []),
  ];
}

/** Of the first contract of the library to which the property applies. */
function firstClauses({ stub, program }: PropertyDefinition): { contract: string; texts: string[] } | undefined {
  for (const set of CONTRACT_SETS) {
    if (stub !== undefined)
      for (const contract of Object.values(set.contracts)) {
        const compiled = compileContract(contract, set.name);
        if (stub.appliesTo(compiled) !== true) continue;
        return { contract: compiled.id, texts: stub.clauses(compiled).map(renderClause) };
      }
    if (program !== undefined)
      for (const [name, contract] of Object.entries(set.programs ?? {})) {
        if (program.programs !== 'all' && !program.programs.includes(contract.program)) continue;
        if ((program.appliesTo?.(contract) ?? true) !== true) continue;
        return { contract: `${set.name}/${name}`, texts: program.clauses(contract).map(renderExchangeClause) };
      }
  }
  return undefined;
}
