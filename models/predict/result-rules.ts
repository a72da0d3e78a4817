/** RAX at the return of a stub: the result that its contract names, and what it is where nothing was called. */
import { highHalf, lowHalf } from '../../src/halves.js';
import type { CompiledContract } from '../../src/contract/compiled.js';
import type { Result, ResultValue } from '../../src/contract/result-word.js';
import { MOMENT } from '../../src/observation/layout.js';
import { REGISTER_INDEX, type RegisterName } from '../../src/x86/registers.js';
import { conditionGuards } from './condition-guards.js';
import type { Guard, Origin, PredictionRule } from './rule.js';
import { RETURNED, STATUS, SUCCEEDED } from './stub-rules.js';

const RAX = MOMENT.final + REGISTER_INDEX.rax;
const FAILED: Guard = { kind: 'zero', slot: STATUS, is: false };

const answered = (register: RegisterName): number => MOMENT.answer + REGISTER_INDEX[register];
const observed = (register: RegisterName): Origin => ({ from: 'observation', slot: answered(register) });
const constant = (value: bigint): Origin => ({ from: 'constant', low: lowHalf(value), high: highHalf(value) });

/** @param called that the instruction was executed, and brought an answer */
export function resultRules(compiled: CompiledContract, called: Guard): PredictionRule[] {
  const { blocks, result, conditional } = compiled;
  const silent = blocks.flatMap(({ whenNull, index }) =>
    whenNull === undefined ? [] : [{ index, value: whenNull.value }],
  );
  const given: Guard[] = silent.map(({ index }) => ({ kind: 'null', block: index, is: false }));
  const when = [RETURNED, called, ...given];
  const otherwise: Guard[] = [];
  // The first whose conditions hold comes before the others.
  const rules = conditional.flatMap((one) => {
    const holds = conditionGuards(compiled, one.when);
    const made = rulesOf(one.result, [...when, ...otherwise, ...holds]);
    otherwise.push({ kind: 'not-all', of: holds });
    return made;
  });
  rules.push(...rulesOf(result, [...when, ...otherwise]));
  const withNull = silent.flatMap(({ index, value }, earlier): PredictionRule[] =>
    value.kind !== 'constant'
      ? []
      : [
          {
            slot: RAX,
            when: [RETURNED, { kind: 'null', block: index, is: true }, ...given.slice(0, earlier)],
            value: constant(value.value),
          },
        ],
  );
  return [...rules, ...withNull];
}

function rulesOf({ value, test }: Result, when: readonly Guard[]): PredictionRule[] {
  return test === undefined ? valueRules(value, when) : testRules(value, test, when);
}

function valueRules(value: ResultValue, when: readonly Guard[]): PredictionRule[] {
  switch (value.kind) {
    case 'nothing':
      return [];
    case 'constant':
      return [{ slot: RAX, when, value: constant(value.value) }];
    case 'register':
      return [{ slot: RAX, when, value: observed(value.register) }];
    case 'status-or':
      return [
        { slot: RAX, when: [...when, FAILED], value: observed('rax') },
        { slot: RAX, when: [...when, SUCCEEDED], value: observed(value.register) },
      ];
  }
}

function testRules(value: ResultValue, test: 'zero' | 'not-zero', when: readonly Guard[]): PredictionRule[] {
  const registers: RegisterName[] =
    value.kind === 'register' ? [value.register] : value.kind === 'status-or' ? ['rax', value.register] : [];
  const zero = registers.map((register): Guard => ({ kind: 'zero', slot: answered(register), is: true }));
  return [
    { slot: RAX, when: [...when, ...zero], value: constant(test === 'zero' ? 1n : 0n) },
    { slot: RAX, when: [...when, { kind: 'not-all', of: zero }], value: constant(test === 'zero' ? 0n : 1n) },
  ];
}
