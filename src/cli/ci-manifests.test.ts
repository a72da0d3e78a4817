/** The manifests that users copy: valid by their schemas, and every command line in them is one that the tool has. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toolVersion } from '../package-info.js';
import {
  type KubernetesDocument,
  kubernetesCommands,
  kubernetesDocuments,
  manifest,
  parseOnly,
  type Pod,
  schemaErrors,
  unknownKeys,
  valueAt,
  type Workflow,
  workflowCommands,
  workflowErrors,
} from './ci-manifests.test.helper.js';

const WORKFLOW = manifest('github-actions/tdxfuzz.yml');
const KUBERNETES = manifest('kubernetes/tdxfuzz-nightly.yaml');

const workflow = parse(WORKFLOW) as Workflow;

/** Text with one part replaced, which must be there. */
function changed(text: string, from: string, to: string): string {
  expect(text.split(from).length, `${from} is in the manifest`).toBeGreaterThan(1);
  return text.replace(from, to);
}

describe('the workflow of GitHub Actions', () => {
  it('is valid for GitHub’s own parser', async () => expect(await workflowErrors(WORKFLOW)).toEqual([]));

  it.each([
    ['a misspelt key of a job', 'timeout-minutes: 20', 'timeout-minuts: 20', /timeout-minuts/],
    ['a misspelt key of a step', 'uses: actions/setup-node@v5', 'use: actions/setup-node@v5', /use/],
    ['a wrong type', 'timeout-minutes: 20', 'timeout-minutes: soon', /soon|number/i],
    ['an unknown permission', 'security-events: write', 'security-event: write', /security-event/],
    ['a job that is not there', 'needs: nightly', 'needs: nights', /nights/],
    ['an unknown event', 'pull_request:', 'pull_requests:', /pull_requests/],
    ['a context that is not there', '${{ matrix.shard }}', '${{ matrx.shard }}', /matrx/],
    [
      'a broken expression',
      "github.event_name == 'pull_request' }}",
      "github.event_name === 'pull_request' }}",
      /Unexpected|=/,
    ],
  ])('%s is found', async (_, from, to, message) => {
    expect((await workflowErrors(changed(WORKFLOW, from, to))).join('\n')).toMatch(message);
  });

  it('may read the contents and nothing else, but for the job that uploads SARIF', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const wider = Object.entries(workflow.jobs).filter(([, { permissions }]) => permissions !== undefined);
    expect(wider.map(([name, { permissions }]) => [name, permissions])).toEqual([
      ['gate', { contents: 'read', 'security-events': 'write' }],
    ]);
  });

  it('pins every action to a major version, and puts no expression into a script', () => {
    const steps = Object.values(workflow.jobs).flatMap(({ steps: list }) => list);
    const actions = steps.flatMap(({ uses = [] }) => uses);
    expect(actions.length).toBeGreaterThan(8);
    for (const action of actions) expect(action).toMatch(/^(actions|github)\/[a-z/-]+@v\d+$/);
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });
});

