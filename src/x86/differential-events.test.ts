import { Mnemonic } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { EXIT } from './exit.js';
import { SLOT } from './layout.js';
import { Machine } from './machine.js';
import type { Row } from './row.js';
import { INSTRUCTION_ROWS } from './table.js';
import { CaseMaker } from './testing/case-maker.js';
import type { CasePlan } from './testing/case-plan.js';
import { formsOfRow } from './testing/native-forms.js';
import { CASE, NATIVE, STATE_WORD } from './testing/native-oracle.js';

const FORMS = 20;

function callsOf(row: Row): CasePlan[] {
  return [...formsOfRow(row, FORMS, ({ flow }) => flow === 'environment')];
}

const rows = INSTRUCTION_ROWS.map((row) => ({ row, name: Mnemonic[row.mnemonic], plans: callsOf(row) })).filter(
  ({ plans }) => plans.length > 0,
);

/** A machine at the instruction, with a random state. */
function machineAt(plan: CasePlan, number: number): Machine {
  const cases = new Int32Array(CASE.size);
  new CaseMaker().make(plan, cases, 0, number);
  const machine = new Machine({ memoryBytes: 1 << 16 });
  machine.map(BigInt(NATIVE.code), 4096, { read: true, write: false, execute: true }, plan.bytes);
  machine.map(BigInt(NATIVE.data), NATIVE.dataSize, { read: true, write: true, execute: false });
  machine.checkpoint();
  machine.reset();
  for (let i = 0; i < 32; i++) machine.state[2 * SLOT.GPR + i] = cases[CASE.state + i];
  for (let i = 0; i < 64; i++) machine.state[2 * SLOT.XMM + i] = cases[CASE.state + STATE_WORD.xmm + i];
  machine.state[2 * SLOT.RFLAGS] = cases[CASE.state + STATE_WORD.rflags];
  machine.state[2 * SLOT.RIP] = NATIVE.code;
  return machine;
}

describe('an instruction that only the world can answer', () => {
  it('there are some', () => {
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['Tdcall', 'Seamcall', 'Cpuid', 'In', 'Hlt']));
  });

  it.each(rows.map(({ name, plans }) => [name, plans] as const))(
    '%s ends the run before it has any effect',
    (_name, plans) => {
      const details = new Map<number, Set<number>>();
      plans.forEach((plan, i) => {
        const machine = machineAt(plan, i + 1);
        const before = machine.state.slice();
        expect(machine.run(10), plan.text).toBe(EXIT.Environment);
        expect(machine.state, plan.text).toEqual(before);
        expect(machine.eventCount, plan.text).toBe(0);
        expect(machine.instructionCount, plan.text).toBe(0);
        details.set(plan.code, (details.get(plan.code) ?? new Set()).add(machine.exitDetail));
        machine.completeEnvironment();
        before[2 * SLOT.RIP] += plan.bytes.length;
        expect(machine.state, plan.text).toEqual(before);
        expect(machine.instructionCount, plan.text).toBe(1);
      });
      // All forms of an encoding are one environment call.
      for (const numbers of details.values()) {
        expect(numbers.size).toBe(1);
        expect([...numbers][0]).toBeGreaterThan(0);
      }
    },
  );
});
