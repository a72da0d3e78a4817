/** A finding as a folder: everything that somebody needs who has to look into it, and nothing that is somewhere else. */
import { stripVTControlCharacters } from 'node:util';
import type { FindingResult } from '../campaign/records/result.js';
import { type CaseFile, isProgramContract } from '../case/case-file.js';
import type { FolderFiles } from '../case/write-folder.js';
import { functionCode } from '../harness/function-code.js';
import type { Image } from '../image/image.js';
import type { CaseRunner } from '../judge/case-runner.js';
import type { PlayRunner } from '../play/play-runner.js';
import { escapeName, shorten } from '../text/escape.js';
import { shellQuote } from '../text/shell-quote.js';
import type { Account } from '../triage/account.js';
import type { PlayAccount } from '../triage/play-account.js';
import { unrepeatedText } from './finding-lines.js';
import { plainTable } from './plain-table.js';
import { playFindingText } from './play-text.js';
import { type Reproducer, reproducer } from './reproducer.js';
import { findingText } from './terminal.js';

/**
 * The folder of a stub's finding.
 *
 * @param runner ran the finding's case last
 * @param replay the command line that repeats it
 */
export function stubFolder(finding: FindingResult, runner: CaseRunner, account: Account, replay: string): FolderFiles {
  const trace = findingText(finding, account, runner, replay, 'finding', Infinity);
  const { rule } = account.clause.property;
  return folder(finding, runner.target.image, replay, trace, rule, reproducer(runner, account, finding.case));
}

/** The folder of a program's finding. */
export function programFolder(
  finding: FindingResult,
  runner: PlayRunner,
  account: PlayAccount,
  replay: string,
): FolderFiles {
  const trace = playFindingText({ account, finding }, runner, replay, 'finding', Infinity);
  const reason =
    'the code calls functions around it and is called several times, which one C program does not stand for';
  return folder(finding, runner.image, replay, trace, account.clause.property.rule, { reason });
}

/** The folder of a finding that its case does not repeat. */
export function unrepeatedFolder(finding: FindingResult, replay: string): FolderFiles {
  return {
    'README.txt': `${unrepeatedText(finding, replay, 'finding')}\n`,
    'case.json': `${JSON.stringify(finding.case, null, 1)}\n`,
    'contract.json': `${JSON.stringify(contractSet(finding.case), null, 1)}\n`,
  };
}

function folder(
  finding: FindingResult,
  image: Image,
  replay: string,
  trace: string,
  rule: string,
  made: Reproducer,
): FolderFiles {
  const { case: file } = finding;
  const entry = BigInt(file.code.entry);
  const { instructions } = functionCode(image, entry, file.code.size);
  const rows = instructions.map(({ address, bytes, text }) => [
    `+0x${(address - entry).toString(16)}`,
    Buffer.from(bytes).toString('hex'),
    escapeName(text),
  ]);
  return {
    'README.txt': readme(finding, replay, rule, made),
    'case.json': `${JSON.stringify(file, null, 1)}\n`,
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

function readme(finding: FindingResult, replay: string, rule: string, made: Reproducer): string {
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
    `expected  ${expected}`,
    `found     ${actual}`,
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
