/** What one way through a function took for granted: conditions of a contract as the code looked at them. */
import type { CodeShape, Outcome, ParameterValue } from '../../code/code-shape.js';
import type { Condition } from '../../code/state.js';
import { entryValue, incoming } from '../../code/value.js';
import type { Contract, Parameter } from '../../contract/contract.js';
import type { ArgumentTest } from '../../contract/flow-words.js';
import { firstOnStack } from '../../x86/conventions.js';

const ALL = (1n << 64n) - 1n;

/** Where a parameter of a contract arrives. */
export function placeOf({ convention }: Pick<Contract, 'convention'>, { place }: Parameter): ParameterValue {
  if ('register' in place) return entryValue(place.register);
  return incoming(firstOnStack(convention) + 8 * place.stack);
}

export function blockOf(contract: Contract): ParameterValue | undefined {
  const parameter = contract.parameters.find(({ kind }) => kind === 'block');
  return parameter && placeOf(contract, parameter);
}

/** Where a field of the block lies, and how wide it is, in bytes. */
export function fieldPlace({ block }: Contract, name: string): { offset: number; bytes: number } | undefined {
  return placeOfField(block?.fields[name]);
}

/** A number alone is the offset of a field of eight bytes. */
function placeOfField(
  field: number | { offset: number; bytes?: number | undefined } | undefined,
): { offset: number; bytes: number } | undefined {
  if (field === undefined) return undefined;
  return typeof field === 'number' ? { offset: field, bytes: 8 } : { offset: field.offset, bytes: field.bytes ?? 8 };
}

/** Ways on which the wrapped instruction was reached and entered; those with one alone if there are any. */
export function entered({ outcomes }: CodeShape): Outcome[] {
  const reached = outcomes.filter(({ calls }) => calls.length > 0 && calls[0].entered === 'entered');
  const once = reached.filter(({ calls }) => calls.length === 1);
  return once.some(({ end }) => end === 'returns') ? once : reached;
}

/** Whether a register that was answered is 0 on this way; undefined if the code did not look. */
export function isZero({ conditions }: Outcome, register: 'rax' | 'r10'): boolean | undefined {
  const looked = conditions.filter(({ value }) => value.kind === 'answer' && value.register === register);
  for (const { relation, text, to } of looked) {
    if (relation === 'zero') return true;
    if (relation === 'not-zero') return false;
    // An error has bit 63 set (docs/abi/status-codes.md#layout).
    if (relation === 'other' && text.endsWith('is not negative')) return true;
    if (relation === 'other' && text.endsWith('is negative')) return false;
    if (relation === 'equal' && to !== undefined) return false;
  }
  return undefined;
}

/** Whether the code looks at less than all 64 bits of a register that was answered. */
export function looksAtPart({ outcomes }: CodeShape, register: 'rax' | 'r10'): boolean {
  return outcomes.some(({ conditions }) =>
    conditions.some(
      ({ value, mask, relation }) =>
        value.kind === 'answer' && value.register === register && (relation === 'other' || mask !== ALL),
    ),
  );
}

/** Whether a condition of a contract holds on this way; undefined if the code did not look. */
export function holds(
  contract: Contract,
  outcome: Outcome,
  condition: Contract['outputs']['when'][number],
): boolean | undefined {
  if (condition === 'status-success') return isZero(outcome, 'rax');
  if (condition === 'r10-success') return isZero(outcome, 'r10');
  if (condition === 'block-given') {
    const block = blockOf(contract);
    return block && bitOf(outcome.conditions, block, ALL);
  }
  return 'flag' in condition ? flagOf(contract, outcome, condition.flag) : undefined;
}

/** Whether everything that an argument asks by holds; undefined if the code did not look at all of it. */
export function allHold(contract: Contract, outcome: Outcome, tests: readonly ArgumentTest[]): boolean | undefined {
  const known = tests.map((test) => argumentHolds(contract, outcome, test));
  if (known.includes(false)) return false;
  return known.includes(undefined) ? undefined : true;
}

function argumentHolds(contract: Contract, outcome: Outcome, test: ArgumentTest): boolean | undefined {
  if ('flag' in test) return flagOf(contract, outcome, test.flag);
  if ('clear' in test) return negated(flagOf(contract, outcome, test.clear));
  const name = 'nonzero' in test ? test.nonzero : test.zero;
  const parameter = contract.parameters.find((each) => each.name === name);
  const isSet = parameter && bitOf(outcome.conditions, placeOf(contract, parameter), ALL);
  return 'nonzero' in test ? isSet : negated(isSet);
}

function negated(known: boolean | undefined): boolean | undefined {
  return known === undefined ? undefined : !known;
}

function flagOf(contract: Contract, { conditions }: Outcome, flag: string): boolean | undefined {
  const flags = contract.parameters.find((parameter) => parameter.kind === 'flags');
  const bit = flags?.bits[flag];
  if (flags === undefined || bit === undefined) return undefined;
  const all = Object.values(flags.bits).reduce((sum, each) => sum | BigInt(each), 0n);
  return bitOf(conditions, placeOf(contract, flags), BigInt(bit), all);
}

/**
 * Whether bits of a parameter are set: exactly these were tested, or all bits are known to be 0.
 *
 * @param possible bits that a caller may set at all
 */
function bitOf(
  conditions: readonly Condition[],
  { key }: ParameterValue,
  bits: bigint,
  possible = ALL,
): boolean | undefined {
  for (const { value, mask, relation } of conditions) {
    if (value.key !== key) continue;
    if (relation === 'zero' && (mask & bits) === bits) return false;
    if (relation === 'not-zero' && (mask & possible) === bits) return true;
  }
  return undefined;
}

/** Conditions of a contract, for people. */
export function conditionText(condition: Contract['outputs']['when'][number]): string {
  if (typeof condition === 'object') return 'flag' in condition ? `flag ${condition.flag}` : JSON.stringify(condition);
  return { 'block-given': 'NULL', 'status-success': 'the status', 'r10-success': 'R10' }[condition];
}
