/** `npm run build:docs`: writes docs/reference. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-info.js';
import { MAN_PAGE, manPage } from './man-page.js';
import { REFERENCE_FOLDER } from './markdown.js';
import { referencePages } from './pages.js';

const folder = join(packageRoot(), REFERENCE_FOLDER);
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(await referencePages())) {
  writeFileSync(join(folder, name), text);
  process.stdout.write(`${REFERENCE_FOLDER}/${name}\n`);
}
mkdirSync(join(packageRoot(), 'man'), { recursive: true });
writeFileSync(join(packageRoot(), MAN_PAGE), await manPage());
process.stdout.write(`${MAN_PAGE}\n`);
