/** What is stored behind the wrapped instruction, and when. */
import type { Outcome } from '../code/code-shape.js';
import { isZero } from '../campaign/recognition/truths.js';
import type { Condition, Contract } from '../contract/contract.js';
import type { RegisterName } from '../x86/registers.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { comesBack, questionOf, wordsFor } from './conditions.js';
import type { Roles } from './roles.js';

/** @param outcomes ways on which the instruction was executed once, and entered the module */
export function outputsOf(outcomes: readonly Outcome[], roles: Roles): Contract['outputs'] {
  const fields: Record<string, RegisterName> = {};
  askOfOrder('The parameters', registersOfParameters(roles), roles.asked);
  for (const { block, fields: known } of roles.blocks) {
    const wanted = followsInputs(known, roles.asked);
    for (const field of known) {
      const register = wanted.get(field.offset) ?? field.output;
      const name = roles.fieldName(block.parameter, field.offset);
      if (register !== undefined && name !== undefined) fields[name] = register;
    }
    askOfStores(roles, block.parameter.key, outcomes);
    askOfOrder(
      'The fields',
      known.flatMap(({ input }) => input ?? []),
      roles.asked,
    );
    if (known.every(({ input }) => input === undefined))
      askOfOrder(
        'The results',
        known.flatMap(({ output }) => output ?? []),
        roles.asked,
      );
  }
  return { fields, when: Object.keys(fields).length === 0 ? [] : whenStored(outcomes, roles) };
}

type Field = Roles['blocks'][number]['fields'][number];

/**
 * Where two fields are exchanged and all others come back where they came from, the two are a mistake of the code: the
 * proposal has them in order, so that the trial run says so.
 */
function followsInputs(fields: readonly Field[], asked: string[]): ReadonlyMap<number, RegisterName> {
  const both = fields.filter(({ input, output }) => input !== undefined && output !== undefined);
  const odd = both.filter(({ input, output }) => input !== output);
  const missing = fields.filter(({ input, output }) => input !== undefined && output === undefined);
  const right = both.length - odd.length;
  const wanted = new Map<number, RegisterName>();
  const isExchange = odd.length === 2 && odd[0].input === odd[1].output && odd[1].input === odd[0].output;
  if (isExchange && right >= 1) {
    for (const { offset, input } of odd) if (input !== undefined) wanted.set(offset, input);
    asked.push(
      `Fields ${odd.map(({ name }) => name).join(' and ')} come back in each other’s place, and the other ${right} where they came from. The proposal has them in order.`,
    );
  } else if (odd.length > 0 && right > odd.length)
    for (const { name, input, output } of odd)
      asked.push(
        `Field ${name} goes to ${upper(input)} and receives ${upper(output)}, unlike its ${right} neighbours.`,
      );
  if (missing.length === 1 && right >= 2)
    asked.push(
      `Field ${missing[0].name} is loaded and nothing is stored into it, unlike its ${right} neighbours. Is that meant?`,
    );
  return wanted;
}

function upper(register: RegisterName | undefined): string {
  return (register ?? '').toUpperCase();
}

/** Parameters, fields and results lie in the order of the registers, in nearly every stub that this tool knows. */
function askOfOrder(what: string, registers: readonly RegisterName[], asked: string[]): void {
  const numbers = registers.map((register) => REGISTER_INDEX[register]);
  const falls = numbers.flatMap((number, index) => (index > 0 && number < numbers[index - 1] ? [index] : []));
  for (const at of registers.length < 3 ? [] : falls) {
    const exchanged = [...numbers];
    [exchanged[at - 1], exchanged[at]] = [numbers[at], numbers[at - 1]];
    const isInOrderThen = exchanged.every((number, index) => index === 0 || number > exchanged[index - 1]);
    // RDI, RSI, RBX and RDX have no order that all keep to.
    const areNeighbours = numbers[at - 1] === numbers[at] + 1 && numbers[at] >= REGISTER_INDEX.r8;
    if (!isInOrderThen && !areNeighbours) continue;
    asked.push(
      `${what} of ${upper(registers[at - 1])} and ${upper(registers[at])} lie the other way round than their registers. Is that meant, or are they exchanged?`,
    );
  }
}

/** Which register each parameter goes to, in the order of the parameters. */
function registersOfParameters(roles: Roles): RegisterName[] {
  const { parameters, frame } = roles;
  return parameters.flatMap(({ name, kind }) => {
    if (kind !== 'value') return [];
    const operand = [...frame.operands].find(
      ([register, value]) =>
        register !== 'rax' &&
        (value.kind === 'entry' || value.kind === 'incoming') &&
        roles.parameterName(value) === name,
    );
    return operand === undefined ? [] : [operand[0]];
  });
}

function askOfStores(roles: Roles, key: string, outcomes: readonly Outcome[]): void {
  const block = roles.blocks.find((one) => one.block.parameter.key === key);
  const strange = (block?.block.writes ?? []).filter(({ offset, register, value }) => {
    const field = block?.fields.find((one) => one.offset === offset);
    return register === undefined && value.kind !== 'part' && field?.output === undefined && field?.scratch !== true;
  });
  for (const { offset, value } of strange)
    roles.asked.push(
      `[${key}+0x${offset.toString(16)}] receives ${value.key}, which is no answer. The proposal lets nothing be written there.`,
    );
  const storing = outcomes.filter(
    ({ end, stores }) => end === 'returns' && stores.some(({ base, after }) => base.key === key && after > 0),
  );
  const places = storing.map(
    ({ stores }) =>
      new Set(stores.filter(({ base, after }) => base.key === key && after > 0).map(({ offset }) => offset)),
  );
  const all = new Set(places.flatMap((one) => [...one]));
  if (places.some((one) => one.size < all.size))
    roles.asked.push(`Some ways store all of ${key}’s results and others only some of them.`);
}

function whenStored(outcomes: readonly Outcome[], roles: Roles): Condition[] {
  const bases = new Set(roles.blocks.map(({ block }) => block.parameter.key));
  const stores = ({ stores: all }: Outcome): boolean => all.some(({ base, after }) => after > 0 && bases.has(base.key));
  const returning = outcomes.filter(comesBack);
  const storing = returning.filter(stores);
  const others = returning.filter((outcome) => !stores(outcome));
  const when: Condition[] = [];
  const add = (words: readonly Condition[]): void => {
    for (const word of words) if (!when.some((one) => JSON.stringify(one) === JSON.stringify(word))) when.push(word);
  };
  for (const looked of storing[0]?.conditions ?? []) {
    const question = questionOf(looked);
    const isCommon = storing.every(({ conditions }) =>
      conditions.some((one) => questionOf(one) === question && one.text === looked.text),
    );
    const isElse = others.some(({ conditions }) =>
      conditions.some((one) => questionOf(one) === question && one.text !== looked.text),
    );
    if (isCommon && isElse) add(wordsFor(looked, roles) ?? []);
  }
  const isNullable = roles.blocks.some(
    ({ name, fields }) =>
      fields.some(({ output }) => output !== undefined) &&
      roles.parameters.some((one) => one.kind === 'block' && one.name === name && one.nullable),
  );
  if (isNullable) add(['block-given']);
  if (storing.some((outcome) => isZero(outcome, 'rax') === false))
    roles.asked.push('Results are stored also when the call failed. Is that meant?');
  return when;
}
