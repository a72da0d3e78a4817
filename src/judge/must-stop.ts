/** Whether a run is one that must never return to its caller, by what the contract says and what was answered. */
import type { CompiledContract } from '../contract/compiled.js';
import type { AnswerTest } from '../contract/flow-words.js';
import { readHalves } from '../halves.js';
import { FACT, MOMENT, OUTCOME } from '../observation/layout.js';
import { REGISTER_INDEX } from '../x86/registers.js';

const ALL_ONES = (1n << 64n) - 1n;
const STATUS = 2 * MOMENT.answer;

type Holds = (observation: Int32Array) => boolean;

export function mustStop({ contract }: CompiledContract): Holds {
  const { neverReturns, onFailure, stopsOn = [] } = contract;
  if (neverReturns === true) return () => true;
  const tests = stopsOn.map(compileTest);
  return (observation) => {
    if (observation[2 * FACT.calls] === 0 || observation[2 * FACT.outcome] !== OUTCOME.completed) return false;
    if (onFailure === 'stops' && hasFailed(observation)) return true;
    return tests.some((test) => test(observation));
  };
}

function hasFailed(observation: Int32Array): boolean {
  return observation[STATUS] !== 0 || observation[STATUS + 1] !== 0;
}

/** Of a call that failed only RAX says anything. */
function compileTest(test: AnswerTest): Holds {
  const slot = 2 * (MOMENT.answer + REGISTER_INDEX[test.answer]);
  const mask = BigInt(test.mask ?? ALL_ONES);
  const is = 'is' in test;
  const values = new Set((is ? test.is : test.isNot).map((value) => BigInt(value) & mask));
  return (observation) =>
    (test.answer === 'rax' || !hasFailed(observation)) && values.has(readHalves(observation, slot) & mask) === is;
}
