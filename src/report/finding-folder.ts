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
import type { Reproducer } from '../reproducer/reproducer.js';
import { findingText } from './finding-text.js';
import { DISASSEMBLY_FILE, disassemblyText } from './disassembly.js';
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
  const { case: file } = finding;
  const { instructions } = functionCode(caseImage(file, findingName(file)), BigInt(file.code.entry), file.code.size);
  const disassembly = disassemblyText(file, finding.place);
  return {
    'README.txt': readme(cause, replay, made, disassembly.line),
    'case.json': `${JSON.stringify({ ...file, ...(also.length > 0 && { also }) }, null, 1)}\n`,
    'contract.json': `${JSON.stringify(contractSet(file), null, 1)}\n`,
    'function.bin': Buffer.concat(instructions.map(({ bytes }) => bytes)),
    [DISASSEMBLY_FILE]: disassembly.text,
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

/**
 * What somebody needs who opens the folder first: what is wrong, in which line, how it came to that, how to see it again. The
 * rest is in the other files.
 */
function readme(cause: CauseResult, replay: string, made: Reproducer, line: number | undefined): string {
  const { finding } = cause;
  const { case: file } = finding;
  const text = findingText(finding, { title: shorten(file.target), also: cause });
  const source = ruleOf(finding.property)?.source;
  const disassembly = line === undefined ? '' : `, the instruction to blame in line ${line}`;
  return [
    stripVTControlCharacters(text),
    ...(source === undefined ? [] : [`  source    ${source.split('; ').join('\n            ')}`]),
    `  image     ${shorten(file.image.name)}, sha256 ${file.image.hash}`,
    '',
    'Again, instruction by instruction; and a new build by the same case:',
    '',
    `  ${replay}`,
    `  ${replay} --image NEW.o --symbol ${shellQuote(escapeName(file.symbol))}`,
    '',
    ...('source' in made
      ? [
          'On a CPU without TDX, with what the rule asks for:',
          '',
          '  gcc -O1 -o reproducer reproducer.c && ./reproducer',
        ]
      : [`There is no reproducer.c: ${made.reason}.`]),
    '',
    'case.json        values, code and contract: all that a replay needs',
    'trace.txt        the whole run',
    `${DISASSEMBLY_FILE}  the code${disassembly}`,
    'function.bin     its bytes, after relocation',
    'contract.json    what the function promises, as --contract takes it',
    '',
  ].join('\n');
}
