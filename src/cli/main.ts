/** The command line. Each command has a file of its own, program.ts has them all; here are errors and exit statuses. */
import { CommanderError } from 'commander';
import { UsageError } from '../errors.js';
import { createProgram } from './program.js';

/** Bad usage, configuration or input; the tool itself failed. */
const EXIT_USAGE = 2;
const EXIT_FAILED = 3;

/** Who reads our output has had enough, as `head` does: other tools are ended by SIGPIPE then. */
const EXIT_PIPE_CLOSED = 141;
process.stdout.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(EXIT_PIPE_CLOSED);
  process.stderr.write(`tdxfuzz: stdout: cannot be written (${code}); give the output another place\n`);
  process.exit(EXIT_FAILED);
});
// Progress that nobody can read is lost, and nothing else.
process.stderr.on('error', () => undefined);

/** User code of a configuration may end the process later as well: a command that did not come to its end is no success. */
const onExit = (status: number): void => {
  // Where the configuration itself ended it, that has been said.
  if (status !== 0 || Number(process.exitCode ?? 0) !== 0) return;
  process.stderr.write(
    'tdxfuzz: something ended the process before the command was done (process.exit in a configuration?)\n',
  );
  process.exitCode = EXIT_USAGE;
};
process.once('exit', onExit);

/** No await at the top: the bundle is CommonJS. */
async function main(): Promise<void> {
  try {
    const program = await createProgram(process.argv[2]);
    await program.parseAsync();
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
  } finally {
    process.off('exit', onExit);
  }
}

void main();
