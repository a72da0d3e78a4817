import { Argument, Command } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { FORMATS } from '../report/formats.js';
import { completionScript, SHELLS, type Shell } from './completion-script.js';

export function completionCommand(): Command {
  return new Command('completion')
    .description('a script by which a shell completes commands, options and their values')
    .addArgument(new Argument('<SHELL>', 'for which shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      // Here, and not above: the program has this command.
      const { createProgram } = await import('./program.js');
      const values = {
        '--property': PROPERTY_NAMES,
        '--contract': ['auto', ...CONTRACT_SETS.map(({ name }) => name)],
        '--format': ['table', ...Object.keys(FORMATS)],
        NAME: PROPERTY_NAMES,
      };
      process.stdout.write(completionScript(await createProgram(), shell, values));
    });
}
