/**
 * How often a function that tries again must have executed the instruction, given the answers it got: what answers, and how
 * often, is nothing that this says.
 */
import type { CompiledContract } from '../../src/contract/compiled.js';
import { FACT, FIRST_ANSWER, MOMENT, OUTCOME } from '../../src/observation/layout.js';
import { anyAnswer } from './answer-guards.js';
import type { Guard, PredictionRule } from './rule.js';

const CALLED: Guard = { kind: 'called' };
const COMPLETED: Guard = { kind: 'outcome', is: OUTCOME.completed };
const not = (...of: readonly Guard[]): Guard => ({ kind: 'not-all', of });

/** Nothing for a function that tries once: that needs no prediction. */
export function retryRules({ contract: { retry } }: CompiledContract): PredictionRule[] {
  if (retry === undefined) return [];
  const { on, tries } = retry;
  const slot = FACT.calls;
  // What raised an exception, or failed with CF = 1, has no answer; only the last call of a run can.
  const firstAnswered = not({ kind: 'zero', slot: FACT.refusals, is: true }, not(COMPLETED));
  const first = [firstAnswered, anyAnswer(on, FIRST_ANSWER)];
  const last = [COMPLETED, anyAnswer(on, MOMENT.answer)];
  return [
    // The first answer was the last.
    { slot, when: [CALLED, not(...first)], value: { from: 'constant', low: 1, high: 0 } },
    // It was refused to the end.
    { slot, when: [CALLED, ...first, ...last], value: { from: 'constant', low: tries, high: 0 } },
    { slot, when: [CALLED, ...first, not(...last)], value: { from: 'observation', slot: FACT.refusals, plus: 1 } },
  ];
}
