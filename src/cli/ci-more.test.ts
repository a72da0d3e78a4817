/** The other files under ci/: their command lines are ones that the tool takes, and they install nothing that has not its digest. */
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { toolVersion } from '../package-info.js';
import { commandsInScript, manifest, parseOnly } from './ci-manifests.test.helper.js';

interface Job {
  script?: string[];
  parallel?: number;
  stage?: string;
}

const GITLAB = manifest('gitlab/tdxfuzz.gitlab-ci.yml');
const PRE_COMMIT = manifest('pre-commit/pre-commit-config.yaml');
const CONTAINER = manifest('container/Containerfile');

const { variables, stages: order, ...rest } = parse(GITLAB) as Record<string, unknown>;
const jobs = rest as Record<string, Job>;
const env = { ...(variables as Record<string, string>), SHARD: '7', CI_PROJECT_PATH: 'group/project' };
const scripts = Object.values(jobs).flatMap((job) => (Array.isArray(job.script) ? job.script : []));
const gitlab = scripts.flatMap((line) => commandsInScript(line, env));

describe('the GitLab file', () => {
  it('is YAML without a mistake, of jobs in stages that there are', () => {
    for (const document of parseAllDocuments(GITLAB)) expect([...document.errors, ...document.warnings]).toEqual([]);
    const stages = Object.entries(jobs).flatMap(([name, { stage }]) => (name.startsWith('tdxfuzz') ? [stage] : []));
    expect(stages).toEqual(['test', 'test', 'report']);
    expect(order).toEqual(['test', 'report']);
  });

  it('has as many shards as its jobs count to', () => {
    expect(gitlab.map(([name]) => name)).toEqual(['gate', 'nightly', 'merge']);
    expect(gitlab[1]).toContain(`7/${jobs['tdxfuzz-nightly'].parallel}`);
    expect(gitlab[1]).toContain('--seed');
  });

  it.each(gitlab.map((words) => [words.join(' '), words] as const))('tdxfuzz %s', async (_, words) =>
    parseOnly(words.map((word) => word.replace('=report.html', '=r').replace('=tdxfuzz.xml', '=x'))),
  );
});

describe('the pre-commit file', () => {
  it('runs a command that the tool takes', async () => {
    const { repos } = parse(PRE_COMMIT) as { repos: { repo: string; hooks: { entry: string; files: string }[] }[] };
    const [{ repo, hooks }] = repos;
    expect(repo).toBe('local');
    const [command] = commandsInScript(/&& (.*)'$/.exec(hooks[0].entry)?.[1] ?? '', {});
    await parseOnly(command);
    const files = new RegExp(hooks[0].files);
    for (const name of ['src/stub.S', 'a.c', 'lib.rs', 'tdxfuzz.config.ts', 'tdxfuzz/expect.json'])
      expect(files.test(name), name).toBe(true);
    expect(files.test('README.md')).toBe(false);
  });
});

describe('all of them', () => {
  it.each([
    ['gitlab', GITLAB, 1],
    ['container', CONTAINER, 2],
  ])('%s is of the version that is installed, and checks the digest before it installs', (_, text, mentions) => {
    expect(text.match(/tdxfuzz-\d+\.\d+\.\d+\.tgz/g)).toEqual(
      Array.from({ length: mentions }, () => `tdxfuzz-${toolVersion()}.tgz`),
    );
    const check = text.indexOf('sha512sum --check --strict');
    expect(check).toBeGreaterThan(0);
    expect(text.indexOf('npm install')).toBeGreaterThan(check);
    expect(text).not.toMatch(/npm install [^\n]*\btdxfuzz(@|\s*$)/m);
  });
});
