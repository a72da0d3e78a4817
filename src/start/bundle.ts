/**
 * The last step of `npm run build`: one bundle of the command line and of its workers, as CommonJS, which V8's code cache
 * takes (src/start). The library, its types and the tests stay plain modules.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { packageRoot } from '../package-info.js';

const root = packageRoot();
const dir = join(root, 'dist/bundle');

/** Packages that stay packages: what reads files of its own, and what a configuration may import as well. */
const EXTERNAL = ['fast-check', 'iced-x86', 'jiti'];

const bundle = await rolldown({
  input: { main: join(root, 'dist/src/cli/main.js'), worker: join(root, 'dist/src/campaign/blocks/worker.js') },
  platform: 'node',
  external: EXTERNAL,
});
const names = '[name]-[hash].cjs';
// An import() in code that comes out of a cache would be experimental in Node, and Node says so on every run.
const options = {
  dir,
  format: 'cjs',
  dynamicImportInCjs: false,
  entryFileNames: names,
  chunkFileNames: names,
} as const;
const { output } = await bundle.write(options);
const entries = output.flatMap((file) => (file.type === 'chunk' && file.isEntry ? [[file.name, file.fileName]] : []));
writeFileSync(join(dir, 'entries.json'), `${JSON.stringify(Object.fromEntries(entries))}\n`);
const current = new Set(output.map(({ fileName }) => fileName)).add('entries.json');
// Chunks of before, and what was compiled of them.
for (const name of readdirSync(dir)) if (!current.has(name)) rmSync(join(dir, name), { recursive: true });
