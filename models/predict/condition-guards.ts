/** When the conditions of a contract hold. */
import type { CompiledContract } from '../../src/contract/compiled.js';
import type { Condition } from '../../src/contract/contract.js';
import { MOMENT } from '../../src/observation/layout.js';
import { parameterSlot } from '../../src/scenario/layout.js';
import { REGISTER_INDEX } from '../../src/x86/registers.js';
import { answerGuards } from './answer-guards.js';
import type { Guard } from './rule.js';

/** The status is 0. */
const SUCCEEDED: Guard = { kind: 'zero', slot: MOMENT.answer + REGISTER_INDEX.rax, is: true };

/** That all these conditions hold. */
export function conditionGuards(
  { contract, flagBits, blocks, narrowParameters }: CompiledContract,
  conditions: readonly Condition[],
): Guard[] {
  const bitsOf = (flag: string): number => flagBits.get(flag) ?? 0;
  const argument = (name: string, zero: boolean): Guard[] => {
    const parameter = contract.parameters.find((one) => one.name === name);
    if (parameter === undefined) return [];
    const bytes = narrowParameters.find((one) => one.parameter === parameter)?.bytes ?? 8;
    return [{ kind: 'argument', slot: parameterSlot(parameter.place), bits: (1n << BigInt(8 * bytes)) - 1n, zero }];
  };
  let bits = 0;
  const guards: Guard[] = [];
  for (const one of conditions) {
    if (one === 'block-given')
      guards.push(...blocks.slice(0, 1).map(({ index }): Guard => ({ kind: 'block-given', block: index })));
    else if (one === 'status-success') guards.push(SUCCEEDED);
    else if (one === 'r10-success') guards.push({ kind: 'zero', slot: MOMENT.answer + REGISTER_INDEX.r10, is: true });
    else if ('flag' in one) bits |= bitsOf(one.flag);
    else if ('clear' in one) guards.push({ kind: 'flags', bits: bitsOf(one.clear), set: false });
    else if ('nonzero' in one) guards.push(...argument(one.nonzero, false));
    else if ('zero' in one) guards.push(...argument(one.zero, true));
    else guards.push(...answerGuards(one, MOMENT.answer));
  }
  return bits === 0 ? guards : [{ kind: 'flags', bits, set: true }, ...guards];
}
