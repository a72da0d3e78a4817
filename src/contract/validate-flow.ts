/** What the schema cannot say of the words of control flow: names that refer to each other, values that can never be, words that exclude each other. */
import { SEAMCALL_LEAVES } from '../../models/abi/seamcall-leaves.js';
import { TDCALL_LEAVES } from '../../models/abi/tdcall-leaves.js';
import type { Condition, Contract, WrappedInstruction } from './contract.js';
import { answerTests, isComputed, leafSource } from './compiled-flow.js';
import { didYouMean, fieldNames } from './contract-names.js';
import { depthOf, leavesOf, type Source, type WrittenLeaves } from './flow-words.js';

/** Operations in each other: more is no contract any more but a program. */
const DEEPEST = 4;

type Faults = Generator<string, void>;

/** What is wrong with the words of control flow of a contract, one line each. */
export function* wrongFlow(contract: Contract): Faults {
  yield* wrongSources(contract);
  yield* wrongTests(contract);
  yield* wrongSti(contract);
  yield* wrongEnd(contract);
}

function* wrongSources(contract: Contract): Faults {
  const { inputs, parameters } = contract;
  const fields = fieldNames(contract);
  const names = parameters.map(({ name }) => name);
  for (const [register, source] of Object.entries(inputs) as [string, Source][]) {
    if (!isComputed(source)) continue;
    if (depthOf(source) > DEEPEST) yield `inputs.${register}: at most ${DEEPEST} operations in each other`;
    for (const leaf of leavesOf(source)) {
      if ('parameter' in leaf && !names.includes(leaf.parameter))
        yield `inputs.${register}: no parameter ${leaf.parameter}${didYouMean(leaf.parameter, names)}`;
      if ('field' in leaf && !fields.includes(leaf.field))
        yield `inputs.${register}: no field ${leaf.field}${didYouMean(leaf.field, fields)}`;
    }
  }
  const { rax } = inputs;
  if (rax === undefined || !isComputed(rax)) return;
  const leaf = leafSource(rax);
  if (leaf === undefined) yield 'inputs.rax: computed from exactly one parameter or field, the leaf, and constants';
  else if ('parameter' in leaf && !parameters.some(({ kind, name }) => kind === 'leaf' && name === leaf.parameter))
    yield `inputs.rax: parameter ${leaf.parameter} is not of kind leaf`;
}

function* wrongTests(contract: Contract): Faults {
  for (const test of answerTests(contract)) {
    const outside = ('is' in test ? test.is : test.isNot).find(
      (value) => test.mask !== undefined && (BigInt(value) & ~BigInt(test.mask)) !== 0n,
    );
    if (outside !== undefined)
      yield `{"answer": "${test.answer}"}: ${outside} has bits outside of the mask ${test.mask}, so that no answer has it; leave them out`;
  }
  for (const test of contract.retry?.on ?? [])
    if ('isNot' in test && test.mask !== undefined && namesAll(test.isNot, BigInt(test.mask)))
      yield `retry.on: {"answer": "${test.answer}"}: "isNot" names every value that the mask ${test.mask} has, so that nothing is tried again`;
  for (const { when } of contract.returnsWhen ?? []) yield* wrongConditions(contract, 'returnsWhen', when);
}

function namesAll(values: readonly string[], mask: bigint): boolean {
  const bits = mask.toString(2).replaceAll('0', '').length;
  return new Set(values.map(BigInt)).size >= 2 ** bits;
}

/** Names in conditions. @param where for the message */
export function* wrongConditions(
  { parameters }: Pick<Contract, 'parameters'>,
  where: string,
  conditions: readonly Condition[],
): Faults {
  const flags = Object.keys(parameters.find((parameter) => parameter.kind === 'flags')?.bits ?? {});
  const values = parameters.filter(({ kind }) => kind === 'value').map(({ name }) => name);
  for (const one of conditions) {
    if (typeof one !== 'object') continue;
    const flag = 'flag' in one ? one.flag : 'clear' in one ? one.clear : undefined;
    if (flag !== undefined && !flags.includes(flag)) yield `${where}: no flag ${flag}${didYouMean(flag, flags)}`;
    const parameter = 'nonzero' in one ? one.nonzero : 'zero' in one ? one.zero : undefined;
    if (parameter !== undefined && !values.includes(parameter))
      yield `${where}: no parameter ${parameter} of kind value${didYouMean(parameter, values)}`;
  }
}

function* wrongSti(contract: Contract): Faults {
  const { sti, stiFlag, instruction } = contract;
  if (sti === undefined) return;
  if (stiFlag !== undefined) yield 'stiFlag and sti exclude each other; leave out one';
  if (instruction === 'seamcall') yield 'sti: SEAMCALL needs no STI';
  yield* wrongConditions(contract, 'sti.when', sti.when);
}

function* wrongEnd({ neverReturns, stopsOn, returnsWhen, onFailure }: Contract): Faults {
  if (neverReturns !== true) return;
  if (stopsOn !== undefined) yield 'stopsOn: the function never returns at all ("neverReturns"); leave out one';
  if (returnsWhen !== undefined) yield 'returnsWhen: the function never returns ("neverReturns"); leave out one';
  if (onFailure !== 'stops') yield 'onFailure: a function that never returns stops: "onFailure": "stops"';
}

/** RCX may be left open only where no leaf of the contract reads it: what is wrong with a contract that says nothing of RCX. */
export function* wrongWithoutRcx({ instruction, leaves }: Contract): Faults {
  const reads =
    instruction === 'tdcall'
      ? TDCALL_LEAVES.filter(({ inputs }) => 'RCX' in inputs).map(({ leaf, name }) => ({ leaf, name }))
      : SEAMCALL_LEAVES.filter(({ inputs }) => inputs.includes('RCX')).map(({ leaf, name }) => ({ leaf, name }));
  const reading = reads.find(({ leaf }) => leaves.includes(leaf));
  if (reading !== undefined) yield `inputs: rcx must be stated: leaf ${reading.leaf} (${reading.name}) reads it`;
}

const KNOWN: Readonly<Record<WrappedInstruction, readonly number[]>> = {
  tdcall: TDCALL_LEAVES.map(({ leaf }) => leaf),
  seamcall: SEAMCALL_LEAVES.filter(({ implementedIn1501 }) => implementedIn1501).map(({ leaf }) => leaf),
};

/**
 * The leaves that a contract file means, as numbers.
 *
 * @returns a text, what is wrong, if there are none
 */
export function leavesMeant(written: WrittenLeaves, instruction: WrappedInstruction): number[] | string {
  if (Array.isArray(written)) {
    const leaves: number[] = [];
    for (const one of written) {
      const meant = typeof one === 'number' ? [one] : KNOWN[instruction].filter((leaf) => isIn([one], leaf));
      if (meant.length === 0) return `leaves: the module has no leaf ${rangeText(one)} of ${instruction.toUpperCase()}`;
      leaves.push(...meant.filter((leaf) => !leaves.includes(leaf)));
    }
    return leaves;
  }
  const { anyBut } = written;
  const left = KNOWN[instruction].filter((leaf) => !isIn(anyBut, leaf));
  return left.length > 0 ? left : 'leaves: "anyBut" leaves none that the module has';
}

type LeafList = Extract<WrittenLeaves, readonly unknown[]>;

function isIn(list: LeafList, leaf: number): boolean {
  return list.some((one) => (typeof one === 'number' ? one === leaf : one.from <= leaf && leaf <= one.to));
}

function rangeText(one: LeafList[number]): string {
  return typeof one === 'number' ? String(one) : `from ${one.from} to ${one.to}`;
}
