/** `npm run build:schemas`: writes the published JSON Schemas. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-info.js';
import { jsonSchemas, SCHEMA_FOLDER } from './json-schemas.js';

const folder = join(packageRoot(), SCHEMA_FOLDER);
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(jsonSchemas())) {
  writeFileSync(join(folder, name), text);
  process.stdout.write(`${SCHEMA_FOLDER}/${name}\n`);
}
