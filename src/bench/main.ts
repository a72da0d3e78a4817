/** `npm run bench`: measures, writes reports/bench.json and reports/bench.md, prints the floors. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-info.js';
import { FULL, runBench } from './bench.js';
import { benchMarkdown } from './markdown.js';

try {
  const report = await runBench(FULL, (text) => process.stderr.write(`bench: ${text}\n`));
  const folder = join(packageRoot(), 'reports');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(folder, 'bench.md'), benchMarkdown(report));
  for (const { name, met, value } of report.floors)
    process.stdout.write(`${met}: ${name}${value === undefined ? '' : `, ${value.toPrecision(3)}`}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 3;
}
