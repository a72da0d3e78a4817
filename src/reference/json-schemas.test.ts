/** The published JSON Schemas, judged by a validator that is not the tool's own. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { validateConfig } from '../config/config.js';
import { auditImage } from '../audit/audit.js';
import { auditJson } from '../report/audit-json.js';
import { parseImage } from '../image/load.js';
import { validateContractSet } from '../contract/validate.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { packageRoot } from '../package-info.js';
import { resultJson } from '../report/json.js';
import { twinTarget } from '../finding/twins.test.helper.js';
import { builtInPrograms, builtInStubs } from '../campaign/targets/built-in-targets.js';
import { fuzz } from '../campaign/fuzz.js';
import { jsonSchemas, SCHEMA_FOLDER } from './json-schemas.js';
import { resultSchema } from '../campaign/records/result.js';

const folder = join(packageRoot(), SCHEMA_FOLDER);
const published = (name: string): string => readFileSync(join(folder, name), 'utf8');

test('the files in the package are those that npm run build:schemas writes, and no others', () => {
  const made = jsonSchemas();
  expect(readdirSync(folder).sort()).toEqual(Object.keys(made).sort());
  for (const [name, text] of Object.entries(made)) expect(published(name)).toBe(text);
});

function validator(name: string): ValidateFunction {
  return new Ajv2020({ strict: true, strictTuples: false, allErrors: true }).compile(
    JSON.parse(published(name)) as object,
  );
}
const validResult = validator('result-2.schema.json');
const validCase = validator('case-2.schema.json');
const validCase1 = validator('case-1.schema.json');
const validContracts = validator('contracts-1.schema.json');
const validConfig = validator('config.schema.json');
const validAudit = validator('audit-1.schema.json');
const validRules = validator('expect-1.schema.json');

type Json = Record<string, unknown>;
type Path = readonly (string | number)[];

let result: Json;
beforeAll(async () => {
  const program = builtInPrograms().find(({ name }) => name.startsWith('seamcall-wrapper-6.8/'));
  if (program === undefined) throw new Error('no such program');
  const targets = [builtInStubs()[0], twinTarget('missing-scrub-rsi-6.4'), program];
  const run = await fuzz({ targets, seed: 'schema', budget: { runs: 200 }, workers: 1 });
  const [clean, broken] = run.result.targets;
  expect([clean.findings.length, broken.findings.length]).toEqual([0, 1]);
  // What a later step of a campaign adds.
  broken.findings[0].accepted = { reason: 'known', reference: 'issue 7' };
  broken.findings[0].source = { file: 'a.S', line: 7 };
  broken.findings[0].inputs = [
    { name: 'arg.rsi', value: '0x1', verdict: 'must differ', tried: 3, failed: 3, note: 'bit 0' },
  ];
  result = JSON.parse(resultJson(run)) as Json;
});

/** A copy in which one value is another; it is taken out if that is undefined. */
function changed(json: Json, path: Path, value: unknown): Json {
  const copy = structuredClone(json);
  let at: Record<string | number, unknown> = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  const last = path[path.length - 1];
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

describe('results', () => {
  test('of a clean target, a broken one and a program are valid', () => {
    expect(validResult(result), JSON.stringify(validResult.errors)).toBe(true);
  });

  const finding = ['result', 'targets', 1, 'findings', 0] as const;
  test.each<[string, Path, unknown]>([
    ['another schema', ['schema'], 'tdxfuzz/result/1'],
    ['a part that is missing', ['result', 'targets', 0, 'fingerprint'], undefined],
    ['a part that nobody knows', ['result', 'extra'], 1],
    ['a status that nobody knows', ['result', 'targets', 0, 'properties', 0, 'status'], 'passed'],
    ['a negative count', ['result', 'targets', 0, 'cases'], -1],
    ['a fraction of a case', ['result', 'targets', 0, 'cases'], 1.5],
    ['an enormous number', ['result', 'targets', 0, 'executions'], 1e300],
    ['a hash that is none', ['result', 'targets', 0, 'imageHash'], 'abc'],
    ['a value that is no 64-bit value', [...finding, 'scenario', 'arg.rdi'], '0x12345678901234567'],
    ['a verdict that nobody knows', [...finding, 'inputs', 0, 'verdict'], 'perhaps'],
    ['a line 0', [...finding, 'source', 'line'], 0],
    ['a case that is none', [...finding, 'case', 'code', 'pages'], []],
    ['a first case of two kinds', [...finding, 'first', 'replayed'], 'x.json'],
    ['text for a list', ['result', 'targets'], 'none'],
  ])('with %s are not', (_what, path, value) => {
    const wrong = changed(result, path, value);
    expect(validResult(wrong)).toBe(false);
    // The tool refuses it as well.
    expect(resultSchema.safeParse(wrong).success).toBe(false);
  });
});

describe('cases', () => {
  const names = readdirSync(join(packageRoot(), 'corpus/cases')).filter((name) => name.endsWith('.json'));
  const stored = names.map(
    (name) => JSON.parse(readFileSync(join(packageRoot(), 'corpus/cases', name), 'utf8')) as Json,
  );

  test('that are kept in the corpus are valid', () => {
    expect(stored.length).toBeGreaterThan(20);
    for (const file of stored) expect(validCase1(file), JSON.stringify(validCase1.errors)).toBe(true);
  });

  test('of a finding are valid', () => {
    const made = ofFinding();
    expect(validCase(made), JSON.stringify(validCase.errors)).toBe(true);
    expect(validCase1(made)).toBe(false);
    expect(validCase(stored[0])).toBe(false);
  });

  const ofFinding = (): Json => {
    const { targets } = result['result'] as { targets: { findings: { case: Json }[] }[] };
    return targets[1].findings[0].case;
  };

  describe.each<[string, ValidateFunction, () => Json, Path]>([
    ['before', validCase1, () => stored[0], ['scenario', 'arg.rdi']],
    ['now', validCase, ofFinding, ['steps', 0, 'values', 'arg.rdi']],
  ])('as they were written %s', (_when, valid, file, valuePath) => {
    test.each<[string, Path, unknown]>([
      ['a version that nobody knows', ['schema'], 'tdxfuzz/case/9'],
      ['no contract', ['contract'], undefined],
      ['a part that nobody knows', ['story2'], []],
      ['permissions that are none', ['code', 'pages', 0, 'permissions'], 'rwxs'],
      ['a page too long', ['code', 'pages', 0, 'base64'], 'A'.repeat(6000)],
      ['a function of no bytes', ['code', 'size'], 0],
      ['an empty symbol', ['symbol'], ''],
      ['a value in decimal', valuePath, '17'],
    ])('with %s are not', (_what, path, value) => {
      expect(valid(file())).toBe(true);
      expect(valid(changed(file(), path, value))).toBe(false);
    });
  });

  test('without a step, or with too many, are not', () => {
    for (const steps of [[], undefined, Array.from({ length: 65 }, () => ({ action: 'call', values: {} }))])
      expect(validCase(changed(ofFinding(), ['steps'], steps))).toBe(false);
  });
});

describe('contract sets', () => {
  /** As a JSON file has it: a contract is named by its key. */
  const asFile = (set: (typeof CONTRACT_SETS)[number]): Json => {
    const file = structuredClone({ schema: 'tdxfuzz/contracts/1', ...set }) as Json;
    for (const body of Object.values(file['contracts'] as Record<string, Json>)) delete body['symbol'];
    return JSON.parse(JSON.stringify(file)) as Json;
  };

  test.each(CONTRACT_SETS.map((set) => [set.name, set] as const))('%s of the library is valid', (_name, set) => {
    expect(validContracts(asFile(set)), JSON.stringify(validContracts.errors)).toBe(true);
  });

  test('may name their schema, for editors, and mean the same', () => {
    const file = asFile(CONTRACT_SETS.find(({ name }) => name === 'linux-6.7') ?? CONTRACT_SETS[0]);
    const named = { $schema: 'node_modules/tdxfuzz/schema/contracts-1.schema.json', ...file };
    expect(validContracts(named), JSON.stringify(validContracts.errors)).toBe(true);
    expect(validateContractSet(named, 'a.json')).toEqual(validateContractSet(file, 'a.json'));
  });

  const contract = ['contracts', '__tdx_hypercall'] as const;
  test.each<[string, Path, unknown]>([
    ['another schema', ['schema'], 'tdxfuzz/contracts/9'],
    ['a contract without a convention', [...contract, 'convention'], undefined],
    ['a convention that nobody knows', [...contract, 'convention'], 'fastcall'],
    ['a word that nobody knows', [...contract, 'mask'], '0xffcc'],
    ['a mask in decimal', [...contract, 'inputs', 'rcx'], { constant: '64512' }],
    ['no leaf', [...contract, 'leaves'], []],
  ])('with %s are not', (_what, path, value) => {
    const set = asFile(CONTRACT_SETS.find(({ name }) => name === 'linux-5.19') ?? CONTRACT_SETS[0]);
    expect(validContracts(set)).toBe(true);
    expect(validContracts(changed(set, path, value))).toBe(false);
  });
});

test('what an audit writes is valid, and a finding without a place is not', () => {
  const verdicts = ['corpus/bugs/guest-6.3.o', 'corpus/targets/guest-rfc-2021.o'].map((file) =>
    auditImage(parseImage(readFileSync(join(packageRoot(), file)), file), { seed: 'schema' }),
  );
  const document = JSON.parse(auditJson(verdicts, 'schema')) as Json;
  expect(validAudit(document), JSON.stringify(validAudit.errors)).toBe(true);
  const symbols = verdicts[0].functions.map(({ symbol }) => symbol);
  const broken = ['images', 0, 'functions', symbols.indexOf('mask_with_rbp')];
  expect(validAudit(changed(document, [...broken, 'findings', 0, 'place'], undefined))).toBe(false);
  expect(validAudit(changed(document, [...broken, 'findings', 0, 'rule'], 'another-rule'))).toBe(false);
  expect(validAudit(changed(document, [...broken, 'ways'], -1))).toBe(false);
});

describe('configurations', () => {
  const config: Json = {
    $schema: 'node_modules/tdxfuzz/schema/config.schema.json',
    targets: [{ image: 'build/stub.o', contract: 'linux-6.7', bind: { mine: 'linux-6.7/__tdcall' }, runs: 1000 }],
    gate: { runs: 1000, programRuns: 10 },
    workers: 2,
  };

  test('with every setting are valid, and the tool takes them', () => {
    expect(validConfig(config), JSON.stringify(validConfig.errors)).toBe(true);
    expect(validateConfig(config, 'a.json')).toEqual(config);
  });

  test.each<[string, Path, unknown]>([
    ['a setting that nobody knows', ['target'], []],
    ['an image that is none', ['targets', 0, 'image'], ''],
    ['no worker', ['workers'], 0],
    ['half a case', ['gate', 'runs'], 0.5],
  ])('with %s are not', (_what, path, value) => {
    expect(validConfig(changed(config, path, value))).toBe(false);
    expect(() => validateConfig(changed(config, path, value), 'a.json')).toThrow(/^a\.json: /);
  });

  test('say what each setting is', () => {
    const { properties } = JSON.parse(published('config.schema.json')) as { properties: Record<string, Json> };
    for (const [name, setting] of Object.entries(properties)) expect(setting['description'], name).toMatch(/\.$/);
  });
});

describe('expectations', () => {
  const rules: Json = {
    schema: 'tdxfuzz/expect/1',
    rules: [{ target: 'a', property: 'keeps-stack', slot: 'memory', place: 'a+*', reason: 'known' }],
  };

  test('are valid', () => expect(validRules(rules), JSON.stringify(validRules.errors)).toBe(true));

  test.each<[string, Path, unknown]>([
    ['another schema', ['schema'], 'tdxfuzz/expect/9'],
    ['a rule without a reason', ['rules', 0, 'reason'], undefined],
    ['a word that nobody knows', ['rules', 0, 'until'], 'tomorrow'],
  ])('with %s are not', (_what, path, value) => expect(validRules(changed(rules, path, value))).toBe(false));
});
