import { describe, expect, it } from 'vitest';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import { createRunner } from '../run/open-runner.js';
import { FACT, MOMENT, slotValue } from '../observation/layout.js';
import { PLACE, readSlot, type Scenario, scenarioSlot, writeSlot } from '../scenario/layout.js';
import { differingSlots } from '../scenario/spaces.test.helper.js';
import type { CaseRunner } from './case-runner.js';

function runnerOf(name: string, properties?: string[]): CaseRunner {
  const target = builtInStubs().find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  return createRunner({ ...target, ...(properties !== undefined && { properties }) });
}

function scenarioOf(runner: CaseRunner, values: Record<string, bigint | number> = {}): Scenario {
  const scenario = runner.space.neutral.slice();
  for (const [name, value] of Object.entries(values)) writeSlot(scenario, scenarioSlot(name), BigInt(value));
  return scenario;
}

/** Machine runs of one case, and which companions are among them. */
function runs(runner: CaseRunner, values: Record<string, bigint | number> = {}): [number, boolean, boolean] {
  const before = runner.executions;
  expect(runner.run(scenarioOf(runner, values))).toBe(0);
  return [runner.executions - before, runner.context.hasGuestCompanion, runner.context.hasHostCompanion];
}

describe('a case', () => {
  const hypercall = runnerOf('guest-5.19/__tdx_hypercall');

  it('has both companions where the host answered', () => {
    expect(runs(hypercall)).toEqual([3, true, true]);
  });

  it('has none where it did not', () => {
    expect(runs(hypercall, { 'answer.status': 1 })).toEqual([1, false, false]);
    expect(runs(runnerOf('guest-6.4/__tdx_module_call'))).toEqual([1, false, false]);
  });

  it('has none where the block lies in the function’s own frame', () => {
    expect(runs(hypercall, { 'block.place': PLACE.overlapsStack })).toEqual([1, false, false]);
  });

  it('has those that its properties need', () => {
    const name = 'guest-5.19/__tdx_hypercall';
    expect(runs(runnerOf(name, ['keeps-callee-saved']))).toEqual([1, false, false]);
    expect(runs(runnerOf(name, ['exposes-only-arguments']))).toEqual([2, true, false]);
    expect(runs(runnerOf(name, ['scrubs-host-values']))).toEqual([2, false, true]);
  });

  it('forgets the companions of the case before', () => {
    runs(hypercall);
    expect(runs(hypercall, { 'answer.status': 1 })).toEqual([1, false, false]);
  });

  it('runs the base on its scenario and the companions on theirs', () => {
    runs(hypercall, { 'answer.r11': 0x1234, 'block.field2': 0x77 });
    const { context, guestScenario, hostScenario } = hypercall;
    const r12 = MOMENT.call + 12;
    const r11 = MOMENT.answer + 11;
    expect([context.base, context.guest, context.host].map((slots) => slotValue(slots, r12))).toEqual([
      0x77n,
      0x77n,
      0x77n,
    ]);
    expect([context.base, context.guest].map((slots) => slotValue(slots, r11))).toEqual([0x1234n, 0x1234n]);
    expect(slotValue(context.host, r11)).toBe(0x1234n ^ 0xffffffff_ffffffffn);
    const rbx = (slots: Int32Array): bigint => slotValue(slots, MOMENT.initial + 3);
    expect(rbx(context.guest)).toBe(rbx(context.base) ^ 0xffffffff_ffffffffn);
    expect(readSlot(guestScenario, scenarioSlot('entry.rbx'))).toBe(rbx(context.guest));
    expect(differingSlots(hostScenario, context.scenario)).not.toEqual([]);
    // The second memory: other addresses, and another return address.
    for (const slot of [MOMENT.initial + 4, MOMENT.initial + 7, FACT.returnAddress])
      expect(slotValue(context.guest, slot)).not.toBe(slotValue(context.base, slot));
  });

  it('is the same however often it is run', () => {
    const run = (): string[] => {
      runs(hypercall, { 'entry.rsi': 3, 'answer.r12': 5, 'fault.kind': 2, 'fault.at': 3 });
      const { base, guest, host } = hypercall.context;
      return [base, guest, host].map(String);
    };
    const first = run();
    runs(hypercall, { 'answer.status': 1, 'block.place': PLACE.unmapped });
    expect(run()).toEqual(first);
  });
});

