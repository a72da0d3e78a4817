/** SARIF against the JSON Schema of version 2.1.0, which the package @microsoft/jest-sarif carries (MIT). */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import draft04 from 'ajv-draft-04';
import formats from 'ajv-formats';
import type { Log, Result, Run } from 'sarif';
import { beforeAll, describe, expect, test } from 'vitest';
import { causesOfTarget, exitStatus, type RunResult } from '../campaign/records/result.js';
import { findingName } from '../stored/write-case.js';
import { disassemblyText } from './disassembly.js';
import { ruleOf } from './rules.js';
import { ACCEPTED, CONTEXT, sampleRuns, type SampleRuns, withFindings } from './sample-runs.test.helper.js';
import { sarifLog } from './sarif.js';

const carried = '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json';
const schema = JSON.parse(readFileSync(createRequire(import.meta.url).resolve(carried), 'utf8')) as object;
// One pattern of the schema is none under the flag u.
const ajv = new draft04.default({ strict: false, allErrors: true, unicodeRegExp: false });
formats.default(ajv);
const validate = ajv.compile(schema);

const log = (run: RunResult): Log => JSON.parse(sarifLog(run, CONTEXT)) as Log;
const runOf = (run: RunResult): Run => log(run).runs[0];
const resultsOf = (run: RunResult): Result[] => runOf(run).results ?? [];

function complaints(value: unknown): string[] {
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

let runs: SampleRuns;
beforeAll(async () => {
  runs = await sampleRuns();
});
const all = (): RunResult[] => [
  ...(Object.values(runs) as RunResult[]),
  withFindings(runs.broken, (finding) => ({ ...finding, accepted: ACCEPTED })),
  withFindings(runs.program, (finding) => ({ ...finding, source: { file: '/usr/src/a b.c', line: 7 } })),
];

test('every run is valid, and the validator refuses what is not', () => {
  for (const run of all()) expect(complaints(log(run))).toEqual([]);
  const wrong = (change: (run: Run) => void): string[] => {
    const copy = log(runs.broken);
    change(copy.runs[0]);
    return complaints(copy);
  };
  expect(wrong((run) => delete (run as Partial<Run>).tool)).not.toEqual([]);
  expect(wrong(({ results = [] }) => (results[0].level = 'fatal' as never))).not.toEqual([]);
  expect(wrong(({ artifacts = [] }) => (artifacts[0].location = { uri: 'a b.o' }))).not.toEqual([]);
  expect(wrong(({ results = [] }) => (results[0].locations = [{ physicalLocation: {} }]))).not.toEqual([]);
  expect(wrong(({ invocations = [] }) => (invocations[0].exitCode = 1.5))).not.toEqual([]);
});

test('indexes point at what they name', () => {
  for (const run of all()) {
    const { artifacts = [], addresses = [], results = [], tool } = runOf(run);
    for (const { ruleId, ruleIndex = -1, locations = [], relatedLocations = [] } of results) {
      expect(tool.driver.rules?.[ruleIndex].id).toBe(ruleId);
      for (const { physicalLocation } of [...locations, ...relatedLocations]) {
        const { index = -1, uri } = physicalLocation?.artifactLocation ?? {};
        expect(artifacts[index].location?.uri).toBe(uri);
        const { parentIndex, name } = physicalLocation?.address ?? {};
        if (parentIndex !== undefined) expect(name?.startsWith(`${addresses[parentIndex].name}+0x`)).toBe(true);
      }
    }
    artifacts.forEach(({ location }, index) => expect(location?.index).toBe(index));
    addresses.forEach(({ index: own }, index) => expect(own).toBe(index));
    expect(new Set(artifacts.map(({ location }) => location?.uri)).size).toBe(artifacts.length);
  }
});

test('one rule per property, with the texts of the property', () => {
  const rules = runOf(runs.broken).tool.driver.rules ?? [];
  const [target] = runs.broken.result.targets;
  expect(rules.map(({ id }) => id)).toEqual(target.properties.map(({ property }) => property).sort());
  for (const { id, shortDescription, help, defaultConfiguration } of rules) {
    expect(shortDescription?.text).toBe(ruleOf(id)?.rule);
    expect(help?.text).toBe(`${ruleOf(id)?.fix} Source: ${ruleOf(id)?.source}.`);
    expect(defaultConfiguration?.level).toBe('error');
  }
});

describe('a finding', () => {
  test('points at the instruction in the image', () => {
    const [{ image, imageHash, findings }] = runs.broken.result.targets;
    const [finding] = findings;
    const [result] = resultsOf(runs.broken);
    const [, offset] = finding.place.split('+');
    expect(result.locations).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: image, index: 0 },
          address: {
            kind: 'instruction',
            name: finding.place,
            fullyQualifiedName: `${image}/${finding.place}`,
            parentIndex: 0,
            offsetFromParent: Number(offset),
          },
        },
        logicalLocations: [
          { kind: 'function', name: 'missing_scrub_rsi', fullyQualifiedName: `${image}/${finding.place}` },
        ],
      },
    ]);
    expect(runOf(runs.broken).artifacts?.[0].hashes).toEqual({ 'sha-256': imageHash });
    expect([result.ruleId, result.level, result.kind]).toEqual(['scrubs-host-values', 'error', 'fail']);
    for (const text of ['final.rsi', finding.place, finding.expected, finding.actual])
      expect(result.message.text).toContain(text);
    expect(result.properties).toMatchObject({ scenario: finding.scenario, replay: CONTEXT.replay(finding) });
    expect(result.suppressions).toBeUndefined();
  });

  test('points at the line of source, where there is one, relative to the checkout if it lies there', () => {
    const at = (file: string): unknown => {
      const run = withFindings(runs.broken, (finding) => ({ ...finding, source: { file, line: 31 } }));
      return resultsOf(run)[0].locations?.[0].physicalLocation;
    };
    const here = join(CONTEXT.folder, 'corpus/bugs/a b.S');
    for (const file of [here, 'corpus/bugs/a b.S'])
      expect(at(file)).toEqual({
        artifactLocation: { uri: 'corpus/bugs/a%20b.S', index: 1 },
        region: { startLine: 31 },
      });
    expect(at('/elsewhere/x.c')).toMatchObject({ artifactLocation: { uri: pathToFileURL('/elsewhere/x.c').href } });
  });

  test('has a fingerprint of its target and signature, and of nothing else', () => {
    const print = (run: RunResult): unknown => resultsOf(run)[0].partialFingerprints;
    const changed = (more: object): RunResult => withFindings(runs.broken, (finding) => ({ ...finding, ...more }));
    const own = print(runs.broken);
    expect(Object.values(own as object)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(print(changed({ hits: 1, scenario: {}, expected: '', actual: '', clause: 'reworded' }))).toEqual(own);
    for (const more of [{ property: 'keeps-stack' }, { slot: 'final.rdi' }, { place: 'f+0x1' }])
      expect(print(changed(more))).not.toEqual(own);
    const renamed = structuredClone(runs.broken);
    renamed.result.targets[0].target = 'another';
    expect(print(renamed)).not.toEqual(own);
  });

  test('that is accepted is suppressed, with the reason', () => {
    const run = withFindings(runs.broken, (finding) => ({ ...finding, accepted: ACCEPTED }));
    expect(resultsOf(run)[0].suppressions).toEqual([
      { kind: 'external', status: 'accepted', justification: 'RSI is <known> to leak (issue 7)' },
    ]);
  });
});

