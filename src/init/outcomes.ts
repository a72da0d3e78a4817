/** How the function ends, by what was answered: what it returns, and when it never does. */
import type { Outcome } from '../code/code-shape.js';
import type { Value } from '../code/value.js';
import type { Condition, Contract } from '../contract/contract.js';
import type { Returns } from '../contract/data-words.js';
import type { AnswerTest } from '../contract/flow-words.js';
import { answerTest, comesBack, isBothStatuses, statusOn, wordsFor } from './conditions.js';
import { answerOf } from './pieces.js';
import { CannotSay } from './proposal.js';
import type { Roles } from './roles.js';

type Ends = Pick<Contract, 'returns' | 'returnsWhen' | 'onFailure' | 'stopsOn' | 'neverReturns' | 'loopStops'>;

const STOPS: readonly Outcome['end'][] = ['traps', 'noreturn', 'loops'];
const NOT_ZERO: AnswerTest = { answer: 'rax', isNot: ['0x0'] };

/** @param outcomes ways on which the instruction was executed once, and entered the module */
export function endsOf(outcomes: readonly Outcome[], roles: Roles): Ends {
  const { asked, frame } = roles;
  const returning = outcomes.filter(comesBack);
  const stopping = outcomes.filter(({ end }) => STOPS.includes(end));
  for (const { end, detail } of outcomes)
    if (end !== 'returns' && !STOPS.includes(end))
      asked.push(`One way ends as no function does (${end}${detail === undefined ? '' : `, ${detail}`}).`);
  const loopStops = stopping.some(({ end }) => end === 'loops') ? { loopStops: true as const } : {};
  if (stopping.some(({ end }) => end === 'loops'))
    asked.push('It ends in a loop in which nothing happens. Is that meant as a stop?');
  if (returning.length === 0) {
    if (stopping.length === 0) throw new CannotSay('no way through it returns or stops');
    asked.push('It never returns, whatever is answered.');
    return { returns: 'status', onFailure: 'stops', neverReturns: true, ...loopStops };
  }
  const looksAtStatus = outcomes.some(looksAtRax);
  if (
    !looksAtStatus &&
    frame.leaves[0] === 0 &&
    !returning.every(({ registers }) => answerOf(registers[0])?.register === 'rax')
  )
    asked.push('The completion status in RAX is looked at nowhere: when the module refuses the call, nobody notices.');
  const stops = stopping.some(isWholeFailure) && !returning.some(isWholeFailure);
  const others = stopping.filter((outcome) => !(stops && isWholeFailure(outcome)));
  const stopsOn = others.map((outcome) => stopTest(outcome));
  return {
    ...resultOn(returning, roles),
    onFailure: stops ? 'stops' : 'returns',
    ...(stopsOn.length > 0 && { stopsOn: distinct(stopsOn) }),
    ...loopStops,
  };
}

function looksAtRax({ conditions }: Outcome): boolean {
  return conditions.some((looked) => isBothStatuses(looked.value) || answerTest(looked)?.answer === 'rax');
}

/** RAX is not 0, and that is all that is known of it. */
function isWholeFailure(outcome: Outcome): boolean {
  return outcome.conditions.some((looked) => JSON.stringify(answerTest(looked)) === JSON.stringify(NOT_ZERO));
}

