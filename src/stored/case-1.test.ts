/** Cases of schema 1 are read for ever, and mean what they meant when they were stored. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-info.js';
import type { Runner } from '../run/runner.js';
import { signaturesOf } from '../finding/made-runner.test.helper.js';
import { type CaseSpace, slotOf, stepOf } from '../case/case.js';
import { CASE_1_NEUTRAL, CASE_1_SLOTS } from './case-1-neutral.js';
import { validateCase } from './case-file.js';
import type { CaseFile } from './case-schema.js';
import { openCase } from './open-case.js';
import { casesOf } from './stored-cases.js';
import { valuesOf } from './stored-values.js';

const FOLDER = join(packageRoot(), 'corpus/cases');
const STUB = 'args-in-exposed-register-6.3';
const PROGRAM = 'dispatcher-eagain-is-invalid';
/** A program's case of three steps. */
const SEQUENCE = 'dispatcher-refused-chunk-dropped';

interface Document {
  schema: string;
  scenario: Record<string, string>;
  story?: { action: string; values: Record<string, string> }[];
  contract: { body: Record<string, unknown> };
}

/** A stored file, as it lies there. */
const documentOf = (name: string): Document =>
  JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Document;
const read = (document: Document): CaseFile => validateCase(document, 'old.json');
const open = (file: CaseFile): Runner => openCase(file, 'old.json').runner;

describe('a case of a single function', () => {
  const document = documentOf(STUB);
  const file = read(document);
  const runner = open(file);

  it('is the one step in which the function is called', () => {
    expect(document.schema).toBe('tdxfuzz/case/1');
    expect(file.schema).toBe('tdxfuzz/case/2');
    expect(file.steps).toEqual([{ action: 'call', values: document.scenario }]);
    expect(Object.keys(document.scenario).length).toBeGreaterThan(0);
    expect(file).not.toHaveProperty('scenario');
  });

  it('has the values that it names, and neutral ones', () => {
    const [step] = valuesOf(file, runner.space);
    for (const [index, { name }] of runner.space.actions[0].slots.entries())
      expect(slotOf(step, index), name).toBe(
        // A slot that is younger than the file is 0.
        BigInt(document.scenario[name] ?? file.neutral['call'][name] ?? 0),
      );
    // Whatever slots there are today, those of then have a value.
    expect(Object.keys(file.neutral['call'])).toEqual(CASE_1_SLOTS);
  });
});

describe.each([
  [PROGRAM, 1],
  [SEQUENCE, 3],
])('a case of a program: %s', (name, steps) => {
  const document = documentOf(name);
  const file = read(document);
  const runner = open(file);

  it('is its story', () => {
    expect(file.schema).toBe('tdxfuzz/case/2');
    expect(file.steps).toEqual(document.story);
    expect(file.steps).toHaveLength(steps);
    expect(file).not.toHaveProperty('story');
    const actions = [...new Set(file.steps.map(({ action }) => action))];
    expect(Object.keys(file.neutral)).toEqual(actions);
    expect(actions.some((action) => Object.keys(file.neutral[action]).length > 0)).toBe(true);
  });

  it('has the values that it names, and neutral ones', () => {
    const values = valuesOf(file, runner.space);
    expect(values.map(({ action }) => action)).toEqual(document.story?.map(({ action }) => action));
    for (const [at, step] of values.entries()) {
      const { action, values: named } = file.steps[at];
      const { slots } = runner.space.actions.find((one) => one.name === action) ?? { slots: [] };
      for (const [index, { name: slot }] of slots.entries())
        expect(slotOf(step, index), `${at}.${slot}`).toBe(BigInt(named[slot] ?? file.neutral[action][slot] ?? 0));
    }
  });
});

