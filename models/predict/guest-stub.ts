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
import { blockRules, callRules, RETURN_POPS, RETURNED } from './stub-rules.js';

/** RFLAGS.IF (Intel SDM volume 1, 3.4.3). */
const IF = 0x200;

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

/** RFLAGS at the return: IF is the function's own business where it executes STI. */
function flagRules(compiled: CompiledContract): PredictionRule[] {
  const { sti, blocks } = compiled;
  const slot = MOMENT.final + RFLAGS_OFFSET;
  const before = MOMENT.initial + RFLAGS_OFFSET;
  const asBefore: Origin = { from: 'observation', slot: before };
  if (sti === undefined || sti.ifAfter === 'restored') return [{ slot, when: [RETURNED], value: asBefore }];
  // Where NULL means that nothing is called, nothing is prepared for a call either.
  const calling = blocks.flatMap(({ whenNull, index }): Guard[] =>
    whenNull === undefined ? [] : [{ kind: 'null', block: index, is: false }],
  );
  const issued = [...conditionGuards(compiled, sti.when), ...calling];
  const after: Origin = { ...asBefore, ...(sti.ifAfter === 'set' ? { or: IF } : { clear: IF }) };
  return [
    { slot, when: [RETURNED, ...issued], value: after },
    ...(issued.length === 0
      ? []
      : [{ slot, when: [RETURNED, { kind: 'not-all', of: issued } as const], value: asBefore }]),
  ];
}
