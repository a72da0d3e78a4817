/**
 * What a stub around SEAMCALL must have done, from its contract, the arguments it was given, how the instruction ended, and
 * the answer that it got (the registers recorded behind the instruction). Like guest-stub.ts it never imports what the
 * world answers with.
 */
import { highHalf, lowHalf } from '../../src/halves.js';
import type { CompiledContract } from '../../src/contract/compiled.js';
import { MOMENT, OUTCOME, type OutcomeName, RFLAGS_OFFSET } from '../../src/observation/layout.js';
import { REGISTER_INDEX } from '../../src/x86/registers.js';
import { resultRules } from './result-rules.js';
import type { Guard, PredictionRule } from './rule.js';
import { retryRules } from './retry-rules.js';
import { blockRules, callRules, flagsAtCall, RETURN_POPS, RETURNED } from './stub-rules.js';

/** An instruction that did not enter the module leaves no outputs. */
const COMPLETED: Guard = { kind: 'outcome', is: OUTCOME.completed };

/** The rules for one contract. For each slot the guards of at most one rule hold. */
export function hostStubRules(compiled: CompiledContract): PredictionRule[] {
  return [
    ...callRules(compiled),
    ...resultRules(compiled, COMPLETED),
    ...returnRules(compiled),
    ...flagsAtCall(compiled),
    RETURN_POPS,
    ...blockRules(compiled, COMPLETED),
    ...retryRules(compiled),
  ];
}

/** RAX is the software error code for an instruction that did not enter the module. */
function returnRules({ contract: { notEntered } }: CompiledContract): PredictionRule[] {
  const rax = MOMENT.final + REGISTER_INDEX.rax;
  const flags = MOMENT.final + RFLAGS_OFFSET;
  const errors = Object.entries(notEntered ?? {}) as [OutcomeName, string][];
  return [
    ...errors.map(([outcome, code]): PredictionRule => {
      const value = BigInt(code);
      return {
        slot: rax,
        when: [RETURNED, { kind: 'outcome', is: OUTCOME[outcome] }],
        value: { from: 'constant', low: lowHalf(value), high: highHalf(value) },
      };
    }),
    { slot: flags, when: [RETURNED], value: { from: 'observation', slot: MOMENT.initial + RFLAGS_OFFSET } },
  ];
}
