import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Imports JSON as only a bundler takes it, and names source maps of sources that it does not ship. */
const PARSER = '@actions/workflow-parser';

/** Tests that replace modules, spy on classes, or make modules remember what is not so. */
const OF_THEIR_OWN = [
  'src/report/requirements.test.ts',
  'src/targets/check.test.ts',
  'src/vitest.test.ts',
  'src/x86/wasm/harness.test.ts',
  'src/x86/wasm/programs.deep.test.ts',
];
const FOLDERS = ['src', 'models', 'properties'];
/** What takes long: `npm run test:deep`. Everything else is `npm test`. */
const DEEP = FOLDERS.map((folder) => `${folder}/**/*.deep.test.ts`);
const ALL = FOLDERS.map((folder) => `${folder}/**/*.test.ts`);

/**
 * Two projects of one suite, whose tests may take that many minutes each, also where others use the machine.
 * Most files share what they import: loading the tool anew for each took a sixth of the time.
 */
function suite(name: string, include: string[], exclude: string[], minutes: number): TestProjectInlineConfiguration[] {
  const [testTimeout, hookTimeout] = [minutes * 60_000, minutes * 60_000];
  const isDeep = (file: string): boolean => file.endsWith('.deep.test.ts');
  const own = OF_THEIR_OWN.filter((file) => isDeep(file) === (include === DEEP));
  return [
    { extends: true, test: { name, include, exclude: [...exclude, ...own], isolate: false, testTimeout, hookTimeout } },
    { extends: true, test: { name: `${name}-own`, include: own, testTimeout, hookTimeout } },
  ];
}

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
    pool: 'threads',
    // By itself vitest leaves one core free, which on two cores is half of the machine.
    maxWorkers: availableParallelism(),
    server: { deps: { inline: [PARSER] } },
    // A file by its name runs in its project: `vitest run src/cli/gate.deep.test.ts`.
    projects: [...suite('quick', ALL, DEEP, 2), ...suite('deep', DEEP, [], 10)],
  },
});
