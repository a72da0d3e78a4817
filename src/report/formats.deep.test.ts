import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exitStatus, type RunResult } from '../campaign/records/result.js';
import { madeResult, madeTarget } from '../expect/made-result.test.helper.js';
import { packageRoot } from '../package-info.js';
import { FORMATS } from './formats.js';
import { resultJson } from './json.js';
import { CONTEXT, sampleRuns } from './sample-runs.test.helper.js';
import { summary, targetTable } from './terminal.js';

test('every format renders every run, the same each time, and leaves the result as it was', async () => {
  for (const run of Object.values(await sampleRuns()) as RunResult[]) {
    const before = resultJson(run);
    for (const [name, render] of Object.entries(FORMATS)) {
      const text = render(run, CONTEXT);
      expect(text, name).toMatch(/\S\n$/);
      expect(render(structuredClone(run), CONTEXT), name).toBe(text);
    }
    expect(resultJson(run)).toBe(before);
  }
});

test('every format says what the contract takes for granted, and which property was never in force', () => {
  const run = madeResult([
    madeTarget('t', [], {
      assumes: ['rbp-mod'],
      properties: [
        { property: 'keeps-stack', status: 'holds', cases: 100 },
        { property: 'stops-on-failure', status: 'not evaluated', cases: 0 },
      ],
    }),
  ]);
  const wanted: Record<keyof typeof FORMATS, [assumes: RegExp, never: RegExp]> = {
    json: [/"assumes": \[\s*"rbp-mod"/, /"property": "stops-on-failure",\s*"status": "not evaluated"/],
    junit: [
      /<property name="assumes" value="rbp-mod: the TD has no NO_RBP_MOD/,
      /"stops-on-failure"[^]*<skipped>not evaluated: no case put a clause of it in force/,
    ],
    sarif: [/"t: assumes rbp-mod: the TD has no NO_RBP_MOD/, /"t: stops-on-failure was in force in no case"/],
    github: [
      /^::warning title=tdxfuzz%3A assumes::t: rbp-mod: the TD has no NO_RBP_MOD/m,
      /^::warning title=tdxfuzz%3A in force in no case::t: stops-on-failure$/m,
    ],
    markdown: [/Assumes <code>rbp-mod: the TD has no NO_RBP_MOD/, /stops-on-failure[^]*not evaluated/],
  };
  for (const [name, render] of Object.entries(FORMATS))
    for (const pattern of wanted[name as keyof typeof FORMATS]) expect(render(run, CONTEXT), name).toMatch(pattern);
  const table = targetTable(run.result.targets[0], false);
  expect(table).toMatch(/^ {2}assumes rbp-mod: the TD has no NO_RBP_MOD/m);
  expect(table).toMatch(/stops-on-failure +- +not evaluated: in force in no case$/m);
});

test('a target of which no property was in force has no verdict in any format', () => {
  const properties = [{ property: 'keeps-stack', status: 'not evaluated', cases: 0 }] as const;
  const run = madeResult([madeTarget('t', [], { properties: [...properties] })]);
  expect(exitStatus(run)).toBe(2);
  for (const [name, render] of Object.entries(FORMATS))
    if (name !== 'json') expect(render(run, CONTEXT), name).toContain('no property was in force in any case');
  expect(targetTable(run.result.targets[0], false)).toContain('no verdict: no property was in force in any case');
  expect(summary(run)).toContain('1 of 1 targets without a verdict');
});

test('JSON is valid by the schema that the package publishes', async () => {
  const schema = JSON.parse(readFileSync(join(packageRoot(), 'schema/result-2.schema.json'), 'utf8')) as object;
  const validate = new Ajv2020({ strictTuples: false }).compile(schema);
  for (const run of Object.values(await sampleRuns()) as RunResult[]) {
    const read = JSON.parse(FORMATS.json(run, CONTEXT)) as object;
    expect(validate(read), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...read, more: 1 })).toBe(false);
  }
});
