/** What is stored and returned after the wrapped instruction, in the code and in a contract. */
import type { CodeShape, Outcome } from '../../code/code-shape.js';
import type { Store } from '../../code/state.js';
import type { End } from '../../code/ways.js';
import { isUnknown, type Value } from '../../code/value.js';
import type { Contract } from '../../contract/contract.js';
import { REGISTER_INDEX, type RegisterName } from '../../x86/registers.js';
import { type Comparison, comparison, upper } from './difference.js';
import { blockOf, conditionText, entered, fieldPlace, holds, isZero } from './truths.js';

type Found = [string, number][];

/** Ends at which the stores of a way are done. */
const DONE: readonly End[] = ['returns', 'returns-elsewhere', 'computed-jump', 'loops'];

/** Ways whose stores the contract speaks of: after a failed call of a function that then stops there are none. */
function storing(contract: Contract, shape: CodeShape): Outcome[] {
  const isStopped = (outcome: Outcome): boolean => contract.onFailure === 'stops' && isZero(outcome, 'rax') === false;
  return entered(shape).filter((outcome) => DONE.includes(outcome.end) && !isStopped(outcome));
}

/** The base that the outputs are stored behind: the block, or on no way the block and mostly something else. */
function baseOfOutputs(contract: Contract, outcomes: readonly Outcome[]): string | undefined {
  const block = blockOf(contract)?.key;
  const stores = outcomes.flatMap((outcome) => outcome.stores.filter(({ after }) => after > 0));
  if (stores.some(({ base }) => base.key === block)) return block;
  const fields = Object.entries(contract.outputs.fields);
  const right = stores.filter(({ offset, value }) =>
    fields.some(
      ([name, register]) => fieldPlace(contract, name)?.offset === offset && value.key === `answer ${register}`,
    ),
  );
  const counts = new Map<string, number>();
  for (const { base } of right) counts.set(base.key, (counts.get(base.key) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most !== undefined && 2 * most[1] > fields.length ? most[0] : block;
}

/** Which fields receive which registers. */
export function compareOutputs(contract: Contract, shape: CodeShape): Comparison {
  const fields = Object.entries(contract.outputs.fields);
  const found: Found = [];
  const outcomes = storing(contract, shape);
  const base = baseOfOutputs(contract, outcomes);
  if (base !== blockOf(contract)?.key) found.push([`outputs are stored behind ${base}`, 3]);
  for (const outcome of outcomes.filter((each) => mayStore(contract, each))) {
    const stores = storesOf(outcome, base);
    if (stores.length === 0 && outcomes.some((other) => storesOf(other, base).length > 0)) continue;
    for (const [name, register] of fields) {
      const last = stores.findLast(({ offset }) => offset === fieldPlace(contract, name)?.offset);
      if (
        last !== undefined &&
        last.bytes === fieldPlace(contract, name)?.bytes &&
        isAfter(outcome, register, last.value)
      )
        continue;
      const is = last === undefined ? 'is not stored' : `receives ${last.value.key}`;
      found.push([`field ${name} ${is}, not ${upper(register)}`, 1]);
    }
  }
  for (const { stores } of outcomes) for (const store of stores) foreignStore(contract, store, base, found);
  return comparison('outputs', Math.max(2, fields.length), found);
}

/** Whether a value is what a register holds after the instruction: of one that is not exposed, what it held before. */
function isAfter({ calls }: Outcome, register: RegisterName, { key }: Value): boolean {
  const { exposed, registers } = calls[0];
  if (exposed === undefined || exposed.includes(register)) return key === `answer ${register}`;
  return key === registers[REGISTER_INDEX[register]].key;
}

/** Stores to what is no output. */
function foreignStore(
  contract: Contract,
  { base, offset, after }: Store,
  outputs: string | undefined,
  found: Found,
): void {
  if (base.key !== outputs) {
    found.push([`something is stored behind ${base.key}`, 2]);
    return;
  }
  const place = `[${base.key}+0x${offset.toString(16)}]`;
  if (after === 0) {
    if (contract.blockWhenStopped !== 'any') found.push([`${place} is stored before the call`, 1]);
    return;
  }
  const isOutput = Object.keys(contract.outputs.fields).some((name) => fieldPlace(contract, name)?.offset === offset);
  if (!isOutput) found.push([`${place} is stored, which is no output`, 1]);
}

function storesOf({ stores }: Outcome, wanted: string | undefined): Store[] {
  return stores.filter(({ base, after }) => after > 0 && base.key === wanted);
}

/** Whether the contract wants the outputs stored on this way, or the code did not look. */
function mayStore(contract: Contract, outcome: Outcome): boolean {
  return contract.outputs.when.every((condition) => holds(contract, outcome, condition) !== false);
}

/** When the outputs are stored. */
export function compareConditions(contract: Contract, shape: CodeShape): Comparison {
  const { when, fields } = contract.outputs;
  const found: Found = [];
  if (Object.keys(fields).length === 0) return comparison('conditions', 0, []);
  const outcomes = storing(contract, shape);
  const base = baseOfOutputs(contract, outcomes);
  // Why a way was taken on flags that nothing is known of says nothing.
  const told = outcomes.filter(({ conditions }) => !conditions.some(({ value }) => isUnknown(value)));
  const returning = told.filter(({ end }) => end === 'returns');
  for (const outcome of returning.length > 0 ? returning : told) {
    const stores = storesOf(outcome, base).length > 0;
    const way = outcome.conditions.map(({ text }) => text).join(' and ') || 'nothing is looked at';
    if (!mayStore(contract, outcome)) {
      if (stores) found.push([`outputs are stored where ${way}`, 2]);
      continue;
    }
    const notSeen = when.filter((condition) => holds(contract, outcome, condition) === undefined);
    // What keeps it from storing is then none of the contract's conditions.
    if (!stores) found.push([`nothing is stored where ${way}`, 2]);
    else if (notSeen.length > 0)
      found.push([`outputs are stored without looking at ${notSeen.map(conditionText).join(', ')}`, 2]);
  }
  return comparison('conditions', 2, found);
}

/** RAX at the return. */
export function compareReturns(contract: Contract, shape: CodeShape): Comparison {
  const found: Found = [];
  for (const outcome of entered(shape)) {
    const isFailure = isZero(outcome, 'rax') === false;
    if (outcome.end !== 'returns' || (isFailure && contract.onFailure === 'stops')) continue;
    const wanted =
      contract.returns === 'status' || (contract.returns === 'status-or-r10' && isFailure)
        ? 'answer rax'
        : 'answer r10';
    const [rax] = outcome.registers;
    if (rax.key !== wanted) found.push([`RAX is ${rax.key} at the return, not ${wanted}`, 2]);
  }
  if (!shape.outcomes.some(({ end }) => end === 'returns')) found.push(['it never returns', 2]);
  return comparison('returns', 3, found);
}