describe('the manifest for Kubernetes', () => {
  const documents = kubernetesDocuments(KUBERNETES);
  const [, nightly, merge] = documents;

  /** A copy with a value at a path replaced, or taken to another key. */
  function withValue(document: KubernetesDocument, path: string, value: unknown, key?: string): KubernetesDocument {
    const copy = structuredClone(document);
    const words = path.split('.');
    const last = words.pop() ?? '';
    let at = copy as Record<string, unknown>;
    for (const word of words) at = at[word] as Record<string, unknown>;
    expect(Object.keys(at), `${path} is in the manifest`).toContain(last);
    delete at[last];
    at[key ?? last] = value;
    return copy;
  }

  const MISSPELT: [path: string, key: string][] = [
    ['spec.completionMode', 'completionModes'],
    ['spec.backoffLimitPerIndex', 'backoffLimitPerIndexes'],
    ['spec.template.spec.containers.0.securityContext.readOnlyRootFilesystem', 'readOnlyRootFileSystem'],
    ['spec.template.spec.containers.0.volumeMounts.0.mountPath', 'mountpath'],
    ['spec.podFailurePolicy.rules.1.onExitCodes.operator', 'op'],
  ];

  it('is valid by the schema', () => {
    expect(documents.map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'Job', 'Job']);
    for (const document of documents) expect(schemaErrors(document)).toEqual([]);
  });

  it.each<[path: string, value: unknown]>([
    ['spec.completions', 'eight'],
    ['spec.completionMode', 'Index'],
    ['spec.template.spec.containers.0.args', 'nightly'],
    ['spec.template.spec.containers.0.securityContext.readOnlyRootFilesystem', 'yes'],
    ['spec.podFailurePolicy.rules.1.onExitCodes.values', ['1']],
    ['spec.podFailurePolicy.rules.1.action', 'FailIndices'],
  ])('%s = %j is found', (path, value) => {
    expect(schemaErrors(withValue(nightly, path, value)).join('\n')).toContain(path.split('.').pop());
  });

  it('has no key that Kubernetes does not know, and a misspelt one is found', async () => {
    const misspelt = MISSPELT.map(([path, key]) => withValue(nightly, path, valueAt(nightly, path), key));
    const messages = await unknownKeys([...documents, ...misspelt]);
    expect(messages.slice(0, documents.length)).toEqual(documents.map(() => []));
    for (const [index, [, key]] of MISSPELT.entries())
      expect(messages[documents.length + index].join('\n')).toContain(`"${key}"`);
  });

  it('lets an anchor end with its document, as kubectl does', () => {
    expect(() => kubernetesDocuments('a: &x 1\nkind: A\n---\nb: *x\nkind: B\n')).toThrow(/x/);
  });

  it('runs without root, on a file system that it cannot change, with bounded resources', () => {
    for (const job of [nightly, merge]) {
      const pod = valueAt(job, 'spec.template.spec') as Pod;
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod.automountServiceAccountToken).toBe(false);
      for (const { securityContext, resources } of [...pod.initContainers, ...pod.containers]) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(Object.keys(resources.limits)).toEqual(['cpu', 'memory']);
      }
    }
  });

  it('has a completion for every shard', () => {
    const { completions, parallelism, completionMode } = nightly['spec'] as Record<string, unknown>;
    expect({ completionMode, parallelism }).toEqual({ completionMode: 'Indexed', parallelism: completions });
    expect(kubernetesCommands(documents)[0]).toContain(`auto/${String(completions)}`);
  });
});

describe('the command lines in the manifests', () => {
  beforeEach(() => void (process.env['JOB_COMPLETION_INDEX'] = '3'));
  afterEach(() => void delete process.env['JOB_COMPLETION_INDEX']);

  const found = [...workflowCommands(workflow), ...kubernetesCommands(kubernetesDocuments(KUBERNETES))];

  it('are all read', () => {
    const written = `${WORKFLOW}\n${KUBERNETES}`
      .split('\n')
      .filter((line) => /^[^#]*\btdxfuzz (gate|nightly|merge|report)\b/.test(line));
    // And the one whose words are a list.
    expect(found).toHaveLength(written.length + 1);
    expect(new Set(found.map(([name]) => name))).toEqual(new Set(['gate', 'nightly', 'merge', 'report']));
    const shards = workflow.jobs['nightly'].strategy?.matrix.shard;
    expect(shards).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(found.find(([name]) => name === 'nightly')).toContain(`0/${shards?.length}`);
    // Shards of one night share their seed, or nothing can be merged.
    for (const words of found.filter((each) => each.includes('--shard'))) expect(words).toContain('--seed');
    for (const words of found) for (const word of words) expect(word).not.toMatch(/^\$|["'{}]/);
  });

  it('are of the version that is installed', () => {
    const versions = [...`${WORKFLOW}\n${KUBERNETES}`.matchAll(/tdxfuzz-(\d+\.\d+\.\d+)\.tgz$/gm)].map(
      ([, found]) => found,
    );
    expect(versions).toEqual([toolVersion(), toolVersion(), toolVersion()]);
  });

  it('install nothing by a name that anybody could take, and nothing without its digest', () => {
    const written = `${WORKFLOW}\n${KUBERNETES}`;
    const installs = [...written.matchAll(/npm install [^\n]*/g)].map(([line]) => line);
    expect(installs).toHaveLength(5);
    for (const line of installs) expect(line).toMatch(/ "\.\/\$TDXFUZZ"$/);
    expect(written.match(/echo "\$TDXFUZZ_SHA512 {2}\$TDXFUZZ" \| sha512sum/g)).toHaveLength(installs.length);
  });

  it.each(found.map((words) => [words.join(' '), words] as const))('tdxfuzz %s', async (_, words) => {
    await parseOnly(words);
  });

  it.each([
    ['an unknown command', ['gatee', 'x.o']],
    ['an unknown option', ['fuzz', 'x.o', '--contracts', 'linux-6.7']],
    ['a value that is none', ['fuzz', 'x.o', '--runs', 'many']],
    ['a missing argument', ['replay']],
  ])('%s is refused', async (_, words) => {
    await expect(parseOnly(words)).rejects.toThrow();
  });

  it('a right one of another command is accepted, and nothing runs', async () => {
    await parseOnly(['fuzz', 'not-there.o', '--contract', 'linux-6.7', '--runs', '5']);
  });
});
