import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunResult } from '../campaign/records/result.js';
import { packageRoot } from '../package-info.js';
import { FORMATS } from './formats.js';
import { resultJson } from './json.js';
import { CONTEXT, sampleRuns } from './sample-runs.test.helper.js';

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

test('JSON is valid by the schema that the package publishes', async () => {
  const schema = JSON.parse(readFileSync(join(packageRoot(), 'schema/result-1.schema.json'), 'utf8')) as object;
  const validate = new Ajv2020({ strictTuples: false }).compile(schema);
  for (const run of Object.values(await sampleRuns()) as RunResult[]) {
    const read = JSON.parse(FORMATS.json(run, CONTEXT)) as object;
    expect(validate(read), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...read, more: 1 })).toBe(false);
  }
});
