/** Rules: what they cover, what is said of them, how they are written. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { exitStatus } from '../campaign/records/result.js';
import { removeFolder, temporaryFolder } from '../cli/run-cli.test.helper.js';
import { UsageError } from '../errors.js';
import { applyRules } from './apply-rules.js';
import { expectationsIfAny, readExpectations, withRule, writeExpectations } from './expectation-file.js';
import { madeFinding, madeResult, madeTarget } from './made-result.test.helper.js';
import { covers, type Rule, rulesOf } from './rule.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const RULE: Rule = {
  target: 'a/f',
  property: 'scrubs-host-values',
  slot: 'final.rsi',
  place: 'f+*',
  reason: 'known',
};

describe('a rule', () => {
  const found = { property: 'scrubs-host-values', slot: 'final.rsi', place: 'f+0x10' };
  test.each<[string, Partial<Rule>, boolean]>([
    ['as it is', {}, true],
    ['of a glob of targets', { target: 'a/*' }, true],
    ['of another target', { target: 'b/f' }, false],
    ['of another property', { property: 'keeps-stack' }, false],
    ['of another slot', { slot: 'final.rdi' }, false],
    ['of the very place', { place: 'f+0x10' }, true],
    ['of another place', { place: 'f+0x1' }, false],
    ['of another function', { place: 'ff+*' }, false],
    ['that is a glob for a property, which is none', { property: '*' }, false],
  ])('%s', (_, change, wanted) => expect(covers({ ...RULE, ...change }, 'a/f', found)).toBe(wanted));

  test('without a place covers all places', () => {
    const { place: _, ...anywhere } = RULE;
    expect(covers(anywhere, 'a/f', { ...found, place: 'g+0x99' })).toBe(true);
  });

  test('covers a name with control characters as it was written down', () => {
    const [rule] = rulesOf({ ...madeFinding().case, target: 'a\x1b', expect: expected('g\x1b+0x1') }, 'x', options);
    expect(rule).toMatchObject({ target: 'a\\x1b', place: 'g\\x1b+*' });
    expect(covers(rule, 'a\x1b', { ...found, place: 'g\x1b+0x4' })).toBe(true);
  });
});

const expected = (place: string) => ({
  property: 'scrubs-host-values',
  clause: 'c',
  slot: 'final.rsi',
  place,
  trace: '',
});
const options = { reason: 'known', exact: false };

describe('the rule of a case', () => {
  const { case: file } = madeFinding();
  test('pins the function, or with exact the instruction', () => {
    expect(rulesOf(file, 'x', options)[0].place).toBe('missing_scrub_rsi+*');
    expect(rulesOf(file, 'x', { ...options, exact: true })[0].place).toBe('missing_scrub_rsi+0x44');
    expect(rulesOf({ ...file, expect: expected('nowhere') }, 'x', options)[0].place).toBe('nowhere');
  });

  test.each(['', '  ', '\n'])('needs a reason that says something: %j', (reason) => {
    expect(() => rulesOf(file, 'x', { ...options, reason })).toThrow('--reason: must say something');
  });

  test('needs a case that expects something', () => {
    expect(() => rulesOf({ ...file, expect: null }, 'x.json', options)).toThrow(
      /x\.json: the case expects no violation/,
    );
  });
});

describe('applied to a result', () => {
  const inFull = (): boolean => true;
  const result = madeResult([madeTarget('a/f', [madeFinding()]), madeTarget('b/f', [])]);
  const known = ['a/f', 'b/f', 'c/f'];

  test('a rule marks what it covers, and only that', () => {
    const other = madeFinding({ slot: 'final.rdi' });
    const both = madeResult([madeTarget('a/f', [madeFinding(), other])]);
    const applied = applyRules(both, [RULE], { known, inFull });
    const [first, second] = applied.result.result.targets[0].findings;
    expect(first.accepted).toEqual({ reason: 'known' });
    expect(second).toEqual(other);
    expect(exitStatus(applied.result)).toBe(1);
    expect(exitStatus(applyRules(result, [{ ...RULE, reference: 'r' }], { known, inFull }).result)).toBe(0);
    // The result that was given is untouched.
    expect(both.result.targets[0].findings[0].accepted).toBeUndefined();
  });

  test('it tells every finding that it covers: a second root cause shows', () => {
    const two = madeResult([madeTarget('a/f', [madeFinding(), madeFinding({ place: 'f+0x20' })])]);
    const [use] = applyRules(two, [RULE], { known, inFull }).uses;
    expect(use.covered.map(({ place }) => place)).toEqual(['f+0x10', 'f+0x20']);
  });

  const stateOf = (rule: Rule, change: Partial<Parameters<typeof applyRules>[2]> = {}, of = result): string =>
    applyRules(of, [rule], { known, inFull, ...change }).uses[0].state;

  test('it matched nothing only where it was asked in full', () => {
    expect(stateOf(RULE)).toBe('used');
    expect(stateOf({ ...RULE, target: 'b/f' })).toBe('matched nothing');
    expect(stateOf({ ...RULE, target: 'b/f' }, { inFull: () => false })).toBe('not asked');
    expect(stateOf({ ...RULE, target: 'c/f' })).toBe('not asked');
    expect(stateOf({ ...RULE, target: '?/f', slot: 'x' })).toBe('not asked');
    expect(stateOf({ ...RULE, target: '?/f', slot: 'x' }, { known: ['a/f', 'b/f'] })).toBe('matched nothing');
    expect(stateOf({ ...RULE, target: 'zzz' })).toBe('not asked');
    expect(stateOf({ ...RULE, target: 'b/f', property: 'keeps-flags' })).toBe('not asked');
    const interrupted = madeResult(result.result.targets, { interrupted: true });
    expect(stateOf({ ...RULE, target: 'b/f' }, {}, interrupted)).toBe('not asked');
    const problem = madeResult([madeTarget('b/f', [], { problem: 'p' })]);
    expect(stateOf({ ...RULE, target: 'b/f' }, {}, problem)).toBe('not asked');
  });
});

describe('the file', () => {
  const path = join(folder, 'deep/er/expect.json');

  test('is sorted, the same for any order of adding, and read as it was written', () => {
    const rules = ['c', 'a', 'b'].map((target) => ({ ...RULE, target }));
    writeExpectations(path, rules);
    const bytes = readFileSync(path, 'utf8');
    writeExpectations(path, [...rules].reverse());
    expect(readFileSync(path, 'utf8')).toBe(bytes);
    expect(readExpectations(path, PROPERTY_NAMES).map(({ target }) => target)).toEqual(['a', 'b', 'c']);
    expect(readdirSync(join(folder, 'deep/er'))).toEqual(['expect.json']);
  });

  test('takes a rule once; another reason takes the place of the first', () => {
    const { rules, added } = withRule([RULE], RULE);
    expect([rules, added]).toEqual([[RULE], 'there already']);
    expect(withRule([RULE], { ...RULE, place: 'g+*' })).toMatchObject({
      added: 'added',
      rules: [{}, { place: 'g+*' }],
    });
    expect(withRule([RULE], { ...RULE, reason: 'r' })).toEqual({ added: 'changed', rules: [{ ...RULE, reason: 'r' }] });
  });

  test('that cannot be written is left as it was, and no other file is left behind', () => {
    const place = join(folder, 'taken');
    mkdirSync(join(place, 'expect.json'), { recursive: true });
    expect(() => writeExpectations(join(place, 'expect.json'), [RULE])).toThrow(UsageError);
    expect(readdirSync(place)).toEqual(['expect.json']);
    expect(() => writeExpectations('/proc/tdxfuzz/expect.json', [RULE])).toThrow(/cannot be written/);
  });

  test('that is not there holds no rules; one that was named must be there', () => {
    const absent = join(folder, 'absent.json');
    expect(expectationsIfAny(absent, PROPERTY_NAMES)).toEqual([]);
    expect(() => readExpectations(absent, PROPERTY_NAMES)).toThrow(/absent\.json: no such file/);
    expect(existsSync(absent)).toBe(false);
  });

  const valid = { schema: 'tdxfuzz/expect/1', rules: [RULE] };
  test.each<[string, unknown, RegExp]>([
    ['another version', { ...valid, schema: 'tdxfuzz/expect/2' }, /schema tdxfuzz\/expect\/2 is not known/],
    ['no schema', { rules: [] }, /schema: /],
    ['a list', [], /not an expectation file/],
    ['null', null, /not an expectation file/],
    ['an unknown field', { ...valid, rules: [{ ...RULE, colour: 1 }] }, /rules\.0: .*colour/],
    ['no reason', { ...valid, rules: [{ ...RULE, reason: ' ' }] }, /rules\.0\.reason: must say something/],
    ['a number', { ...valid, rules: [{ ...RULE, target: 1e308 }] }, /rules\.0\.target: /],
    [
      'an unknown property',
      { ...valid, rules: [{ ...RULE, property: 'keeps-stak' }] },
      /rules\.0\.property: no property keeps-stak; nearest: keeps-stack/,
    ],
    [
      'two that cover the same',
      { ...valid, rules: [RULE, { ...RULE, reason: 'r' }] },
      /rules\.1: another rule covers the same/,
    ],
    ['too many', { ...valid, rules: Array.from({ length: 10_001 }, () => RULE) }, /rules: /],
    ['a long text', { ...valid, rules: [{ ...RULE, reason: 'x'.repeat(3000) }] }, /rules\.0\.reason: /],
    ['control characters', { ...valid, rules: [{ ...RULE, property: '\x1b[2J<b>' }] }, /no property \\x1b\[2J<b>/],
  ])('with %s is one line that names file and field', (_, json, wanted) => {
    const bad = join(folder, 'bad.json');
    writeFileSync(bad, JSON.stringify(json));
    const error = thrown(() => readExpectations(bad, PROPERTY_NAMES));
    expect(error).toMatch(/bad\.json: /);
    expect(error).toMatch(wanted);
  });

  test('cut in the middle, too large, or no regular file', () => {
    const bad = join(folder, 'bad.json');
    writeFileSync(bad, JSON.stringify(valid).slice(0, 40));
    expect(thrown(() => readExpectations(bad, PROPERTY_NAMES))).toMatch(/bad\.json: not JSON/);
    writeFileSync(bad, ' '.repeat(5 * 1024 * 1024));
    expect(thrown(() => readExpectations(bad, PROPERTY_NAMES))).toMatch(/bad\.json: 5242880 bytes, at most 4194304/);
    expect(thrown(() => readExpectations(folder, PROPERTY_NAMES))).toMatch(/a folder/);
    expect(thrown(() => readExpectations('/dev/zero', PROPERTY_NAMES))).toMatch(/not a regular file/);
  });
});

/** The message of a UsageError, in one line. */
function thrown(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message.split('\n')).toHaveLength(1);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
