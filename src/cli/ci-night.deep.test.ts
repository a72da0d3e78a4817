/** Two nights of the manifests that users copy, with their own command lines: shards that are merged, of which some are lost. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type RunResult, resultSchema } from '../campaign/records/result.js';
import {
  kubernetesCommands,
  kubernetesDocuments,
  manifest,
  type Workflow,
  workflowCommands,
} from './ci-manifests.test.helper.js';
import {
  objectWith,
  type Outcome,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const workflow = parse(manifest('github-actions/tdxfuzz.yml')) as Workflow;
const documents = kubernetesDocuments(manifest('kubernetes/tdxfuzz-nightly.yaml'));
const named = (commands: readonly string[][], name: string): string[] =>
  commands.find(([command]) => command === name) ?? [];
/** The value behind an option. */
const valueOf = (words: readonly string[], option: string): string => words[words.indexOf(option) + 1];

interface Template {
  nightly: (shard: number) => string[];
  merge: string[];
}

const TEMPLATES: Readonly<Record<string, Template>> = {
  'GitHub Actions': {
    nightly: (shard) => named(workflowCommands(workflow, shard), 'nightly'),
    merge: named(workflowCommands(workflow), 'merge'),
  },
  Kubernetes: {
    nightly: () => named(kubernetesCommands(documents), 'nightly'),
    merge: named(kubernetesCommands(documents), 'merge'),
  },
};

test.each(Object.entries(TEMPLATES))(
  '%s: shards are merged, also when they go on and when one began anew',
  async (name, template) => {
    const own = join(folder, name.replaceAll(' ', '-'));
    mkdirSync(own);
    const image = put(own, 'my.o', objectWith('__tdcall', SOUND_TDCALL));
    const state = (shard: number): string => join(own, `shard-${shard}`);

    /** The template's command, on the test's object, in its own folder, for a second. */
    function night(shard: number): Promise<Outcome> {
      const words = template.nightly(shard);
      const own = new Map([
        [valueOf(words, '--state'), state(shard)],
        [valueOf(words, '--time'), '1s'],
        [words[1], image],
      ]);
      const index = { JOB_COMPLETION_INDEX: `${shard}`, NO_COLOR: '1' };
      return tdxfuzz([...words.map((word) => own.get(word) ?? word), '--workers', '1'], { env: index });
    }

    async function merged(...shards: number[]): Promise<Outcome & RunResult> {
      const out = join(own, 'merged');
      const place = template.merge.findIndex((word) => word.endsWith('*'));
      const words = template.merge.map((word) => (word === valueOf(template.merge, '--out') ? out : word));
      const outcome = await tdxfuzz(words.toSpliced(place, 1, ...shards.map(state)));
      return { ...outcome, ...resultSchema.parse(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))) };
    }

    for (const shard of [0, 3]) expect((await night(shard)).status).toBe(0);
    const first = await merged(0, 3);
    expect(first.status).toBe(3);
    expect(first.stdout.split('\n')[0]).toBe('incomplete: shards 1, 2, 4, 5, 6, 7 of 8 missing');
    // The next night: one shard goes on, one begins anew since its state was lost.
    for (const shard of [0, 5]) expect((await night(shard)).status).toBe(0);
    const second = await merged(0, 3, 5);
    expect(second.status).toBe(3);
    expect(second.run.missing?.shards).toEqual([1, 2, 4, 6, 7]);
    expect(second.result.targets[0].cases).toBeGreaterThan(first.result.targets[0].cases);
  },
);