describe('a case of a host stub', () => {
  const saved = runnerOf('seamcall-6.7/__seamcall_saved_ret');

  it('has companion H where a TD answered, and nowhere else', () => {
    expect(runs(saved)).toEqual([2, false, true]);
    expect(runs(saved, { 'entry.rdi': 24 })).toEqual([1, false, false]);
    expect(runs(saved, { 'call.outcome': 1 })).toEqual([1, false, false]);
    expect(runs(saved, { 'answer.status': 0x80000200_00000000n })).toEqual([1, false, false]);
  });

  it('finds a plain parameter at the host of which the contract does not say that it goes there', () => {
    const target = builtInStubs().find(({ name }) => name === 'guest-rfc-2021/__tdx_hypercall');
    if (target === undefined) throw new Error('no such target');
    const { r15: _, ...inputs } = target.contract.inputs;
    const runner = createRunner({ ...target, contract: { ...target.contract, inputs } });
    const count = runner.run(scenarioOf(runner));
    const slots = Array.from(runner.judge.violated.subarray(0, count), (index) => runner.judge.clauses[index].slot);
    expect(slots).toEqual(['call.r15']);
  });

  it('is judged by no property where the module does not keep RBP, which the contract takes for granted', () => {
    const evaluated = (values: Record<string, bigint | number>): number => {
      saved.run(scenarioOf(saved, values));
      return saved.judge.inForce.reduce((sum, value) => sum + value, 0);
    };
    expect(evaluated({})).toBeGreaterThan(5);
    expect(evaluated({ 'module.rbpMod': 1, 'answer.rbp': 7 })).toBe(0);
    expect(saved.run(scenarioOf(saved, { 'module.rbpMod': 1, 'answer.rbp': 7, 'block.place': PLACE.unmapped }))).toBe(
      0,
    );
  });

  it('is judged by no property where the TD has NO_RBP_MOD, and the contract needs one without', () => {
    const target = builtInStubs().find(({ name }) => name === 'guest-5.19/__tdx_hypercall');
    if (target === undefined) throw new Error('no such target');
    const runner = createRunner({ ...target, contract: { ...target.contract, assumes: ['rbp-mod'] } });
    const inForce = (values: Record<string, number>): number => {
      runner.run(scenarioOf(runner, values));
      return runner.judge.inForce.reduce((sum, value) => sum + value, 0);
    };
    expect(inForce({})).toBeGreaterThan(5);
    expect(inForce({ 'module.rbpMod': 1 })).toBe(inForce({}));
    expect(inForce({ 'module.rbpMod': 0 })).toBe(0);
  });

  it('without that assumption is violated by it', () => {
    const target = builtInStubs().find(({ name }) => name === 'seamcall-6.7/__seamcall_saved_ret');
    if (target === undefined) throw new Error('no such target');
    const { assumes: _, ...contract } = target.contract;
    const runner = createRunner({ ...target, contract });
    // A frame keeps RBP: the stub restores it, and the scenario does not tell.
    expect(runner.run(scenarioOf(runner, { 'module.rbpMod': 1, 'answer.rbp': 7 }))).toBe(0);
    const bare = createRunner({ ...target, contract: { ...contract, leaves: [0] }, symbol: '__seamcall' });
    expect(bare.run(scenarioOf(bare, { 'module.rbpMod': 1, 'answer.rbp': 7 }))).toBeGreaterThan(0);
  });
});
