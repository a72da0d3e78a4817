/** A function that tries again: after which answers, and how often. */
import type { CodeShape } from '../code/code-shape.js';
import type { Contract } from '../contract/contract.js';
import type { AnswerTest } from '../contract/flow-words.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import { answerTest } from './conditions.js';
import type { Frame } from './frame.js';
import { CannotSay } from './proposal.js';

type Retry = NonNullable<Contract['retry']>;

/** The bounds of `tries` in the contract language. */
const FEWEST = 2n;
const MOST = 64n;

/**
 * @returns nothing for a function that executes its instruction once; else one proposal for each number that may be that of
 *   tries, for the trial run to choose from
 * @throws CannotSay if nothing in the code says when it tries again, or how often
 */
export function retriesOf(shape: CodeShape, frame: Frame): Retry[] {
  const again = shape.outcomes.filter(({ calls }) => calls.length > 1);
  if (again.length === 0) return [];
  const on = new Map<string, AnswerTest>();
  for (const { conditions } of again) {
    const tests = conditions.filter(({ after }) => after === 1).map(answerTest);
    const why = tests.find(
      (test) =>
        test !== undefined && 'is' in test && (test.answer === 'rax' || test.answer === 'r10') && test.is[0] !== '0x0',
    );
    if (why === undefined) throw new CannotSay('it executes the instruction again, and no one answer says when');
    on.set(JSON.stringify(why), why);
  }
  const isStored = again.some(({ stores, calls }) => stores.some(({ after }) => after > 0 && after < calls.length));
  const counts = new Set(
    shape.outcomes.flatMap(({ calls }) =>
      calls.slice(0, 1).flatMap(({ registers }) =>
        registers.flatMap((value, index) => {
          const isCounter =
            value.kind === 'constant' &&
            value.value >= FEWEST &&
            value.value <= MOST &&
            !frame.operands.has(REGISTER_NAMES[index]);
          return isCounter ? [Number(value.value)] : [];
        }),
      ),
    ),
  );
  if (counts.size === 0) throw new CannotSay('it tries again, and no register says how often; write "retry" by hand');
  return [...counts].flatMap((count) =>
    // A counter that is tested behind the call counts tries, one that is tested before counts those after the first.
    [count, count + 1].map((tries) => ({
      on: [...on.values()],
      tries,
      ...(isStored && { inputs: 'stored' as const }),
    })),
  );
}
