/**
 * What a stub around TDCALL must have done, from its contract, the arguments it was given, and the answer that it got
 * (the registers recorded behind the instruction). This model says nothing of what the module may answer, and never
 * imports models/module: otherwise one wrong rule there would cancel itself out here.
 */
import type { CompiledContract } from '../../src/contract/compiled.js';
import { MOMENT, RFLAGS_OFFSET } from '../../src/observation/layout.js';
import { resultRules } from './result-rules.js';
import type { Origin, PredictionRule } from './rule.js';
import { blockRules, callRules, RETURN_POPS, RETURNED } from './stub-rules.js';

/** RFLAGS.IF (Intel SDM volume 1, 3.4.3). */
const IF = 0x200;

/** The rules for one contract. For each slot the guards of at most one rule hold. */
export function guestStubRules(compiled: CompiledContract): PredictionRule[] {
  return [
    ...callRules(compiled),
    ...resultRules(compiled, { kind: 'called' }),
    ...returnRules(compiled),
    ...blockRules(compiled, { kind: 'called' }),
  ];
}

function returnRules({ contract, flagBits }: CompiledContract): PredictionRule[] {
  const from = (slot: number): Origin => ({ from: 'observation', slot });
  const flags = MOMENT.final + RFLAGS_OFFSET;
  const before = MOMENT.initial + RFLAGS_OFFSET;
  const sti = contract.stiFlag === undefined ? 0 : (flagBits.get(contract.stiFlag) ?? 0);
  const flagRules: PredictionRule[] =
    sti === 0
      ? [{ slot: flags, when: [RETURNED], value: from(before) }]
      : [
          {
            slot: flags,
            when: [RETURNED, { kind: 'flags', bits: sti, set: true }],
            value: { from: 'observation', slot: before, or: IF },
          },
          { slot: flags, when: [RETURNED, { kind: 'flags', bits: sti, set: false }], value: from(before) },
        ];
  return [RETURN_POPS, ...flagRules];
}
