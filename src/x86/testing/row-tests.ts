import { Mnemonic } from 'iced-x86';
import type { Row } from '../row.js';
import type { CasePlan } from './case-plan.js';
import type { Cpu } from './cpu.js';
import { formsOfRow } from './native-forms.js';

/** A test of the machine's own, for what user mode cannot execute. */
export interface NamedTest {
  /** Within src/x86. */
  readonly file: string;
  readonly title: string;
}

/** How a row of the table is held to the CPU. */
export type RowTest =
  | { readonly how: 'native' }
  | { readonly how: 'event-tested'; readonly test: NamedTest }
  /** Checked by the committed vectors. */
  | { readonly how: 'not testable on this CPU'; readonly missing: readonly string[] };

const CALLS: NamedTest = { file: 'differential-events.test.ts', title: 'ends the run before it has any effect' };
const INTERRUPT_FLAGS: NamedTest = { file: 'machine.test.ts', title: 'CLAC, STAC, CLI and STI' };

/** Privileged instructions that the machine executes itself. */
const PRIVILEGED: ReadonlyMap<Mnemonic, NamedTest> = new Map([
  [Mnemonic.Sti, INTERRUPT_FLAGS],
  [Mnemonic.Cli, INTERRUPT_FLAGS],
  [Mnemonic.Clac, INTERRUPT_FLAGS],
  [Mnemonic.Stac, INTERRUPT_FLAGS],
]);

/** Whether user mode of this CPU can execute a form as the machine does. */
export function isNative(plan: CasePlan, cpu: Cpu): boolean {
  return isUserMode(plan) && plan.features.every(cpu.has);
}

/** Whether user mode of some CPU can. */
export function isUserMode(plan: CasePlan): boolean {
  return plan.flow !== 'environment' && !PRIVILEGED.has(plan.row.mnemonic);
}

/** @throws Error for a row that no test covers */
export function testOfRow(row: Row, cpu: Cpu): RowTest {
  const name = Mnemonic[row.mnemonic];
  const privileged = PRIVILEGED.get(row.mnemonic);
  if (privileged !== undefined) return { how: 'event-tested', test: privileged };
  if (!formsOfRow(row, 1, (plan) => isNative(plan, cpu)).next().done) return { how: 'native' };
  const forms = [...formsOfRow(row, 10, isUserMode)];
  if (forms.length > 0) {
    const missing = new Set(forms.flatMap(({ features }) => features.filter((feature) => !cpu.has(feature))));
    return { how: 'not testable on this CPU', missing: [...missing].sort() };
  }
  if (formsOfRow(row, 1, (plan) => plan.flow === 'environment').next().done)
    throw new Error(
      `${name}: no form of this row can be made; teach testing/instruction-forms.ts or native-forms.ts its operands`,
    );
  return { how: 'event-tested', test: CALLS };
}
