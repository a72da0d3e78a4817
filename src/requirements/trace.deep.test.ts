/** The links from clauses of the ABI to judged clauses, found by running the built-in targets. */
import { beforeAll, describe, expect, it, test } from 'vitest';
import { REQUIREMENTS } from '../../models/abi/requirements/all.js';
import type { Requirement, RequirementCheck } from '../../models/abi/requirements/requirement.js';
import { TDVMCALL_STATUS } from '../../models/abi/tdvmcall.js';
import { PROPERTIES, PROPERTY_NAMES } from '../../properties/all.js';
import { builtInPrograms, builtInStubs, builtInTargets } from '../campaign/targets/built-in-targets.js';
import { matchesGlob } from '../campaign/targets/glob.js';
import { createPlayRunner, createRunner } from '../run/open-runner.js';
import type { AnyTarget } from '../run/target.js';
import { type MutantBaseline, readMutants } from '../mutation/baseline.js';
import { packageRoot } from '../package-info.js';
import { drawScenarios } from '../scenario/batch.js';
import { Dice } from '../case/dice.js';
import { drawStory } from '../story/case-space.js';
import { readManifest } from '../targets/manifest.js';
import type { Twin } from '../targets/twin.js';
import { type AreaRequirement, REQUIREMENT_CASES, rowOf } from './rows.js';
import { type TracedRequirement, traceRequirements } from './trace.js';
import { Watch } from './watch.js';

const ROOT = packageRoot();
const TARGETS = builtInTargets();
const NO_MUTANTS: MutantBaseline = { schema: 'tdxfuzz/mutants/1', cases: 0, targets: [] };

function named(name: string): AnyTarget {
  const found = TARGETS.find((target) => target.name === name);
  if (found === undefined) throw new Error(`no target ${name}`);
  return found;
}

function requirement(...checks: RequirementCheck[]): Requirement {
  return {
    id: 'made.up',
    statement: 'Made up.',
    source: ['docs/abi/tdcall.md#rax-layout'],
    standing: 'observed',
    checks,
  };
}

interface Few {
  targets: readonly AnyTarget[];
  cases?: number;
  twins?: readonly Twin[];
  mutants?: MutantBaseline;
}

function trace(made: Requirement, { targets, cases = 60, twins = [], mutants = NO_MUTANTS }: Few): TracedRequirement {
  return traceRequirements({ requirements: [made], targets, cases, twins, mutants, root: ROOT })[0];
}

