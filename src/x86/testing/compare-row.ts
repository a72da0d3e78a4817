import { Mnemonic } from 'iced-x86';
import type { Row } from '../row.js';
import { CaseMaker } from './case-maker.js';
import { type CasePlan } from './case-plan.js';
import { type CaseRunner, describeCase } from './case-runner.js';
import { type Cpu } from './cpu.js';
import { formsOfRow } from './native-forms.js';
import { CASE, type NativeOracle, RESULT } from './native-oracle.js';
import { isNative } from './row-tests.js';

/** How much of a row is compared. */
export interface Amount {
  /** States, over all forms. */
  readonly states: number;
  /** States of one form. */
  readonly statesPerForm: number;
  /** Every how many forms the WebAssembly engine runs too. */
  readonly wasmEvery: number;
}

/** What the comparison of one row gave. */
export interface RowComparison {
  /** Different encodings (registers, addresses, immediates, prefixes). */
  readonly forms: number;
  /** Encodings of the manual (codes of iced-x86) among them, sorted. */
  readonly codes: readonly number[];
  readonly states: number;
  /** States that ended in an exception on the CPU, by vector. */
  readonly traps: Readonly<Record<number, number>>;
  /** States that the WebAssembly engine ran as well. */
  readonly wasmStates: number;
  readonly mismatches: number;
  /** The first few, for people. */
  readonly examples: readonly string[];
}

/** Cases that one start of the native program gets. */
const BATCH = 20_000;
const EXAMPLES = 5;

/** The number of a row's first state; it does not depend on the other rows. */
export function firstNumber(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash | 0;
}

/** Makes random states of a row, lets the CPU run them, and compares with both engines. */
export function compareRow(
  row: Row,
  cpu: Cpu,
  oracle: NativeOracle,
  runners: { readonly interpreter: CaseRunner; readonly wasm: CaseRunner },
  amount: Amount,
): RowComparison {
  const maker = new CaseMaker();
  const cases = new Int32Array(BATCH * CASE.size);
  const codes = new Set<number>();
  const examples: string[] = [];
  let number = firstNumber(Mnemonic[row.mnemonic]);
  let forms = 0;
  let states = 0;
  const traps: Record<number, number> = {};
  let wasmStates = 0;
  let mismatches = 0;
  let batch: { plan: CasePlan; first: number; count: number }[] = [];
  let filled = 0;

  const flush = (): void => {
    if (filled === 0) return;
    const results = oracle.run(cases.subarray(0, filled * CASE.size));
    for (let i = 0; i < filled; i++) {
      const trap = results[i * RESULT.size + RESULT.trap];
      if (trap !== -1) traps[trap] = (traps[trap] ?? 0) + 1;
    }
    for (const { plan, first, count } of batch) {
      const note = (engine: string) => (index: number, problems: readonly string[]) => {
        if (examples.length < EXAMPLES)
          examples.push(`${engine}: ${describeCase(plan, cases, index)}: ${problems.slice(0, 4).join('; ')}`);
      };
      mismatches += runners.interpreter.run(plan, cases, results, first, count, note('interpreter'));
      if (forms++ % amount.wasmEvery === 0) {
        mismatches += runners.wasm.run(plan, cases, results, first, count, note('wasm'));
        wasmStates += count;
      }
    }
    states += filled;
    batch = [];
    filled = 0;
  };

  for (const plan of formsOfRow(row, Math.ceil(amount.states / amount.statesPerForm), (form) => isNative(form, cpu))) {
    codes.add(plan.code);
    const count = amount.statesPerForm;
    if (filled + count > BATCH) flush();
    for (let i = 0; i < count; i++) maker.make(plan, cases, filled + i, number++ | 0);
    batch.push({ plan, first: filled, count });
    filled += count;
  }
  flush();
  return { forms, codes: [...codes].sort((a, b) => a - b), states, traps, wasmStates, mismatches, examples };
}