function stopTest({ conditions, end }: Outcome): AnswerTest {
  const test = conditions.map(answerTest).findLast((one) => one !== undefined);
  if (test === undefined) throw new CannotSay(`it stops on a way (${end}) that no answer leads to`);
  return test;
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

/** What one way returns, and whether the other side chose it. */
interface Way {
  readonly outcome: Outcome;
  readonly word: Returns;
}

function resultOn(returning: readonly Outcome[], roles: Roles): Pick<Ends, 'returns' | 'returnsWhen'> {
  const ways = returning.map((outcome) => ({ outcome, word: wordFor(outcome.registers[0], roles.asked) }));
  const words = distinct(ways.map(({ word }) => word));
  if (words.length === 1) {
    askOfConstant(words[0], roles.asked);
    return { returns: words[0] };
  }
  const plain = statusOrElse(ways) ?? boolOf(ways);
  if (plain !== undefined) return { returns: plain };
  return byCondition(ways, roles);
}

function askOfConstant(word: Returns, asked: string[]): void {
  if (typeof word === 'object' && 'constant' in word && BigInt(word.constant) !== 0n)
    asked.push(
      `RAX is ${word.constant} at every return. It is taken for the result; if the function is void, say "returns": "nothing".`,
    );
}

function wordFor(value: Value, asked: string[]): Returns {
  const answered = answerOf(value);
  if (answered !== undefined && answered.register !== 'rsp') {
    const { register, bytes } = answered;
    if (bytes === 8) return register === 'rax' ? 'status' : register === 'r10' ? 'r10' : { register };
    return { register, bytes };
  }
  const fixed = constantOf(value);
  if (fixed !== undefined) return fixed;
  asked.push(
    `RAX is ${value.key} at the return, which is no answer and no constant. It is taken for no result at all.`,
  );
  return 'nothing';
}

/** A constant, or one in the low byte or word that SETcc and MOV leave. */
function constantOf(value: Value): Extract<Returns, { constant: string }> | undefined {
  if (value.kind === 'constant') return { constant: `0x${value.value.toString(16)}` };
  if (value.kind === 'part') {
    const inner = constantOf(value.of);
    return inner?.bytes === value.bits / 8 ? { constant: inner.constant } : undefined;
  }
  if (value.kind !== 'computed') return undefined;
  const bits = /^insert(8|16)$/.exec(value.operation)?.[1];
  const low = value.operands[1];
  if (bits === undefined || low?.kind !== 'constant') return undefined;
  return { constant: `0x${low.value.toString(16)}`, bytes: (Number(bits) / 8) as 1 | 2 };
}

/** The status where it is not 0, else one other register. */
function statusOrElse(ways: readonly Way[]): Returns | undefined {
  const failed = ways.filter(({ outcome }) => statusOn(outcome, 'rax') === false);
  const done = ways.filter(({ outcome }) => statusOn(outcome, 'rax') === true);
  if (failed.length + done.length < ways.length || failed.some(({ word }) => word !== 'status')) return undefined;
  const words = distinct(done.map(({ word }) => word));
  if (words.length !== 1 || failed.length === 0) return undefined;
  const [word] = words;
  if (word === 'r10') return 'status-or-r10';
  if (typeof word === 'object' && 'register' in word && word.register !== 'rax' && word.bytes === undefined)
    return { statusOr: word.register };
  return undefined;
}

/** 1 for success and 0 for failure, or the other way round. */
function boolOf(ways: readonly Way[]): Returns | undefined {
  const values = ways.map(({ word }) => (typeof word === 'object' && 'constant' in word ? word : undefined));
  if (values.some((word) => word === undefined || (word.constant !== '0x0' && word.constant !== '0x1')))
    return undefined;
  const conditions = ways.flatMap(({ outcome }) => outcome.conditions);
  const rax = conditions.some((looked) => isBothStatuses(looked.value) || answerTest(looked)?.answer === 'rax');
  const r10 = conditions.some((looked) => isBothStatuses(looked.value) || answerTest(looked)?.answer === 'r10');
  const of = rax && r10 ? 'status-or-r10' : rax ? 'status' : r10 ? 'r10' : undefined;
  if (of === undefined) return undefined;
  const registers = [...(rax ? (['rax'] as const) : []), ...(r10 ? (['r10'] as const) : [])];
  const isSuccess = (way: Outcome): boolean => registers.every((register) => statusOn(way, register) === true);
  const said = ways.map(({ outcome, word }) => ({
    success: isSuccess(outcome),
    one: (word as { constant: string }).constant === '0x1',
  }));
  // A whole register that holds 0 or 1 is an int: what lies above is nobody's.
  const bytes = values[0]?.bytes === undefined ? { bytes: 4 as const } : { bytes: values[0].bytes };
  if (said.every(({ success, one }) => success === one)) return { isZero: of, ...bytes };
  if (said.every(({ success, one }) => success !== one)) return { isNotZero: of, ...bytes };
  return undefined;
}

/** One result under each way's conditions, the last one for whatever is left. */
function byCondition(ways: readonly Way[], roles: Roles): Pick<Ends, 'returns' | 'returnsWhen'> {
  const cases = distinct(
    ways.map(({ outcome, word }) => ({
      when: outcome.conditions.flatMap((looked) => {
        const words = wordsFor(looked, roles);
        if (words === undefined)
          throw new CannotSay(`what it returns depends on whether ${looked.text}, for which a contract has no word`);
        return words;
      }) satisfies Condition[],
      returns: word,
    })),
  );
  const last = cases.at(-1);
  if (last === undefined || cases.length > 9 || cases.some(({ when }) => when.length === 0 || when.length > 8))
    throw new CannotSay('it returns something else on too many ways');
  return { returns: last.returns, returnsWhen: cases.slice(0, -1) };
}
