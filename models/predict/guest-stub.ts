/**
 * What a stub around TDCALL must have done, from its contract, the arguments it was given, and the answer that it got
 * (the registers recorded behind the instruction). This model says nothing of what the module may answer, and never
 * imports models/module: otherwise one wrong rule there would cancel itself out here.
 */
import { highHalf, lowHalf } from '../../src/halves.js';
import type { CompiledContract } from '../../src/contract/compiled.js';
import type { Contract, Source } from '../../src/contract/contract.js';
import { BLOCK, END, MOMENT, RFLAGS_OFFSET } from '../../src/observation/layout.js';
import { parameterSlot } from '../../src/scenario/layout.js';
import { REGISTER_INDEX, type RegisterName } from '../../src/x86/registers.js';
import type { Guard, Origin, PredictionRule } from './rule.js';

/** RFLAGS.IF (Intel SDM volume 1, 3.4.3). */
const IF = 0x200;
const { rax: RAX, rsp: RSP, r10: R10 } = REGISTER_INDEX;
const STATUS = MOMENT.answer + RAX;
const RESULT = MOMENT.answer + R10;
const RETURNED: Guard = { kind: 'ended', as: 1 << END.returned };
const NOT_STOPPED: Guard = { kind: 'ended', as: ~((1 << END.trapped) | (1 << END.stopped)) };
const SUCCEEDED: Guard = { kind: 'zero', slot: STATUS, is: true };
const FAILED: Guard = { kind: 'zero', slot: STATUS, is: false };

/** The rules for one contract. For each slot the guards of at most one rule hold. */
export function guestStubRules(compiled: CompiledContract): PredictionRule[] {
  return [...callRules(compiled), ...returnRules(compiled), ...blockRules(compiled)];
}

/** The registers at the call. A block that the stub's own frame overwrites, or that is missing, determines nothing. */
function callRules(compiled: CompiledContract): PredictionRule[] {
  return (Object.entries(compiled.contract.inputs) as [RegisterName, Source][]).flatMap(([name, source]) => {
    const origin = inputOrigin(compiled, source);
    if (origin === undefined) return [];
    const when: Guard[] = 'field' in source && compiled.blockParameter !== undefined ? [{ kind: 'block-given' }] : [];
    return [{ slot: MOMENT.call + REGISTER_INDEX[name], when, value: origin }];
  });
}

function inputOrigin({ contract, fieldIndex }: CompiledContract, source: Source): Origin | undefined {
  if ('field' in source) {
    const field = fieldIndex.get(source.field);
    return field === undefined ? undefined : { from: 'observation', slot: BLOCK.initial + field };
  }
  if ('constant' in source) {
    const value = BigInt(source.constant);
    return { from: 'constant', low: lowHalf(value), high: highHalf(value) };
  }
  const parameter = contract.parameters.find(({ name }) => name === source.parameter);
  return parameter === undefined ? undefined : { from: 'scenario', slot: parameterSlot(parameter.place) };
}

function returnRules({ contract, flagBits }: CompiledContract): PredictionRule[] {
  const called: Guard[] = [RETURNED, { kind: 'called' }];
  const rax = MOMENT.final + RAX;
  const from = (slot: number): Origin => ({ from: 'observation', slot });
  const results: Record<Contract['returns'], PredictionRule[]> = {
    status: [{ slot: rax, when: called, value: from(STATUS) }],
    r10: [{ slot: rax, when: called, value: from(RESULT) }],
    'status-or-r10': [
      { slot: rax, when: [...called, FAILED], value: from(STATUS) },
      { slot: rax, when: [...called, SUCCEEDED], value: from(RESULT) },
    ],
  };
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
  return [
    ...results[contract.returns],
    // RET pops the return address.
    {
      slot: MOMENT.final + RSP,
      when: [RETURNED],
      value: { from: 'observation', slot: MOMENT.initial + RSP, plus: 8 },
    },
    ...flagRules,
  ];
}

/**
 * Whether a stub that was stopped or faulted half-way had stored already is open; that a failed call of one that stops
 * leaves the block alone is the contract (facts/linux.md 1.6).
 */
function blockRules(compiled: CompiledContract): PredictionRule[] {
  const { contract, fields } = compiled;
  const given: Guard[] = [{ kind: 'block-given' }, ...(contract.blockWhenStopped === 'any' ? [NOT_STOPPED] : [])];
  const written = writesOutputs(compiled);
  return fields.flatMap(({ name }, field): PredictionRule[] => {
    const slot = BLOCK.final + field;
    const unchanged: Origin = { from: 'observation', slot: BLOCK.initial + field };
    const output = contract.outputs.fields[name];
    if (output === undefined) return [{ slot, when: given, value: unchanged }];
    const stored: Origin = { from: 'observation', slot: MOMENT.answer + REGISTER_INDEX[output] };
    return [
      { slot, when: [...given, { kind: 'not-all', of: written }], value: unchanged },
      { slot, when: [...given, RETURNED, ...written], value: stored },
    ];
  });
}

/** When the contract says that the outputs are stored. */
function writesOutputs({ contract, flagBits }: CompiledContract): Guard[] {
  let bits = 0;
  for (const condition of contract.outputs.when)
    if (typeof condition === 'object') bits |= flagBits.get(condition.flag) ?? 0;
  const { when } = contract.outputs;
  const needsSuccess = when.includes('status-success') || contract.onFailure === 'stops';
  return [
    { kind: 'called' },
    ...(bits === 0 ? [] : [{ kind: 'flags', bits, set: true } as const]),
    ...(needsSuccess ? [SUCCEEDED] : []),
    ...(when.includes('r10-success') ? [{ kind: 'zero', slot: RESULT, is: true } as const] : []),
  ];
}
