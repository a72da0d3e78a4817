/** Writes corpus/golden/violations.json, and says what differs from what was there: `npm run golden`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-info.js';
import { type Golden, GOLDEN_PATH, goldenDifferences, goldenResults } from './golden.js';

const path = join(packageRoot(), GOLDEN_PATH);
const golden = await goldenResults(packageRoot());
if (existsSync(path)) {
  const before = JSON.parse(readFileSync(path, 'utf8')) as Golden;
  for (const line of goldenDifferences(before, golden)) process.stdout.write(`${line}\n`);
}
writeFileSync(path, `${JSON.stringify(golden, null, 1)}\n`);
