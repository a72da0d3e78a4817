/** man/tdxfuzz.1, made of the help of each command (man(7)). */
import { type Command, Help } from 'commander';
import { EXAMPLES } from '../cli/examples.js';
import { createProgram, HELP } from '../cli/program.js';
import { toolVersion } from '../package-info.js';

export const MAN_PAGE = 'man/tdxfuzz.1';

const STATUSES: readonly [string, string][] = [
  ['0', 'Every selected target was judged, and nothing was found.'],
  ['1', 'A finding.'],
  ['2', 'Bad usage, configuration or input, or no verdict.'],
  ['3', 'The tool itself failed, or a merge lacks shards.'],
  ['125', 'Of replay --bisect: this commit says nothing.'],
  ['130', 'Interrupted by Ctrl-C.'],
];

/** Text of a line: a backslash is an escape, a dot or a quote in front a request, and a minus a hyphen without care. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');
}

export async function manPage(): Promise<string> {
  const program = await createProgram();
  const help = Object.assign(new Help(), HELP);
  return [
    `.TH TDXFUZZ 1 "" "tdxfuzz ${toolVersion()}" "User Commands"`,
    '.SH NAME',
    'tdxfuzz \\- fuzzes the machine code of TDX stubs against the ABI',
    '.SH SYNOPSIS',
    '.B tdxfuzz',
    '.I COMMAND',
    '[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]',
    '.SH DESCRIPTION',
    roff(program.description()),
    'Results go to standard output, progress to standard error.',
    '.SH COMMANDS',
    ...program.commands.flatMap((command) => section(command, help)),
    '.SH EXIT STATUS',
    ...STATUSES.flatMap(([status, text]) => ['.TP', `.B ${status}`, roff(text)]),
    '.SH ENVIRONMENT',
    '.TP',
    '.B NO_COLOR',
    'No colour, whatever its value.',
    '.TP',
    '.B FORCE_COLOR',
    'Colour also where the output is no terminal.',
    '.TP',
    '.B JOB_COMPLETION_INDEX',
    'The number of the shard, for \\-\\-shard auto/N.',
    '',
  ].join('\n');
}

function section(command: Command, help: Help): string[] {
  const usage = help.commandUsage(command).replace(/^\S+ /, '');
  return [
    `.SS tdxfuzz ${roff(usage)}`,
    roff(`${sentence(help.commandDescription(command))}`),
    ...help
      .visibleArguments(command)
      .flatMap((argument) => [
        '.TP',
        `.I ${roff(help.argumentTerm(argument))}`,
        roff(help.argumentDescription(argument)),
      ]),
    ...help
      .visibleOptions(command)
      .flatMap((option) => ['.TP', `.B ${roff(help.optionTerm(option))}`, roff(help.optionDescription(option))]),
    ...(EXAMPLES[command.name()] ?? []).flatMap(({ line, does }) => [
      '.PP',
      `${roff(sentence(does))}`,
      '.PP',
      '.nf',
      roff(`    ${line}`),
      '.fi',
    ]),
  ];
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
