/** What the code looked at, in the words of a contract. */
import type { Outcome } from '../code/code-shape.js';
import type { Condition as Looked } from '../code/state.js';
import type { Value } from '../code/value.js';
import type { Condition } from '../contract/contract.js';
import type { AnswerTest } from '../contract/flow-words.js';
import { answerOf } from './pieces.js';
import type { Roles } from './roles.js';
import { flagName } from './roles.js';

const ALL = (1n << 64n) - 1n;
const HIGH = 0xffff_ffff_0000_0000n;
const SIGN = 1n << 63n;

/** What a condition of the code is of: equal keys are the same question with different answers. */
export function questionOf({ value, mask }: Looked): string {
  return `${value.key} & ${mask}`;
}

/** A test of one register of the first answer; undefined for anything else. */
export function answerTest({ value, mask, relation, to, text }: Looked): AnswerTest | undefined {
  const part = partOfAnswer(value, mask);
  if (part === undefined) return undefined;
  const { register, shift, looked } = part;
  const bits = looked === ALL ? {} : { mask: hex(looked) };
  const number = to?.kind === 'constant' ? to.value << shift : undefined;
  if (relation === 'zero') return { answer: register, is: [hex(0n)], ...bits };
  if (relation === 'not-zero') return { answer: register, isNot: [hex(0n)], ...bits };
  if (relation === 'equal' && number !== undefined) return { answer: register, is: [hex(number)], ...bits };
  if (relation === 'not-equal' && number !== undefined) return { answer: register, isNot: [hex(number)], ...bits };
  if (shift !== 0n || !text.endsWith(' negative')) return undefined;
  const list = [hex(SIGN)];
  return text.endsWith('is not negative')
    ? { answer: register, isNot: list, mask: hex(SIGN) }
    : { answer: register, is: list, mask: hex(SIGN) };
}

type Answered = AnswerTest['answer'];

/**
 * Statuses have 64 bits (docs/abi/status-codes.md#layout). Code that looks at the low half of RAX or R10 is judged as if it
 * looked at all of it; the upper half of RAX is the code of the status without what the operand adds.
 */
function partOfAnswer(value: Value, mask: bigint): { register: Answered; shift: bigint; looked: bigint } | undefined {
  if (value.kind === 'answer' && value.call === 0 && value.register !== 'rsp') {
    const isStatus = value.register === 'rax' || value.register === 'r10';
    const isLow = mask === 0xffff_ffffn;
    return { register: value.register, shift: 0n, looked: isStatus && isLow ? ALL : mask };
  }
  if (value.kind === 'part' && value.bits === 32) return partOfAnswer(value.of, mask);
  if (value.kind !== 'computed' || value.operation !== 'shr') return undefined;
  const [of, by] = value.operands;
  if (of?.kind !== 'answer' || of.call !== 0 || by?.kind !== 'constant' || by.value !== 32n || of.register === 'rsp')
    return undefined;
  return mask === 0xffff_ffffn ? { register: of.register, shift: 32n, looked: HIGH } : undefined;
}

/** `or(RAX, R10)`: both are 0, or not. The low halves alone are taken for the whole, as of one of them. */
export function isBothStatuses(value: Value): boolean {
  if (value.kind === 'part') return isBothStatuses(value.of);
  if (value.kind !== 'computed' || value.operation !== 'or') return false;
  const registers = value.operands.map((one) => answerOf(one)?.register);
  return registers.length === 2 && registers.includes('rax') && registers.includes('r10');
}

/** The conditions of a contract that one of the code is; undefined if no word says it. */
export function wordsFor(looked: Looked, roles: Roles): Condition[] | undefined {
  const { value, relation } = looked;
  if (isBothStatuses(value)) return relation === 'zero' ? ['status-success', 'r10-success'] : undefined;
  const test = answerTest(looked);
  if (test !== undefined) return [shortest(test)];
  const parameter = roles.parameters.find(({ name }) => name === parameterNameIn(value, roles));
  if (parameter === undefined || (relation !== 'zero' && relation !== 'not-zero')) return undefined;
  if (parameter.kind === 'block') return relation === 'zero' ? undefined : ['block-given'];
  if (parameter.kind === 'flags') {
    const flag = flagName(looked.mask === 0xffn || looked.mask === ALL ? 1n : looked.mask);
    return Object.hasOwn(parameter.bits, flag) ? [relation === 'zero' ? { clear: flag } : { flag }] : undefined;
  }
  return [relation === 'zero' ? { zero: parameter.name } : { nonzero: parameter.name }];
}

function parameterNameIn(value: Value, roles: Roles): string | undefined {
  return value.kind === 'entry' || value.kind === 'incoming' ? roles.parameterName(value) : undefined;
}

function shortest(test: AnswerTest): Condition {
  const isZero = 'is' in test && test.mask === undefined && test.is.length === 1 && test.is[0] === '0x0';
  if (isZero && test.answer === 'rax') return 'status-success';
  if (isZero && test.answer === 'r10') return 'r10-success';
  return test;
}

/** Whether a way is one of a status that is 0, or is not: by RAX alone, or by RAX and R10 together. */
export function statusOn({ conditions }: Outcome, register: 'rax' | 'r10'): boolean | undefined {
  for (const looked of conditions) {
    if (isBothStatuses(looked.value)) {
      if (looked.relation === 'zero') return true;
      continue;
    }
    const test = answerTest(looked);
    if (test === undefined || test.answer !== register || test.mask !== undefined) continue;
    const [number] = 'is' in test ? test.is : test.isNot;
    if (number === '0x0') return 'is' in test;
    if ('is' in test) return false;
  }
  return undefined;
}

function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

/** Whether a way leads back to the caller, or would if the stack were right: what it returns and stores is meant either way. */
export function comesBack({ end }: Outcome): boolean {
  return end === 'returns' || end === 'returns-elsewhere';
}
