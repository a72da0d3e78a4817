/** `npm run build:site [-- FOLDER]`: the documentation as a site. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { packageRoot } from '../package-info.js';
import { renderSite } from './site.js';
import { siteFiles } from './site-files.js';

const [given] = process.argv.slice(2);
const folder = given === undefined ? join(packageRoot(), 'reports/out/site') : resolve(given);
const site = renderSite(siteFiles(packageRoot()));
// Only what was made here before: a folder that somebody names may hold other things.
if (given === undefined) rmSync(folder, { recursive: true, force: true });
for (const [name, text] of site) {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
process.stdout.write(`${site.size} files in ${folder}; open ${join(folder, 'index.html')}\n`);
