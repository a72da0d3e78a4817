/** A finding as a folder: everything that somebody needs who has to look into it, and nothing that is somewhere else. */
import { stripVTControlCharacters } from 'node:util';
import type { CauseResult } from '../campaign/records/result.js';
import { type CaseFile, isProgramContract } from '../stored/case-schema.js';
import type { FolderFiles } from '../stored/write-folder.js';
import { caseImage } from '../stored/case-image.js';
import { findingName } from '../stored/write-case.js';
import { functionCode } from '../harness/function-code.js';
import { escapeName, shorten } from '../text/escape.js';
import { shellQuote } from '../text/shell-quote.js';
import { plainTable } from './plain-table.js';
import type { Reproducer } from '../reproducer/reproducer.js';
import { findingText } from './finding-text.js';
import { alsoLines, callerLines } from './finding-lines.js';
import { ruleOf } from './rules.js';

/** @param replay the command line that repeats it */
export function findingFolder(cause: CauseResult, made: Reproducer, replay: string): FolderFiles {
  const { finding, others, alsoBreaks } = cause;
  const trace = findingText(finding, { title: 'finding', replay, context: Infinity, also: cause });
  const also = [...others, ...alsoBreaks].map(({ property, clause, slot, place }) => ({
    property,
    clause,
    slot,
    place,
  }));
  const rule = ruleOf(finding.property)?.rule ?? '';
  const { case: file } = finding;
  const entry = BigInt(file.code.entry);
  const { instructions } = functionCode(caseImage(file, findingName(file)), entry, file.code.size);
  const rows = instructions.map(({ address, bytes, text }) => [
    `+0x${(address - entry).toString(16)}`,
    Buffer.from(bytes).toString('hex'),
    escapeName(text),
  ]);
  return {
    'README.txt': readme(cause, replay, rule, made),
    'case.json': `${JSON.stringify({ ...file, ...(also.length > 0 && { also }) }, null, 1)}\n`,
    'contract.json': `${JSON.stringify(contractSet(file), null, 1)}\n`,
    'function.bin': Buffer.concat(instructions.map(({ bytes }) => bytes)),
    'function.s': `# ${shorten(file.symbol)} at ${file.code.entry}, ${file.code.size} bytes\n${plainTable(rows)}\n`,
    // Names are escaped where they are printed: what is taken out here is the tool's own colour.
    'trace.txt': `${stripVTControlCharacters(trace)}\n`,
    ...('source' in made && { 'reproducer.c': made.source }),
  };
}

/** The contract as a set of its own, as `--contract contract.json` takes it. */
function contractSet({ contract: { set, body } }: CaseFile): object {
  const head = { schema: 'tdxfuzz/contracts/1', name: set, title: `The contract of a finding, of the set ${set}` };
  const { symbol, ...rest } = body;
  return isProgramContract(body)
    ? { ...head, programs: { [symbol]: rest } }
    : { ...head, contracts: { [symbol]: rest } };
}

/** Where the rule comes from, as paths in the package; nothing for a property of another version. */
function sourceLines(property: string): string[] {
  const source = ruleOf(property)?.source;
  if (source === undefined) return [];
  return [
    '',
    'Where the rule comes from (in the package tdxfuzz):',
    '',
    ...source.split('; ').map((place) => `  ${place}`),
  ];
}

function readme(cause: CauseResult, replay: string, rule: string, made: Reproducer): string {
  const { finding } = cause;
  const { case: file, property, clause, place, expected, actual } = finding;
  const reproduces =
    'source' in made
      ? [
          'reproducer.c runs the function on a CPU without TDX and compares what the rule asks for:',
          '',
          '  gcc -O1 -o reproducer reproducer.c && ./reproducer',
        ]
      : [`There is no reproducer.c: ${made.reason}.`];
  return [
    `${property}: ${rule}`,
    '',
    `target    ${shorten(file.target)}`,
    `image     ${shorten(file.image.name)}, sha256 ${file.image.hash}`,
    `clause    ${clause}`,
    `place     ${shorten(place)}`,
    ...callerLines(finding).map(([name, text]) => `${name.padEnd(9)} ${text}`),
    `expected  ${expected}`,
    `found     ${actual}`,
    ...alsoLines(cause).map(([name, text]) => `${name.padEnd(9)} ${text}`),
    ...sourceLines(property),
    '',
    'Replay it, instruction by instruction:',
    '',
    `  ${replay}`,
    '',
    'Judge a new build by it:',
    '',
    `  ${replay} --image NEW.o --symbol ${shellQuote(escapeName(file.symbol))}`,
    '',
    ...reproduces,
    '',
    'case.json      the case: values, code and contract; all that a replay needs',
    'trace.txt      the whole run',
    'function.bin   the bytes of the function, after relocation',
    'function.s     their disassembly',
    'contract.json  what the function promises, as --contract takes it',
    '',
  ].join('\n');
}
