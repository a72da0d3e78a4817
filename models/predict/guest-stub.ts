/**
 * What a stub around TDCALL must have done, from its contract, the arguments it was given, and the answer that it got
 * (the registers recorded behind the instruction). This model says nothing of what the module may answer, and never
 * imports models/module: otherwise one wrong rule there would cancel itself out here.
 */
import type { CompiledContract } from '../../src/contract/compiled.js';
import type { Contract } from '../../src/contract/contract.js';
import { MOMENT, RFLAGS_OFFSET } from '../../src/observation/layout.js';
import { REGISTER_INDEX } from '../../src/x86/registers.js';
import type { Guard, Origin, PredictionRule } from './rule.js';
import { retryRules } from './retry-rules.js';
import {
  blockRules,
  callRules,
  conditionGuards,
  RETURN_POPS,
  RETURNED,
  resultOrigin,
  resultRules,
  STATUS,
  SUCCEEDED,
} from './stub-rules.js';

/** RFLAGS.IF (Intel SDM volume 1, 3.4.3). */
const IF = 0x200;
const { rax: RAX } = REGISTER_INDEX;
const FAILED: Guard = { kind: 'zero', slot: STATUS, is: false };

/** The rules for one contract. For each slot the guards of at most one rule hold. */
export function guestStubRules(compiled: CompiledContract): PredictionRule[] {
  return [
    ...callRules(compiled),
    ...returnRules(compiled),
    ...blockRules(compiled, { kind: 'called' }),
    ...retryRules(compiled),
  ];
}

function returnRules(compiled: CompiledContract): PredictionRule[] {
  const { contract } = compiled;
  const { rules, otherwise } = resultRules(compiled, [RETURNED, { kind: 'called' }]);
  const called: Guard[] = [RETURNED, { kind: 'called' }, ...otherwise];
  const rax = MOMENT.final + RAX;
  const results: Record<Contract['returns'], PredictionRule[]> = {
    status: [{ slot: rax, when: called, value: resultOrigin('status') }],
    r10: [{ slot: rax, when: called, value: resultOrigin('r10') }],
    'status-or-r10': [
      { slot: rax, when: [...called, FAILED], value: resultOrigin('status') },
      { slot: rax, when: [...called, SUCCEEDED], value: resultOrigin('r10') },
    ],
  };
  return [...rules, ...results[contract.returns], RETURN_POPS, ...flagRules(compiled)];
}

/** RFLAGS at the return: IF is the function's own business where it executes STI. */
function flagRules(compiled: CompiledContract): PredictionRule[] {
  const { sti } = compiled;
  const slot = MOMENT.final + RFLAGS_OFFSET;
  const before = MOMENT.initial + RFLAGS_OFFSET;
  const asBefore: Origin = { from: 'observation', slot: before };
  if (sti === undefined || sti.ifAfter === 'restored') return [{ slot, when: [RETURNED], value: asBefore }];
  const issued = conditionGuards(compiled, sti.when);
  const after: Origin = { ...asBefore, ...(sti.ifAfter === 'set' ? { or: IF } : { clear: IF }) };
  return [
    { slot, when: [RETURNED, ...issued], value: after },
    ...(issued.length === 0
      ? []
      : [{ slot, when: [RETURNED, { kind: 'not-all', of: issued } as const], value: asBefore }]),
  ];
}