/** What a check says of itself, for messages. */
function textOf(check: RequirementCheck): string {
  return JSON.stringify(check, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}

/** Links that lead nowhere, and checks that no case put in force. */
function broken(traced: readonly TracedRequirement[]): string[] {
  return traced.flatMap(({ requirement: { id }, checks }) =>
    checks
      .filter(({ clauses, cases }) => clauses === 0 || cases.size === 0)
      .map(({ check, clauses }) => `${id}: ${clauses === 0 ? 'no clause' : 'no case'}: ${textOf(check)}`),
  );
}

describe('the built-in targets', () => {
  let traced: TracedRequirement[];

  beforeAll(() => {
    traced = traceRequirements({
      requirements: REQUIREMENTS,
      targets: TARGETS,
      cases: REQUIREMENT_CASES,
      twins: readManifest(ROOT),
      mutants: readMutants(ROOT),
      root: ROOT,
    });
  });

  it('have a judged clause and a case for every check that a requirement names', () => {
    expect(broken(traced)).toEqual([]);
    for (const { requirement: made, cases } of traced)
      expect(
        [...cases.values()].some((count) => count > 0),
        made.id,
      ).toBe(made.checks.length > 0);
  });

  it('are never in force in more cases than were run', () => {
    for (const { requirement: made, cases } of traced)
      for (const [target, count] of cases) {
        expect(count, `${made.id} on ${target}`).toBeGreaterThan(0);
        expect(count, `${made.id} on ${target}`).toBeLessThanOrEqual(REQUIREMENT_CASES);
      }
  });

  it('show of most checked requirements that the check can fail', () => {
    const rows = traced.map((found): AreaRequirement => ({ ...found, area: '' })).map(rowOf);
    const checked = rows.filter(({ checkedBy }) => checkedBy.length > 0);
    const unproved = checked.filter(({ evidence }) => evidence.length === 0);
    expect(checked.length).toBeGreaterThan(150);
    // Named, so that one more is seen; a twin for each of them would empty the list.
    expect(unproved.map(({ id }) => id).sort()).toMatchInlineSnapshot(`
      [
        "dispatch.kvm-map-gpa-range",
        "dispatch.map-gpa-empty",
        "dispatch.map-gpa-events",
        "dispatch.map-gpa-unsupported",
        "dispatch.mmio-completion",
        "dispatch.msr-read",
        "dispatch.sequence",
        "dispatch.served-once",
        "dispatch.tdx-completion",
        "exit.triple-fault",
        "fatal-error.never-returns",
        "helper.unused-arguments-zero",
        "io.in-hides-rax",
        "tdvmcall.failure-leaves-block",
        "vp-enter.failure-changes-rax-only",
      ]
    `);
  });
});

describe('links', () => {
  const clauses = TARGETS.flatMap((target) => new Watch(target).clauses.map((clause) => ({ ...clause, target })));
  const checks = REQUIREMENTS.flatMap(({ id, checks: own }) => own.map((check) => ({ id, check })));

  it('lead to every property', () => {
    const linked = new Set(checks.map(({ check }) => check.property));
    expect(PROPERTIES.map(({ name }) => name).filter((name) => !linked.has(name))).toEqual([]);
    expect([...linked].filter((name) => !PROPERTY_NAMES.includes(name))).toEqual([]);
  });

  it('name only slots, labels and targets that there are', () => {
    const lost = checks.flatMap(({ id, check: { property, slots = [], about, targets = [] } }) => {
      const speaking = clauses.filter((clause) => clause.property === property);
      const lostSlots = slots.filter((glob) => !speaking.some(({ slot }) => matchesGlob(slot, glob)));
      const lostTargets = targets.filter((glob) => !speaking.some(({ target }) => matchesGlob(target.name, glob)));
      const lostLabels = about === undefined || speaking.some((clause) => clause.about === about) ? [] : [about];
      return [...lostSlots, ...lostTargets, ...lostLabels].map((text) => `${id}: ${property}: ${text}`);
    });
    expect(lost).toEqual([]);
  });
});

describe('a requirement', () => {
  const sti: RequirementCheck = { property: 'issues-sti', slots: ['sti'] };
  const stub = named('guest-5.19/__tdx_hypercall');

  it('is unchecked when its property is gone', () => {
    const before = trace(requirement(sti), { targets: [stub] });
    expect(rowOf({ ...before, area: '' })).toMatchObject({ checkedBy: ['issues-sti'], targets: [stub.name] });
    const without = { ...stub, properties: PROPERTY_NAMES.filter((name) => name !== 'issues-sti') };
    const after = trace(requirement(sti), { targets: [without] });
    expect(rowOf({ ...after, area: '' })).toMatchObject({ checkedBy: [], targets: [], cases: 0, evidence: [] });
    expect(broken([after])).toHaveLength(1);
  });

  it.each<[string, RequirementCheck, RegExp]>([
    ['a slot', { property: 'issues-sti', slots: ['st'] }, /no clause/],
    ['a property', { property: 'issues-cli' }, /no clause/],
    ['a target', { ...sti, targets: ['guest-6.3/*'] }, /no clause/],
    ['a label', { ...sti, about: 'port-io' }, /no clause/],
    ['a class of cases', { ...sti, cases: 'no such class' }, /no case/],
  ])('is seen to name %s that is not there', (_, check, message) => {
    const found = broken([trace(requirement(check), { targets: [stub] })]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });

  it('counts a case once, however many of its checks it puts in force', () => {
    const twice = trace(requirement(sti, { property: 'terminates' }), { targets: [stub], cases: 40 });
    const [first, second] = twice.checks.map(({ cases }) => cases.get(stub.name) ?? 0);
    expect(second).toBe(40);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(40);
    expect(twice.cases.get(stub.name)).toBe(40);
  });

  it('counts the cases of a class alone', () => {
    const all = trace(requirement(sti), { targets: [stub] }).cases.get(stub.name) ?? 0;
    const set = trace(requirement({ ...sti, cases: 'ISSUE_STI set' }), { targets: [stub] });
    expect(set.cases.get(stub.name)).toBe(all);
    const clear = trace(requirement({ ...sti, cases: 'ISSUE_STI clear' }), { targets: [stub] });
    expect(clear.cases.size).toBe(0);
  });

  it('counts the plays in which something was met alone', () => {
    const target = named('dispatcher-7.3/one-exit');
    const few = { targets: [target], cases: 200 };
    const check: RequirementCheck = { property: 'answers-status', slots: ['return to guest.r10'] };
    const count = (having?: RequirementCheck['having']): number =>
      trace(requirement(having === undefined ? check : { ...check, having }), few).cases.get(target.name) ?? 0;
    const refused = count({ 'return to guest.r10': TDVMCALL_STATUS.INVALID_OPERAND });
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(count());
    expect(count({ 'return to guest': true })).toBe(count());
    expect(count({ 'return to guest.r10': 0x1234n })).toBe(0);
    expect(count({ 'step.nothing': 0n })).toBe(0);
    expect(count({ 'answer to return to guest.r10': 0n })).toBe(0);
  });

  it('cannot ask a single function for exchanges', () => {
    expect(() => trace(requirement({ ...sti, having: { 'step.r10': 0n } }), { targets: [stub] })).toThrow(RangeError);
  });
});

describe('a twin', () => {
  const twins = readManifest(ROOT).filter(({ id }) => id === 'dispatcher-eagain-is-invalid');
  const target = named('dispatcher-7.3/one-exit');
  const r10: RequirementCheck = { property: 'completes-userspace-exit', slots: ['return to guest.r10'] };
  const few = { targets: [target], cases: 400, twins };
  const proofs = (check: RequirementCheck, options: Few = few): string[] => [
    ...trace(requirement(check), options).checks[0].twins,
  ];

  it('proves the check that finds it', () => {
    expect(proofs(r10)).toEqual(['dispatcher-eagain-is-invalid']);
    expect(proofs({ ...r10, slots: ['return to guest.r11'] })).toEqual([]);
    expect(proofs({ ...r10, property: 'answers-status' })).toEqual([]);
  });

  it('proves a check of some cases only if it fails one of them', () => {
    expect(proofs({ ...r10, having: { 'step.ret': 11n } })).toEqual(['dispatcher-eagain-is-invalid']);
    expect(proofs({ ...r10, having: { 'step.ret': 22n } })).toEqual([]);
  });

  it('proves a property that the clean function holds by decode', () => {
    const vector = readManifest(ROOT).filter(({ id }) => id === 'args-in-xmm0-6.3');
    const clean = { targets: [named('guest-6.3/__tdx_hypercall')], twins: vector };
    expect(trace(requirement({ property: 'keeps-vector-state' }), clean).checks[0].clauses).toBe(0);
    expect(proofs({ property: 'keeps-vector-state' }, clean)).toEqual(['args-in-xmm0-6.3']);
    expect(proofs({ property: 'keeps-vector-state', targets: ['guest-6.7/*'] }, clean)).toEqual([]);
  });

  it('that is not broken proves no such check', () => {
    const sound = twins.map((twin) => ({ ...twin, object: twin.fixed.object }));
    expect(proofs({ ...r10, having: { 'step.ret': 11n } }, { ...few, twins: sound })).toEqual([]);
  });
});

describe('mutants', () => {
  const target = named('guest-5.19/__tdx_hypercall');
  const [row] = readMutants(ROOT).targets.filter((survey) => survey.target === target.name);
  const mutants = {
    ...NO_MUTANTS,
    targets: [{ ...row, killers: { 'issues-sti: sti': 7, 'issues-sti: stiCount': 9 } }],
  };
  const count = (check: RequirementCheck): number =>
    trace(requirement(check), { targets: [target], mutants }).checks[0].mutants;

  it('count by property and slot, the largest count alone, since one may stand under several', () => {
    expect(count({ property: 'issues-sti', slots: ['sti'] })).toBe(7);
    expect(count({ property: 'issues-sti' })).toBe(9);
    expect(count({ property: 'terminates' })).toBe(0);
  });

  it('count for no check of some cases only', () => {
    expect(count({ property: 'issues-sti', slots: ['sti'], cases: 'ISSUE_STI set' })).toBe(0);
  });
});

describe('what was in force, clause by clause, is what was in force, property by property', () => {
  /** Per property, from its clauses. */
  const summed = (owners: readonly number[], inForce: Uint8Array, properties: number): number[] =>
    Array.from({ length: properties }, (_, property) =>
      owners.some((owner, clause) => owner === property && inForce[clause] === 1) ? 1 : 0,
    );

  test('of a stub', () => {
    const runner = createRunner(builtInStubs()[1]);
    const { judge } = runner;
    const owners = judge.clauses.map(({ propertyIndex }) => propertyIndex);
    for (const scenario of drawScenarios(runner.space, [1, 2, 3, 4], 50)) {
      runner.run(scenario);
      expect(summed(owners, judge.clauseInForce, judge.properties.length)).toEqual([...judge.inForce]);
    }
  });

  test('of a program', () => {
    const runner = createPlayRunner(builtInPrograms()[4]);
    const { judge } = runner;
    const dice = new Dice([1, 2, 3, 4]);
    const owners = judge.clauses.map((clause) =>
      judge.properties.findIndex(({ property }) => property === clause.property),
    );
    for (let count = 0; count < 50; count++) {
      runner.run(drawStory(runner.space, dice));
      expect(summed(owners, judge.clauseInForce, judge.properties.length)).toEqual([...judge.inForce]);
    }
  });
});
