/** The commands and their options, and nothing that runs them. */
import { Command } from 'commander';
import { toolVersion } from '../package-info.js';
import { acceptCommand } from './accept.js';
import { doctorCommand } from './doctor.js';
import { explainCommand } from './explain.js';
import { fuzzCommand } from './fuzz.js';
import { gateCommand } from './gate.js';
import { keepCommand } from './keep.js';
import { listCommand } from './list.js';
import { mergeCommand } from './merge.js';
import { museumCommand } from './museum.js';
import { nightlyCommand } from './nightly.js';
import { replayCommand } from './replay.js';
import { reportCommand } from './report.js';
import { verifyCommand } from './verify.js';

/** Bad usage is thrown as a CommanderError, not made an exit. */
export function createProgram(): Command {
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
    nightlyCommand,
    mergeCommand,
    reportCommand,
    replayCommand,
    verifyCommand,
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
  return program;
}
