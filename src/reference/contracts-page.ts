/** docs/reference/contracts.md, made of the schema by which contract sets are read, and of the library. */
import { z } from 'zod';
import { contractSetSchema } from '../contract/contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { cell, inCode, linkedSource } from './markdown.js';
import { type JsonSchema, wordsOf, wordTable } from './schema-words.js';

const STUB = 'contracts.NAME';
const PROGRAM = 'programs.NAME';

export function contractsPage(): string {
  const schema = z.toJSONSchema(contractSetSchema, { io: 'input' }) as JsonSchema;
  const words = wordsOf(schema);
  const below = (prefix: string): typeof words =>
    words
      .filter(({ path }) => path.startsWith(`${prefix}.`))
      .map((word) => ({ ...word, path: word.path.slice(prefix.length + 1) }));
  const top = words.filter(({ path }) => !path.startsWith(`${STUB}.`) && !path.startsWith(`${PROGRAM}.`));
  return `# Contracts

A contract is data: what one function promises. A set of them is a JSON file that \`--contract FILE.json\` takes; [contracts-1.schema.json](../../schema/contracts-1.schema.json) lets an editor complete it. \`[]\` is each member of a list, \`NAME\` each key of an object.
What contradicts itself beyond the schema (a field that the block lacks, an output from a register outside of the mask) is told by the tool that reads it.

## A contract set

${wordTable(top).join('\n')}

## A contract of a stub

A function around one TDCALL or SEAMCALL; the key is its symbol.

${wordTable(below(STUB)).join('\n')}

## A contract of a program

A helper, wrapper, dispatcher or round trip; the key is its symbol, or a name where two programs share one.

${wordTable(below(PROGRAM)).join('\n')}

## The library

${libraryTable().join('\n')}
`;
}

function libraryTable(): string[] {
  return [
    '| contract | set | source |',
    '|---|---|---|',
    ...CONTRACT_SETS.flatMap((set) =>
      Object.entries({ ...set.contracts, ...set.programs }).map(
        ([symbol, { source }]) =>
          `| ${inCode(`${set.name}/${symbol}`)} | ${cell(set.title)} | ${cell(linkedSource(source))} |`,
      ),
    ),
  ];
}
