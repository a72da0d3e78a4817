import { Command } from 'commander';
import { usableCase } from '../stored/usable-case.js';
import { writeCase } from '../stored/write-case.js';
import { casesPath, openConfig, type PlaceFlags, withPlaces } from './project.js';

export function keepCommand(): Command {
  const command = new Command('keep')
    .description("add a case to the project's own, to be replayed first on every run")
    .argument('CASE', 'path of a case.json, or of the folder of a finding');
  return withPlaces(command, 'cases').action(async (path: string, flags: PlaceFlags) => {
    const folder = casesPath(flags, await openConfig(flags));
    process.stdout.write(`kept as ${writeCase(folder, usableCase(path))}\n`);
  });
}
