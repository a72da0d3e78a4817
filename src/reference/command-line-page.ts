/** docs/reference/command-line.md, made of the help of each command. */
import type { Command } from 'commander';
import { examplesText } from '../cli/examples.js';
import { createProgram, HELP } from '../cli/program.js';

const WIDTH = 100;

export async function commandLinePage(): Promise<string> {
  const program = await createProgram();
  const sections = program.commands.flatMap((command) => [`## ${command.name()}`, '', helpOf(command), '']);
  return `# Command line

From a checkout, \`npm run -s tdxfuzz -- ARGS\` runs the same command line. Results go to stdout, progress to stderr; NO_COLOR and \`--quiet\` are honoured.
What the statuses mean: [architecture](../architecture.md#exit-status).

${helpOf(program)}

${sections.join('\n').trimEnd()}
`;
}

/** As a terminal of {@link WIDTH} columns without colour would have it. */
function helpOf(command: Command): string {
  const plain = command
    .configureOutput({ getOutHelpWidth: () => WIDTH, getOutHasColors: () => false })
    .configureHelp({ ...HELP, helpWidth: WIDTH });
  return `\`\`\`\n${plain.helpInformation().trimEnd()}\n${examplesText(command.name()) === '' ? '' : `${examplesText(command.name())}\n`}\`\`\``;
}