test('the invocation has the exit code, and tells of targets without a verdict', () => {
  for (const run of all()) expect(runOf(run).invocations?.[0].exitCode).toBe(exitStatus(run));
  expect(runOf(runs.clean).invocations?.[0]).toEqual({
    exitCode: 0,
    executionSuccessful: true,
    toolExecutionNotifications: [],
  });
  expect(runOf(runs.broken).invocations?.[0]).toMatchObject({ exitCode: 1, executionSuccessful: true });
  const [unjudged] = runOf(runs.unjudged).invocations ?? [];
  expect(unjudged).toMatchObject({ exitCode: 2, executionSuccessful: false });
  expect(unjudged.toolExecutionNotifications?.map(({ message }) => message.text)).toEqual([
    expect.stringMatching(/^unmodelled: no verdict: .*nobody_knows_this/),
  ]);
});

test('hostile names are text: no link, no placeholder, no control character, no path of their own', () => {
  const results = resultsOf(runs.hostile);
  expect(results.length).toBeGreaterThan(0);
  for (const { message, locations = [] } of results) {
    expect(message.text).toContain('[click] (https');
    expect(message.text).toContain('{{0}}');
    expect(message.text?.replace(/\{\{|\}\}/g, '')).not.toMatch(/[{}]/);
    const uri = locations[0].physicalLocation?.artifactLocation?.uri ?? '';
    expect(uri).toMatch(/^(file:\/\/\/)?[\w%~.\-!'()*/]+$/);
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  expect(sarifLog(runs.hostile, CONTEXT)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|\\u00[01]|\\[rn]/);
});

describe('a finding of an object without lines', () => {
  const context = { ...CONTEXT, findings: 'tdxfuzz-out/findings' };

  test('points at the line of the disassembly that the tool writes', () => {
    for (const run of [runs.broken, runs.program]) {
      const whole = JSON.parse(sarifLog(run, context)) as Log;
      expect(complaints(whole)).toEqual([]);
      const [{ results = [], artifacts = [] }] = whole.runs;
      const [finding] = causesOfTarget(run.result.targets[0]).map((cause) => cause.finding);
      const { artifactLocation, region } = results[0].locations?.[0].physicalLocation ?? {};
      expect(artifactLocation?.uri).toBe(`tdxfuzz-out/findings/${findingName(finding.case)}/disassembly.txt`);
      const { text, line } = disassemblyText(finding.case, finding.place);
      expect(region?.startLine).toBe(line);
      expect(artifacts[artifactLocation?.index ?? -1].contents?.text).toBe(text);
      const offset = finding.place.slice(finding.place.lastIndexOf('+'));
      expect(text.split('\n')[(region?.startLine ?? 0) - 1]).toMatch(new RegExp(`^> +\\${offset} `));
      expect(results[0].relatedLocations?.[0].physicalLocation?.artifactLocation?.uri).toBe(
        run.result.targets[0].image,
      );
    }
  });

  test('points at the source where there are lines, and at the image where nothing was written', () => {
    const lined = withFindings(runs.broken, (finding) => ({ ...finding, source: { file: 'a.S', line: 31 } }));
    const [{ results: [inSource] = [] }] = (JSON.parse(sarifLog(lined, context)) as Log).runs;
    expect(inSource.locations?.[0].physicalLocation?.artifactLocation?.uri).toBe('a.S');
    expect(resultsOf(runs.broken)[0].locations?.[0].physicalLocation?.region).toBeUndefined();
  });

  test('with hostile names has one line an instruction', () => {
    const text = sarifLog(runs.hostile, context);
    expect(complaints(JSON.parse(text))).toEqual([]);
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|\\u00[01]|\\r/);
  });
});
