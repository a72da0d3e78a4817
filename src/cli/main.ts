#!/usr/bin/env node
/** The command line. Each command has a file of its own; here are usage, errors and exit statuses. */
import { Command, CommanderError } from 'commander';
import { UsageError } from '../errors.js';
import { toolVersion } from '../package-info.js';
import { acceptCommand } from './accept.js';
import { doctorCommand } from './doctor.js';
import { explainCommand } from './explain.js';
import { fuzzCommand } from './fuzz.js';
import { gateCommand } from './gate.js';
import { keepCommand } from './keep.js';
import { listCommand } from './list.js';
import { museumCommand } from './museum.js';
import { replayCommand } from './replay.js';

/** Bad usage, configuration or input; the tool itself failed. */
const EXIT_USAGE = 2;
const EXIT_FAILED = 3;

async function main(): Promise<void> {
  const program = new Command('tdxfuzz')
    .description(
      'Fuzzes the machine code of TDX stubs against the ABI: object file in, verdict out, no TDX hardware needed.',
    )
    .version(toolVersion())
    .showSuggestionAfterError()
    .exitOverride();
  for (const command of [
    fuzzCommand,
    gateCommand,
    replayCommand,
    museumCommand,
    listCommand,
    explainCommand,
    keepCommand,
    acceptCommand,
    doctorCommand,
  ]) {
    program.addCommand(command().exitOverride());
  }
  program.addHelpText(
    'after',
    '\nExit status: 0 nothing found, 1 a finding, 2 bad usage or input or no verdict, 3 the tool failed, 130 Ctrl-C.',
  );
  await program.parseAsync();
}

/** Who reads our output has had enough, as `head` does: other tools are ended by SIGPIPE then. */
const EXIT_PIPE_CLOSED = 141;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT_PIPE_CLOSED);
  throw error;
});

try {
  await main();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version are no errors; commander has printed the line already.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  } else if (error instanceof UsageError) {
    process.stderr.write(`tdxfuzz: ${error.message}\n`);
    process.exitCode = EXIT_USAGE;
  } else {
    process.stderr.write(
      `tdxfuzz: internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = EXIT_FAILED;
  }
}
