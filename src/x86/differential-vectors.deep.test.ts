import { readFileSync } from 'node:fs';
import { Mnemonic } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import type { EngineName } from './machine.js';
import { INSTRUCTION_ROWS } from './table.js';
import { planOf } from './testing/case-plan.js';
import { CaseRunner, describeCase } from './testing/case-runner.js';
import { type CpuVector, decodeVectors, encodeVectors, restore, vectorOf } from './testing/cpu-vectors.js';
import { formsOfRow } from './testing/native-forms.js';
import { CASE, RESULT } from './testing/native-oracle.js';
import { repositoryPath } from './testing/repository.js';
import { isUserMode } from './testing/row-tests.js';

const FILE = 'corpus/vectors/cpu/instructions.jsonl.gz';
const ADVICE = 'write them again with node dist/src/x86/testing/write-vectors.js';
const bytes = readFileSync(repositoryPath(FILE));
const { header, vectors } = decodeVectors(bytes);
const rows = new Map(INSTRUCTION_ROWS.map((row) => [Mnemonic[row.mnemonic], row]));

/** What differs, over the given vectors. */
function differences(runner: CaseRunner, given: readonly CpuVector[]): string[] {
  const cases = new Int32Array(CASE.size);
  const results = new Int32Array(RESULT.size);
  const found: string[] = [];
  for (const vector of given) {
    const row = rows.get(vector.row);
    const plan = row === undefined ? undefined : planOf(row, Buffer.from(vector.code, 'hex'));
    if (plan === undefined) {
      found.push(`${vector.row} ${vector.code}: the machine does not execute it`);
      continue;
    }
    restore(vector, cases, results, 0);
    runner.run(plan, cases, results, 0, 1, (_i, problems) => {
      found.push(`${describeCase(plan, cases, 0)}: ${problems.join('; ')}`);
    });
  }
  return found;
}

/** The vectors are answers of a CPU of Intel: nothing is excused, whatever this machine has. */
const INTEL: readonly [] = [];

describe(`what ${header.cpu} answered`, () => {
  it.each<EngineName>(['interpreter', 'wasm'])('the %s answers too', (engine) => {
    expect(differences(new CaseRunner(engine, INTEL), vectors).slice(0, 5)).toEqual([]);
  });

  it('there are 20 vectors and more for every row that user mode can execute', () => {
    const counts = new Map<string, number>();
    for (const { row } of vectors) counts.set(row, (counts.get(row) ?? 0) + 1);
    const lacking = INSTRUCTION_ROWS.filter((row) => !formsOfRow(row, 1, isUserMode).next().done)
      .map((row) => Mnemonic[row.mnemonic])
      .filter((name) => (counts.get(name) ?? 0) < 20);
    expect(lacking, ADVICE).toEqual([]);
    expect(bytes.length).toBeLessThan(600 * 1024);
  });

  it('a changed answer is noticed in every row', () => {
    const runner = new CaseRunner('interpreter', INTEL);
    const seen = new Set<string>();
    for (const vector of vectors) {
      if (seen.has(vector.row)) continue;
      seen.add(vector.row);
      const rip = (BigInt(`0x${vector.rip}`) ^ 1n).toString(16);
      expect(differences(runner, [{ ...vector, rip }]), vector.row).toHaveLength(1);
    }
  });

  it('the file is what its vectors make, and a vector survives the way there and back', () => {
    expect(decodeVectors(encodeVectors(header, vectors)).vectors).toEqual(vectors);
    const cases = new Int32Array(CASE.size);
    const results = new Int32Array(RESULT.size);
    for (const vector of vectors.slice(0, 500)) {
      restore(vector, cases, results, 0);
      expect(vectorOf(vector.row, Buffer.from(vector.code, 'hex'), vector.number, cases, results, 0)).toEqual(vector);
    }
    expect(() => decodeVectors(encodeVectors({ ...header, vectors: 1 }, vectors))).toThrow('the header counts 1');
  });
});