describe('what was neutral', () => {
  /** The space with other neutral values: those of a later version. */
  const later = (space: CaseSpace): CaseSpace => ({
    ...space,
    actions: space.actions.map((action) => ({
      ...action,
      slots: action.slots.map((slot) => ({ ...slot, neutral: slot.neutral ^ 0xa5a5_a5a5_a5a5n })),
    })),
  });

  test.each([STUB, PROGRAM, SEQUENCE])('stays, whatever becomes of it: %s', (name) => {
    const file = read(documentOf(name));
    const runner = open(file);
    const values = valuesOf(file, runner.space);
    expect(stepOf(later(runner.space).actions[0])).not.toEqual(stepOf(runner.space.actions[0]));
    expect(valuesOf(file, later(runner.space))).toEqual(values);
    expect(signaturesOf(runner, values)).toContainEqual(
      expect.objectContaining({ property: file.expect?.property, slot: file.expect?.slot }),
    );
  });

  const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

  it('is frozen: of programs, and of the stored cases of single functions, which follows from their contracts', () => {
    expect(digest([CASE_1_SLOTS, CASE_1_NEUTRAL])).toMatchInlineSnapshot(
      `"014205b6c09110c95744c3725bf4dd54ddc389c5f0b3c85da627f0d2ee31a3c0"`,
    );
    const neutral = casesOf(FOLDER).map(({ name, file }) => {
      const values = Object.entries(file.neutral).map(([action, own]) => [
        action,
        Object.entries(own)
          .filter(([, value]) => value !== '0x0')
          .sort(([one], [other]) => (one < other ? -1 : 1)),
      ]);
      return [name, values.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1))];
    });
    expect(neutral.length).toBeGreaterThan(40);
    // Compared once with what the tool had that stored them (commit 03a5ae0).
    expect(digest(neutral)).toMatchInlineSnapshot(`"a416e9c3de8947fc5a9b5fb627f19d479a5d23eafac6f4a613ee58fdf0852b40"`);
  });
});

describe('is refused in one line that names the file', () => {
  const refusal = (document: Document): string => {
    try {
      const file = read(document);
      openCase(file, 'old.json');
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message;
    }
    return 'nothing';
  };

  test.each<[string, string, RegExp, (document: Document) => void]>([
    ['nothing', STUB, /^nothing$/, () => undefined],
    ['nothing', PROGRAM, /^nothing$/, () => undefined],
    [
      'an unknown slot',
      STUB,
      /^old\.json: steps\.0\.values: unknown slot entry\.rxx; nearest: .*entry\.r/,
      ({ scenario }) => (scenario['entry.rxx'] = '0x1'),
    ],
    [
      'an unknown slot of a step',
      PROGRAM,
      /^old\.json: steps\.0\.values: unknown slot rett; nearest: ret\b/,
      ({ story = [] }) => (story[0].values['rett'] = '0x1'),
    ],
    [
      'an unknown action',
      PROGRAM,
      /^old\.json: steps\.0: no action MapGPAA in this contract; nearest: MapGPA\b/,
      ({ story = [] }) => (story[0].action = 'MapGPAA'),
    ],
    [
      'an action that every object has',
      PROGRAM,
      /^old\.json: steps\.0: no action constructor in this contract; /,
      ({ story = [] }) => (story[0].action = 'constructor'),
    ],
    [
      'a story of a single function',
      STUB,
      /^old\.json: a story and the contract of a program go together; /,
      (document) => (document.story = [{ action: 'call', values: {} }]),
    ],
    [
      'a program without a story',
      PROGRAM,
      /^old\.json: a story and the contract of a program go together; /,
      (document) => delete document.story,
    ],
    [
      'a program that every object has',
      PROGRAM,
      /^old\.json: contract: .*constructor/,
      ({ contract: { body } }) => (body['program'] = 'constructor'),
    ],
    ['a value in decimal', STUB, /^old\.json: not a case file: /, ({ scenario }) => (scenario['entry.rax'] = '17')],
    ['steps as today', STUB, /^old\.json: not a case file: /, (document) => Object.assign(document, { steps: [] })],
  ])('%s: %s', (_, name, message, change) => {
    const document = documentOf(name);
    change(document);
    const said = refusal(document);
    expect(said).toMatch(message);
    expect(said).not.toContain('\n');
  });

  it('a case of today with a second call of a single function, which would not be played', () => {
    const file = read(documentOf(STUB));
    const twice = { ...file, steps: [...file.steps, ...file.steps] };
    const again = validateCase(JSON.parse(JSON.stringify(twice)), 'new.json');
    expect(() => openCase(again, 'new.json')).toThrow(
      /^new\.json: steps: 2 of them, and a case of this contract has one; take the others out$/,
    );
  });
});
