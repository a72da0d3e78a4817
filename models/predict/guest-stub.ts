/**
 * What a stub around TDCALL must have done, from its contract, the arguments it was given, and the answer that it got
 * (the registers recorded behind the instruction). This model says nothing of what the module may answer, and never
 * imports models/module: otherwise one wrong rule there would cancel itself out here.
 */
import type { CompiledContract } from '../../src/contract/compiled.js';
import { MOMENT, RFLAGS_OFFSET } from '../../src/observation/layout.js';
import { conditionGuards } from './condition-guards.js';
import { resultRules } from './result-rules.js';
import { retryRules } from './retry-rules.js';
import type { Guard, Origin, PredictionRule } from './rule.js';
import { AT_CALL, blockRules, CALLED, callRules, flagsAtCall, IF, RETURN_POPS, RETURNED } from './stub-rules.js';

/** The rules for one contract. For each slot the guards of at most one rule hold. */
export function guestStubRules(compiled: CompiledContract): PredictionRule[] {
  return [
    ...callRules(compiled),
    ...resultRules(compiled, { kind: 'called' }),
    RETURN_POPS,
    ...flagRules(compiled),
    ...blockRules(compiled, { kind: 'called' }),
    ...retryRules(compiled),
  ];
}

/** RFLAGS at the return, and at the first call: IF is the function's own business where it executes STI. */
function flagRules(compiled: CompiledContract): PredictionRule[] {
  const { sti, blocks } = compiled;
  const slot = MOMENT.final + RFLAGS_OFFSET;
  const before = MOMENT.initial + RFLAGS_OFFSET;
  const asBefore: Origin = { from: 'observation', slot: before };
  if (sti === undefined) return [...flagsAtCall(compiled), { slot, when: [RETURNED], value: asBefore }];
  const asked = conditionGuards(compiled, sti.when);
  const opened: Origin = { ...asBefore, or: IF };
  const atCall: PredictionRule[] = [
    { slot: AT_CALL, when: [CALLED, ...asked], value: opened },
    ...(asked.length === 0 ? [] : [{ slot: AT_CALL, when: [CALLED, otherwise(asked)], value: asBefore }]),
  ];
  if (sti.ifAfter === 'restored') return [...atCall, { slot, when: [RETURNED], value: asBefore }];
  // Without a call there is no STI.
  const given = blocks
    .filter(({ whenNull }) => whenNull !== undefined)
    .map(({ index }): Guard => ({ kind: 'null', block: index, is: false }));
  const issued = [...asked, ...given];
  const after: Origin = sti.ifAfter === 'set' ? opened : { ...asBefore, clear: IF };
  return [
    ...atCall,
    { slot, when: [RETURNED, ...issued], value: after },
    ...(issued.length === 0 ? [] : [{ slot, when: [RETURNED, otherwise(issued)], value: asBefore }]),
  ];
}

function otherwise(of: readonly Guard[]): Guard {
  return { kind: 'not-all', of };
}
