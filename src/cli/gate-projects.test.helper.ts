/** A project as the gate finds one: an own object and a configuration. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type RunResult, resultSchema } from '../campaign/records/result.js';
import {
  BROKEN_TDCALL,
  objectWith,
  type Outcome,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  temporaryFolder,
} from './run-cli.test.helper.js';

/** Milliseconds for tests that start many processes, also where others use the machine. */
export const LONG = 400_000;

const CONFIG = `import { defineConfig } from 'tdxfuzz';
const runs: number = 1000;
export default defineConfig({
  targets: [{ image: 'my.o', contract: 'linux-6.7' }],
  gate: { runs },
  workers: 1,
});
`;
export const BROKEN_OBJECT = objectWith('__tdcall', BROKEN_TDCALL);
export const SOUND_OBJECT = objectWith('__tdcall', SOUND_TDCALL);

export interface Projects {
  /** Where they lie; removed after the tests. */
  readonly folder: string;
  /** Makes a new one. @returns its folder */
  readonly project: (name: string, object: Uint8Array, config?: string) => string;
}

export function makeProjects(): Projects {
  const folder = temporaryFolder();
  afterAll(() => removeFolder(folder));
  return {
    folder,
    project(name, object, config = CONFIG) {
      const own = join(folder, name);
      mkdirSync(own);
      put(own, 'my.o', object);
      put(own, 'tdxfuzz.config.ts', config);
      return own;
    },
  };
}

export const inside = (cwd: string, ...args: string[]): Promise<Outcome> => tdxfuzz(args, { cwd });
/** The case of its first finding. */
export const caseIn = (own: string): string => {
  const [name] = readdirSync(join(own, 'tdxfuzz-out/findings'));
  return `tdxfuzz-out/findings/${name}/case.json`;
};
export const parse = ({ stdout }: Outcome): RunResult => resultSchema.parse(JSON.parse(stdout));
