import { Command } from 'commander';
import { readCase } from '../case/case-file.js';
import { PROJECT_CASES } from '../case/stored-cases.js';
import { writeCase } from '../case/write-case.js';

export function keepCommand(): Command {
  return new Command('keep')
    .description(`add a case to the project's own (${PROJECT_CASES}), to be replayed first on every run`)
    .argument('CASE', 'path of a case.json, or of the folder of a finding')
    .action((path: string) => {
      process.stdout.write(`kept as ${writeCase(PROJECT_CASES, readCase(path))}\n`);
    });
}
