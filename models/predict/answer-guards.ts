/** When an answer is what a contract names. */
import type { AnswerTest } from '../../src/contract/flow-words.js';
import { REGISTER_INDEX } from '../../src/x86/registers.js';
import type { Guard } from './rule.js';

const ALL_ONES = (1n << 64n) - 1n;

/**
 * That a test holds of the registers behind a call. Of a call that failed (RAX not 0) only RAX says anything.
 *
 * @param moment first slot of the registers
 */
export function answerGuards(test: AnswerTest, moment: number): Guard[] {
  const is = 'is' in test;
  const value: Guard = {
    kind: 'value',
    slot: moment + REGISTER_INDEX[test.answer],
    mask: BigInt(test.mask ?? ALL_ONES),
    values: (is ? test.is : test.isNot).map(BigInt),
    is,
  };
  return test.answer === 'rax' ? [value] : [{ kind: 'zero', slot: moment + REGISTER_INDEX.rax, is: true }, value];
}

/** That any of the tests holds. */
export function anyAnswer(tests: readonly AnswerTest[], moment: number): Guard {
  return { kind: 'not-all', of: tests.map((test) => ({ kind: 'not-all', of: answerGuards(test, moment) })) };
}
