/**
 * `node dist/src/x86/testing/write-vectors.js`: asks the CPU of this machine about a sample of states of every row, and writes the
 * answers to corpus/vectors/cpu/instructions.jsonl.gz. Rows that it cannot execute keep the vectors that the file has.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Mnemonic } from 'iced-x86';
import { INSTRUCTION_ROWS } from '../table.js';
import { CaseMaker } from './case-maker.js';
import { firstNumber } from './compare-row.js';
import { type CpuVector, decodeVectors, encodeVectors, SCHEMA, vectorOf } from './cpu-vectors.js';
import { thisCpu } from './cpu.js';
import { formsOfRow } from './native-forms.js';
import { CASE, NativeOracle } from './native-oracle.js';
import { repositoryPath } from './repository.js';
import { isNative } from './row-tests.js';

const VECTOR_FILE = 'corpus/vectors/cpu/instructions.jsonl.gz';

const FORMS = 16;
const STATES_PER_FORM = 2;
/** So that the states are others than those of the comparison. */
const APART = 0x40000000;

function main(): number {
  const oracle = NativeOracle.build();
  if (typeof oracle === 'string') {
    console.error(`the CPU cannot be asked: ${oracle}`);
    return 2;
  }
  const cpu = thisCpu();
  const path = repositoryPath(VECTOR_FILE);
  const former = existsSync(path) ? decodeVectors(readFileSync(path)).vectors : [];
  const maker = new CaseMaker();
  const vectors: CpuVector[] = [];
  for (const row of INSTRUCTION_ROWS) {
    const name = Mnemonic[row.mnemonic];
    const plans = [...formsOfRow(row, FORMS, (plan) => isNative(plan, cpu))];
    if (plans.length === 0) {
      vectors.push(...former.filter((vector) => vector.row === name));
      continue;
    }
    const cases = new Int32Array(plans.length * STATES_PER_FORM * CASE.size);
    const first = firstNumber(name) ^ APART;
    const count = plans.length * STATES_PER_FORM;
    for (let i = 0; i < count; i++) maker.make(plans[Math.floor(i / STATES_PER_FORM)], cases, i, (first + i) | 0);
    const results = oracle.run(cases);
    for (let i = 0; i < count; i++) {
      const { bytes } = plans[Math.floor(i / STATES_PER_FORM)];
      vectors.push(vectorOf(name, bytes, (first + i) | 0, cases, results, i));
    }
  }
  oracle.dispose();
  mkdirSync(repositoryPath('corpus/vectors/cpu'), { recursive: true });
  const bytes = encodeVectors({ schema: SCHEMA, cpu: cpu.name, vectors: vectors.length }, vectors);
  writeFileSync(path, bytes);
  console.log(`${VECTOR_FILE}: ${vectors.length} vectors, ${bytes.length} bytes, of ${cpu.name}`);
  return 0;
}

process.exitCode = main();
