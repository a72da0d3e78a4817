import { Mnemonic } from 'iced-x86';
import { afterAll, describe, expect, it } from 'vitest';
import { VECTOR } from './exit.js';
import type { Row } from './row.js';
import { INSTRUCTION_ROWS, rowOf } from './table.js';
import { CaseMaker } from './testing/case-maker.js';
import { CaseRunner } from './testing/case-runner.js';
import { compareRow, type RowComparison } from './testing/compare-row.js';
import { thisCpu } from './testing/cpu.js';
import { KNOWN_DEVIATIONS } from './testing/known-deviations.js';
import { formsOfRow } from './testing/native-forms.js';
import { CASE, NativeOracle, RESULT, STATE_WORD } from './testing/native-oracle.js';
import { testOfRow } from './testing/row-tests.js';

/** `npm run differential` compares 100,000 states a row; this is its small version. */
const AMOUNT = { states: 400, statesPerForm: 10, wasmEvery: 20 };

const built = NativeOracle.build();
const oracle = typeof built === 'string' ? undefined : built;
if (oracle === undefined) console.warn(`x86: the differential test against the CPU is skipped: ${built as string}`);
afterAll(() => oracle?.dispose());

const runners = { interpreter: new CaseRunner('interpreter'), wasm: new CaseRunner('wasm') };

describe.skipIf(oracle === undefined)('the machine agrees with the CPU', () => {
  const cpu = oracle === undefined ? undefined! : thisCpu();
  const rows = oracle === undefined ? [] : INSTRUCTION_ROWS.filter((row) => testOfRow(row, cpu).how === 'native');
  const traps = new Map<number, number>();

  function compare(row: Row, states: number): RowComparison {
    return compareRow(row, cpu, oracle!, runners, { ...AMOUNT, states });
  }

  it.each(rows.map((row) => [Mnemonic[row.mnemonic], row] as const))('%s', (_name, row) => {
    const compared = compare(row, AMOUNT.states);
    expect(compared.examples).toEqual([]);
    expect(compared.mismatches).toBe(0);
    expect(compared.states).toBe(AMOUNT.states);
    expect(compared.wasmStates).toBeGreaterThan(0);
    for (const [vector, count] of Object.entries(compared.traps))
      traps.set(Number(vector), (traps.get(Number(vector)) ?? 0) + count);
  });

  it('reached every exception that an instruction of user mode can raise, and translated code', () => {
    for (const vector of [VECTOR.DE, VECTOR.BP, VECTOR.UD, VECTOR.SS, VECTOR.GP, VECTOR.PF])
      expect(traps.get(vector) ?? 0, `vector ${vector}`).toBeGreaterThan(20);
    expect(runners.wasm.translatedEntries).toBeGreaterThan(1000);
  });

  it.each([
    ['a register', RESULT.state + STATE_WORD.gpr + 2 * 5, 'rbp is'],
    ['the high half of a register', RESULT.state + STATE_WORD.gpr + 2 * 15 + 1, 'r15, high half is'],
    ['a flag', RESULT.state + STATE_WORD.rflags, 'rflags is'],
    ['an XMM register', RESULT.state + STATE_WORD.xmm + 63, 'xmm15 word 3 is'],
    ['MXCSR', RESULT.state + STATE_WORD.mxcsr, 'mxcsr is'],
    ['the x87 control word', RESULT.state + STATE_WORD.x87Cw, 'x87 control word is'],
    ['a segment base', RESULT.state + STATE_WORD.fsBase, 'fs base is'],
    ['memory', RESULT.state + STATE_WORD.window + 7, 'window + 28 is'],
    ['RIP', RESULT.rip, 'rip is'],
    ['a stray write', RESULT.stray, 'stray writes is'],
    ['an exception', RESULT.trap, 'exit 0'],
  ])('notices a difference in %s', (_what, word, problem) => {
    const [plan] = formsOfRow(rowOf(Mnemonic.Add)!, 1, () => true);
    const cases = new Int32Array(CASE.size);
    new CaseMaker().make(plan, cases, 0, 1);
    const results = oracle!.run(cases).slice();
    const run = (): string[] => {
      const found: string[] = [];
      runners.interpreter.run(plan, cases, results, 0, 1, (_index, problems) => found.push(...problems));
      return found;
    };
    expect(run()).toEqual([]);
    results[word] ^= 1;
    expect(run().join()).toContain(problem);
  });

  it('no difference is excused as a known deviation: an entry needs a row here that still shows it', () => {
    for (const name of [Mnemonic.Scasq, Mnemonic.Cmpsb, Mnemonic.Bts])
      expect(compare(rowOf(name)!, 5000).mismatches).toBe(0);
    // On Intel there is none; the CPUs of others do a few things that those of Intel do not.
    const deviations = runners.interpreter.deviations + runners.wasm.deviations;
    expect(thisCpu().isIntel ? deviations : 0).toBe(0);
    expect(thisCpu().isIntel).toBe(KNOWN_DEVIATIONS.length === 0);
    if (!thisCpu().isIntel) expect(deviations).toBeGreaterThan(0);
  });
});
