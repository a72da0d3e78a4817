/** The commands and their options, and nothing that runs them. */
import { Command, Help, type Option, type OutputConfiguration } from 'commander';
import { toolVersion } from '../package-info.js';
import { escapeName } from '../text/escape.js';
import { examplesText } from './examples.js';

/** In the order of the help. What a command needs is loaded when it is asked for: the whole tool takes its time. */
const COMMANDS: Readonly<Record<string, () => Promise<() => Command>>> = {
  audit: async () => (await import('./audit.js')).auditCommand,
  fuzz: async () => (await import('./fuzz.js')).fuzzCommand,
  init: async () => (await import('./init.js')).initCommand,
  gate: async () => (await import('./gate.js')).gateCommand,
  nightly: async () => (await import('./nightly.js')).nightlyCommand,
  status: async () => (await import('./status.js')).statusCommand,
  trend: async () => (await import('./trend.js')).trendCommand,
  merge: async () => (await import('./merge.js')).mergeCommand,
  report: async () => (await import('./report.js')).reportCommand,
  replay: async () => (await import('./replay.js')).replayCommand,
  minimize: async () => (await import('./minimize.js')).minimizeCommand,
  verify: async () => (await import('./verify.js')).verifyCommand,
  museum: async () => (await import('./museum.js')).museumCommand,
  list: async () => (await import('./list.js')).listCommand,
  explain: async () => (await import('./explain.js')).explainCommand,
  keep: async () => (await import('./keep.js')).keepCommand,
  accept: async () => (await import('./accept.js')).acceptCommand,
  offsets: async () => (await import('./offsets.js')).offsetsCommand,
  wild: async () => (await import('./wild.js')).wildCommand,
  expect: async () => (await import('./expect.js')).expectCommand,
  completion: async () => (await import('./completion.js')).completionCommand,
  doctor: async () => (await import('./doctor.js')).doctorCommand,
};

/** Bad usage begins as every other message does, and is one line, suggestion and control characters included. */
const OUTPUT: OutputConfiguration = {
  outputError: (text, write) =>
    write(
      `${escapeName(
        text
          .trimEnd()
          .replaceAll('\n(', ' (')
          .replace(/^error: /, 'tdxfuzz: '),
      )}\n`,
    ),
};

function neededFor(asked: string | undefined): (() => Promise<() => Command>)[] {
  if (asked === '--version' || asked === '-V') return [];
  return asked !== undefined && Object.hasOwn(COMMANDS, asked) ? [COMMANDS[asked]] : Object.values(COMMANDS);
}
/** An option that is off, or that nothing was given for, has no default worth the reading. */
export const HELP = {
  optionDescription(option: Option): string {
    const { defaultValue } = option as { defaultValue: unknown };
    const isNothing = defaultValue === false || (Array.isArray(defaultValue) && defaultValue.length === 0);
    const shown = isNothing
      ? (Object.assign(Object.create(Object.getPrototypeOf(option) as object), option, {
          defaultValue: undefined,
        }) as Option)
      : option;
    return new Help().optionDescription(shown);
  },
};

/**
 * Bad usage is thrown as a CommanderError, not made an exit.
 *
 * @param asked the only command that is needed; all where there is none of this name
 */
export async function createProgram(asked?: string): Promise<Command> {
  const program = new Command('tdxfuzz')
    .description(
      'Fuzzes the machine code of TDX stubs against the ABI: object file in, verdict out, no TDX hardware needed.',
    )
    .version(toolVersion())
    .showSuggestionAfterError()
    .configureOutput(OUTPUT)
    .configureHelp(HELP)
    .exitOverride();
  const makers = await Promise.all(neededFor(asked).map((load) => load()));
  for (const make of makers) {
    const command = make().exitOverride().configureOutput(OUTPUT).configureHelp(HELP);
    program.addCommand(command.addHelpText('after', examplesText(command.name())));
  }
  program.addHelpText(
    'after',
    '\nExit status: 0 nothing found, 1 a finding, 2 bad usage or input or no verdict, 3 the tool failed or a merge lacks shards, 130 Ctrl-C.',
  );
  return program;
}
