import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Imports JSON as only a bundler takes it, and names source maps of sources that it does not ship. */
const PARSER = '@actions/workflow-parser';

/** Tests that replace modules, spy on classes, or make modules remember what is not so. */
const OF_THEIR_OWN = [
  'src/report/requirements.test.ts',
  'src/targets/check.test.ts',
  'src/vitest.test.ts',
  'src/x86/wasm/harness.test.ts',
  'src/x86/wasm/programs.test.ts',
];
const ALL = ['src/**/*.test.ts', 'models/**/*.test.ts', 'properties/**/*.test.ts'];

export default defineConfig({
  plugins: [
    {
      name: 'no-source-maps',
      enforce: 'pre',
      load: (id) =>
        id.includes(PARSER) && id.endsWith('.js')
          ? readFileSync(id, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '')
          : undefined,
    },
  ],
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'threads',
    // By itself vitest leaves one core free, which on two cores is half of the machine.
    maxWorkers: availableParallelism(),
    server: { deps: { inline: [PARSER] } },
    // The others share what they import: loading the tool anew for each file took a sixth of the time.
    projects: [
      { extends: true, test: { name: 'shared', include: ALL, exclude: OF_THEIR_OWN, isolate: false } },
      { extends: true, test: { name: 'own', include: OF_THEIR_OWN } },
    ],
  },
});
