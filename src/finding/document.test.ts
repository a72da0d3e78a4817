import { beforeAll, describe, expect, test } from 'vitest';
import { fuzz } from '../campaign/fuzz.js';
import { makeFinding } from '../campaign/records/make-finding.js';
import type { FindingResult, RunResult } from '../campaign/records/result.js';
import { valuesOf } from '../stored/stored-values.js';
import { ruleOf } from '../report/rules.js';
import { openRunner } from '../run/open-runner.js';
import type { AnyTarget } from '../run/target.js';
import type { TraceDocument, TraceStep } from '../run/trace-document.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import { NO_DOCUMENT } from './document.js';
import { MOST_STEPS } from './trace-steps.js';
import { anyTwin } from './twins.test.helper.js';

/** Stubs: a scrub that is missing, a loop without an end, a store too many, a host that keeps what a TD chose. Programs: a helper, a dispatcher. */
const TWINS = [
  'missing-scrub-r10-5.19',
  'retry-forever-6.3',
  'store-r10-without-flag-5.19',
  'seam-missing-scrub-rdx-6.7',
  'helper-7.3-in-keeps-upper-half',
  'dispatcher-port-truncated',
];

/** Instructions after which a run counts as one without an end. */
const BUDGET = 2048;

let targets: AnyTarget[];
let result: RunResult;
let findings: FindingResult[];

beforeAll(async () => {
  targets = TWINS.map(anyTwin);
  result = await fuzz({ targets, seed: 'trace documents', budget: { runs: 200 }, workers: 1 });
  findings = result.result.targets.flatMap((target) => target.findings);
});

function traceOf(id: string): TraceDocument {
  const [finding] = result.result.targets[TWINS.indexOf(id)].findings;
  return finding.document;
}

function theirs({ theirs: mask }: TraceStep): string {
  return REGISTER_NAMES.filter((_, register) => (mask >>> register) & 1).join(' ');
}

describe('trace documents', () => {
  test('are part of every finding, of which there is one for each target and more', () => {
    for (const target of result.result.targets) expect(target.findings.length, target.target).toBeGreaterThan(0);
    for (const { unrepeated, property, document } of findings) {
      expect(unrepeated, property).toBeUndefined();
      expect(document.steps.length, property).toBeGreaterThan(0);
      expect(ruleOf(property)?.rule, property).toMatch(/./);
      expect(ruleOf(property)?.fix, property).toMatch(/./);
    }
  });

  test('the blamed step is the instruction that the finding names', () => {
    for (const { place, property, document } of findings) {
      const { steps, blamed } = document;
      // Some are put down to the function as a whole.
      if (blamed >= 0) expect(steps[blamed].place, property).toBe(place);
    }
    expect(findings.filter(({ document }) => document.blamed >= 0).length).toBeGreaterThanOrEqual(TWINS.length);
  });

  test('a stub whose scrub of R10 is missing: what the host put into six registers, and when it left them', () => {
    const { steps, blamed, otherSide, method, register } = traceOf('missing-scrub-r10-5.19');
    expect({ otherSide, method, register }).toEqual({ otherSide: 'host', method: 'compared', register: 'r10' });
    expect(steps[blamed]).toMatchObject({
      text: 'tdcall',
      world: 'TDG.VP.VMCALL: the host answers in r10 r11 r12 r13 r14 r15',
    });
    expect(steps[blamed - 1].theirs).toBe(0);
    // guest-5.19.S: RAX is the host's status, R11 is cleared, R12 to R15 are the caller's again; R10 is forgotten.
    expect(theirs(steps[blamed])).toBe('r10 r11 r12 r13 r14 r15');
    expect(steps.at(-1)?.text).toBe('ret');
    expect(theirs(steps[steps.length - 1])).toBe('rax r10');
  });

  test('a field of the block that has the name of a register is none, and its store carries what the host chose', () => {
    const { steps, blamed, register } = traceOf('store-r10-without-flag-5.19');
    expect(register).toBeUndefined();
    const { text, stores = [], theirMemory } = steps[blamed];
    expect(text).toBe('mov %r10,(%rdi)');
    expect(stores.map(({ address }) => address)).toEqual(theirMemory);
  });

  test('a host stub speaks of the TD', () => {
    const { otherSide, steps } = traceOf('seam-missing-scrub-rdx-6.7');
    expect(otherSide).toBe('TD');
    expect(theirs(steps[steps.length - 1])).toContain('rdx');
  });

  test('registers before the first step and the changes of every step give what the code did', () => {
    const { initial, steps } = traceOf('missing-scrub-r10-5.19');
    const state = new Map(initial);
    const atEntry = state.get('r12');
    for (const { text, changed, stores = [], loads = [] } of steps) {
      if (text === 'push %r12') expect(stores).toMatchObject([{ value: atEntry, bytes: 8 }]);
      if (text === 'pop %r12') expect(loads).toMatchObject([{ value: atEntry, bytes: 8 }]);
      for (const [name, value] of changed) state.set(name, value);
      if (text === 'xor %r11d,%r11d') expect(state.get('r11')).toBe('0x0');
      if (text === 'mov $0xfc00,%ecx') expect(state.get('rcx')).toBe('0xfc00');
    }
    expect(state.get('r12')).toBe(atEntry);
  });

  test('a loop without an end fills the bound and no more', () => {
    const { steps, leftOut, end, blamed } = traceOf('retry-forever-6.3');
    expect(steps).toHaveLength(MOST_STEPS);
    // The last decision is to blame, and what comes before it leads there.
    expect(leftOut).toEqual({ before: BUDGET - MOST_STEPS, behind: 0 });
    expect(blamed).toBeGreaterThan(MOST_STEPS / 2);
    expect(steps[blamed].text).toMatch(/^j/);
    expect(end).toContain('ran out of its instruction budget');
  });

  test("a helper's story: the exchange, the answer, and which of its registers the host chose", () => {
    const { story, steps, otherSide } = traceOf('helper-7.3-in-keeps-upper-half');
    const exchanges = story?.steps.flatMap((step) => step.exchanges) ?? [];
    expect(exchanges.map(({ moment }) => moment)).toEqual(['TDVMCALL', 'return']);
    expect(otherSide).toBe('host');
    const call = exchanges[0].step ?? -1;
    expect(steps[call].text).toBe('tdcall');
    const mask =
      new Map(
        steps.slice(0, call).flatMap(({ changed }) => changed.map(([name, value]) => [name, value] as const)),
      ).get('rcx') ?? '0x0';
    const shared = REGISTER_NAMES.filter((_, register) => (Number(mask) >>> register) & 1);
    expect(shared.length).toBeGreaterThan(2);
    expect(theirs(steps[call]).split(' ').sort()).toEqual([...shared].sort());
    expect(steps[call - 1].theirs).toBe(0);
    const wrong = exchanges[1].values.filter(({ expected }) => expected !== undefined);
    expect(wrong).toHaveLength(1);
  });

  test('a finding that does not repeat has no trace, and says so', () => {
    const runner = openRunner(targets[0]);
    const [{ property, clause, slot, case: stored }] = findings;
    const signature = { property, clause, slot, place: 'missing_scrub_r10+0x1' };
    const made = makeFinding(runner, signature, valuesOf(stored, runner.space), null);
    expect(made.document).toEqual(NO_DOCUMENT);
    expect(made.document.steps).toEqual([]);
    expect(made.unrepeated).toContain('did not fail again');
    expect(made.case.steps).toEqual(stored.steps);
  });
});
