/** The words of control flow with their names resolved: which values of an answer select a branch, what a computed input passes on. */
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';
import type { Contract, Parameter } from './contract.js';
import { resultOf } from './result-word.js';
import { type AnswerTest, type ArgumentTest, leavesOf, operandsOf, type Source } from './flow-words.js';

/** One value that a test of an answer names: the register has it in the bits of the mask. Halves. */
export interface NamedValue {
  low: number;
  high: number;
  maskLow: number;
  maskHigh: number;
}

/** Which bits of a caller's value a computed input passes on, and in which register. */
export interface PassedPart {
  /** Index of the field, -1 for a parameter. */
  field: number;
  /** Of a parameter. */
  place?: Parameter['place'];
  /** One bit: the register. */
  register: number;
  low: number;
  high: number;
}

export interface CompiledFlow {
  /** By register number: the values that select a branch which the contract names; empty where there are none. */
  namedValues: readonly (readonly NamedValue[])[];
  /** Of computed inputs. */
  passedParts: readonly PassedPart[];
  /** Parameters of kind `value` that decide whether something happens, by being 0 or not. */
  deciding: readonly Parameter['place'][];
  /** When STI is executed, and IF afterwards; absent: never. */
  sti?: { when: readonly ArgumentTest[]; ifAfter: 'set' | 'restored' | 'clear' };
  /** Whether the contract has a word that bulk runs do not know: all its cases go to the reference. */
  referenceOnly: boolean;
}

const ONES = (1n << 64n) - 1n;

/** @param testsResult whether a result is made by whether R10 is 0 */
export function compileFlow(
  contract: Contract,
  fieldIndex: ReadonlyMap<string, number>,
  testsResult: boolean,
): CompiledFlow {
  const { sti, stiFlag, inputs } = contract;
  const issued =
    sti !== undefined
      ? { when: sti.when, ifAfter: sti.ifAfter ?? ('set' as const) }
      : stiFlag !== undefined
        ? { when: [{ flag: stiFlag }], ifAfter: 'set' as const }
        : undefined;
  const computed = (Object.entries(inputs) as [RegisterName, Source][]).filter(([, source]) => isComputed(source));
  return {
    namedValues: namedValues(contract, testsResult),
    passedParts: computed.flatMap(([register, source]) => passedParts(contract, fieldIndex, register, source)),
    deciding: decidingPlaces(contract),
    ...(issued && { sti: issued }),
    referenceOnly: usesFlowWords(contract) || computed.length > 0,
  };
}

export function isComputed(source: Source): boolean {
  return operandsOf(source).length > 0;
}

/** All tests of answers in a contract. */
export function answerTests(contract: Contract): AnswerTest[] {
  const { outputs, stopsOn = [], retry, branchesOn = [], returnsWhen = [] } = contract;
  const conditions = [...outputs.when, ...returnsWhen.flatMap(({ when }) => when)];
  return [
    ...stopsOn,
    ...(retry?.on ?? []),
    ...branchesOn,
    ...conditions.filter((one) => typeof one === 'object' && 'answer' in one),
  ];
}

function namedValues(contract: Contract, testsResult: boolean): NamedValue[][] {
  const named = Array.from({ length: 16 }, (): NamedValue[] => []);
  const { outputs, returnsWhen = [] } = contract;
  // R10 = 0: what `r10-success` names.
  const success: AnswerTest = { answer: 'r10', is: ['0x0'] };
  const testsR10 = testsResult || returnsWhen.some(({ returns }) => resultOf({ returns }).testsR10);
  const namesSuccess =
    testsR10 || [outputs.when, ...returnsWhen.map(({ when }) => when)].some((when) => when.includes('r10-success'));
  for (const test of [...(namesSuccess ? [success] : []), ...answerTests(contract)]) {
    const mask = BigInt(test.mask ?? ONES);
    for (const value of 'is' in test ? test.is : test.isNot)
      named[REGISTER_INDEX[test.answer]].push({
        ...halves(BigInt(value) & mask),
        maskLow: halves(mask).low,
        maskHigh: halves(mask).high,
      });
  }
  return named;
}

function decidingPlaces({ parameters, sti, outputs, returnsWhen = [] }: Contract): Parameter['place'][] {
  const conditions = [...(sti?.when ?? []), ...outputs.when, ...returnsWhen.flatMap(({ when }) => when)];
  const names = new Set(
    conditions.flatMap((one) =>
      typeof one !== 'object' ? [] : 'nonzero' in one ? [one.nonzero] : 'zero' in one ? [one.zero] : [],
    ),
  );
  return parameters.filter(({ name, kind }) => kind === 'value' && names.has(name)).map(({ place }) => place);
}

function usesFlowWords(contract: Contract): boolean {
  const { outputs, stopsOn, retry, branchesOn, returnsWhen, neverReturns, sti, interruptsAtCall } = contract;
  const newWords = [stopsOn, retry, branchesOn, returnsWhen, neverReturns, sti, interruptsAtCall].some(
    (word) => word !== undefined,
  );
  return newWords || outputs.when.some((one) => typeof one === 'object' && !('flag' in one));
}

function passedParts(
  { parameters }: Contract,
  fieldIndex: ReadonlyMap<string, number>,
  register: RegisterName,
  source: Source,
): PassedPart[] {
  const parts: PassedPart[] = [];
  demand(source, ONES, (leaf, bits) => {
    const where = { register: 1 << REGISTER_INDEX[register], ...halves(bits) };
    if ('field' in leaf) parts.push({ field: fieldIndex.get(leaf.field) ?? -1, ...where });
    if (!('parameter' in leaf)) return;
    const place = parameters.find(({ name }) => name === leaf.parameter)?.place;
    if (place !== undefined) parts.push({ field: -1, place, ...where });
  });
  return parts;
}

/** Which bits of the leaves of a source can change any of the bits `wanted` of its value. */
function demand(source: Source, wanted: bigint, visit: (leaf: Source, bits: bigint) => void): void {
  if (!isComputed(source)) return visit(source, wanted);
  for (const operand of operandsOf(source)) demand(operand, wantedOf(source, operand, wanted), visit);
}

function wantedOf(source: Source, operand: Source, wanted: bigint): bigint {
  // A constant beside the operand hides bits of it.
  if ('and' in source) return constantsBeside(source.and, operand).reduce((bits, value) => bits & value, wanted);
  if ('or' in source) return constantsBeside(source.or, operand).reduce((bits, value) => bits & ~value, wanted);
  if ('shl' in source) return wanted >> BigInt(source.by);
  if ('shr' in source) return (wanted << BigInt(source.by)) & ONES;
  if ('low' in source) return wanted & ((1n << BigInt(source.bits)) - 1n);
  if ('signed' in source) {
    const width = BigInt(source.bits);
    const sign = wanted >> (width - 1n) === 0n ? 0n : 1n << (width - 1n);
    return (wanted & ((1n << width) - 1n)) | sign;
  }
  // A carry goes upward only.
  return (1n << BigInt(wanted === 0n ? 0 : wanted.toString(2).length)) - 1n;
}

function constantsBeside(operands: readonly Source[], operand: Source): bigint[] {
  return operands.flatMap((other) => (other !== operand && 'constant' in other ? [BigInt(other.constant)] : []));
}

function halves(value: bigint): { low: number; high: number } {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)) };
}

/** The parameter or field that a source for RAX takes the leaf from, constants beside it left out; undefined where there is none. */
export function leafSource(source: Source): Source | undefined {
  const variable = leavesOf(source).filter((leaf) => !('constant' in leaf));
  return variable.length === 1 ? variable[0] : undefined;
}
