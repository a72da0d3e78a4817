import { readFileSync } from 'node:fs';
import { Mnemonic } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { INSTRUCTION_ROWS } from './table.js';
import { cpuFrom } from './testing/cpu.js';
import type { DifferentialReport } from './testing/differential-report.js';
import { repositoryPath } from './testing/repository.js';
import { isUserMode, testOfRow } from './testing/row-tests.js';
import { formsOfRow } from './testing/native-forms.js';

const all = { name: 'a CPU with everything', isIntel: true, has: () => true };

describe('every row of the table has a test', () => {
  it('compared with the CPU, or a test that is there', () => {
    for (const row of INSTRUCTION_ROWS) {
      const test = testOfRow(row, all);
      if (test.how !== 'event-tested') continue;
      const source = readFileSync(repositoryPath(`src/x86/${test.test.file}`), 'utf8');
      expect(source, Mnemonic[row.mnemonic]).toContain(test.test.title);
    }
  });

  it('the committed report has the rows of the table, and no mismatch', () => {
    const text = readFileSync(repositoryPath('reports/differential.json'), 'utf8');
    const { result } = JSON.parse(text) as DifferentialReport;
    const advice = 'the table has changed since the report: npm run differential';
    expect(
      result.rows.map(({ row }) => row),
      advice,
    ).toEqual(INSTRUCTION_ROWS.map(({ mnemonic }) => Mnemonic[mnemonic]));
    expect(result.totals.mismatches).toBe(0);
    for (const row of result.rows) {
      if (row.compared !== undefined) expect(row.compared.states, row.row).toBeGreaterThanOrEqual(100_000);
      else expect(row.how, row.row).not.toBe('native');
    }
  });

  it('a CPU without an extension says so, one row at a time', () => {
    const poor = cpuFrom(
      'model name\t: Old\ncpu family\t: 6\nmodel\t\t: 1\nstepping\t: 2\nflags\t\t: fpu sse sse2 cx16 lahf_lm',
    );
    expect(poor.name).toBe('Old, family 6 model 1 stepping 2');
    const missing = INSTRUCTION_ROWS.flatMap((row) => {
      const test = testOfRow(row, poor);
      return test.how === 'not testable on this CPU' ? [`${Mnemonic[row.mnemonic]} ${test.missing.join(' ')}`] : [];
    });
    expect(missing).toEqual(expect.arrayContaining(['Popcnt POPCNT', 'Lzcnt LZCNT', 'Tzcnt BMI1', 'Movbe MOVBE']));
    expect(missing.some((text) => text.startsWith('Add '))).toBe(false);
  });

  it('forms are reproducible and vary', () => {
    const row = INSTRUCTION_ROWS.find(({ mnemonic }) => mnemonic === Mnemonic.Add)!;
    const texts = (): string[] => [...formsOfRow(row, 300, isUserMode)].map(({ text }) => text);
    expect(texts()).toEqual(texts());
    const joined = texts().join('\n');
    for (const part of ['lock', '%fs:', '%gs:', '0x20000', '(%rsp', '(%e', '%ah']) expect(joined).toContain(part);
    expect(joined).toMatch(/%(spl|bpl|sil|dil)/);
  });
});
