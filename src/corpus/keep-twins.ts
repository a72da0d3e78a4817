/**
 * Makes stored cases of broken twins: `npm run keep:twins -- ID...` fuzzes each and writes the finding that its manifest
 * names to corpus/cases/ID.json. On the clean neighbour, on which it is replayed first on every run, the case must stay
 * silent. README.md beside the cases says of each what it caught.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fuzz } from '../campaign/fuzz.js';
import { brokenTarget, imageCache } from '../campaign/targets/twin-targets.js';
import { casesOf } from '../stored/stored-cases.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';

const RUNS = 10_000;

const root = packageRoot();
const images = imageCache(root);
const twins = readManifest(root);
for (const id of process.argv.slice(2)) {
  const twin = twins.find((candidate) => candidate.id === id);
  if (twin === undefined) throw new Error(`no twin ${id}`);
  const { property, slot, place } = twin;
  const options = { targets: [brokenTarget(twin, images)], seed: 'corpus', budget: { runs: RUNS }, workers: 1 };
  const [{ findings }] = (await fuzz(options)).result.targets;
  const found = findings.find((finding) => finding.property === property && finding.slot === slot && finding.place === place);
  if (found === undefined) throw new Error(`${id}: not found in ${RUNS} cases: ${property} ${slot} at ${place}`);
  const path = join(root, 'corpus/cases', `${id}.json`);
  const text = `${JSON.stringify(found.case, null, 1)}\n`;
  writeFileSync(path, text);
  process.stdout.write(`${path}: ${text.length} bytes\n`);
}
writeFileSync(join(root, 'corpus/cases/README.md'), readme());

function readme(): string {
  const lines = casesOf(join(root, 'corpus/cases')).map(({ name }) => {
    const twin = twins.find(({ id }) => `${id}.json` === name);
    if (twin === undefined) throw new Error(`${name}: no twin of that name; take the case away, or give it back its name`);
    const { mistake, property, slot, fixed, contract } = twin;
    return `| \`${name}\` | ${fixed.object.replace('corpus/targets/', '')}, ${contract} | ${property}: ${slot} | ${mistake} |`;
  });
  return `# Stored cases

Replayed first on every run of \`fuzz\`, \`gate\` and \`nightly\`, on each target that has the contract. Each was found in a broken twin,
shrunk, and is silent on the clean neighbour: it holds the ground that a mistake was found on. Written by \`npm run keep:twins -- ID...\`,
this list included.

| case | silent on | caught | the mistake that it caught |
|---|---|---|---|
${lines.join('\n')}
`;
}
