import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Imports JSON as only a bundler takes it, and names source maps of sources that it does not ship. */
const PARSER = '@actions/workflow-parser';

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
    include: ['src/**/*.test.ts', 'models/**/*.test.ts', 'properties/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'threads',
    // By itself vitest leaves one core free, which on two cores is half of the machine.
    maxWorkers: availableParallelism(),
    server: { deps: { inline: [PARSER] } },
  },
});
