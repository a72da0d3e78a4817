/**
 * Companion scenarios: the same case with exactly those values changed that must not matter. With key 0 every changed
 * value is the complement of the old one, so that each single bit differs; but the XOR of two complements is that of
 * the originals, so with any other key the bits to change are picked by a hash of the key and the slot.
 */
import type { CompiledContract } from '../contract/compiled.js';
import type { NamedValue } from '../contract/compiled-flow.js';
import { highHalf, lowHalf, readHalves, writeHalves } from '../halves.js';
import { fieldSlot, parameterSlot, type Scenario, SLOT } from './layout.js';
import { isAliased } from './blocks.js';
import { valueBits } from './narrow.js';
import { ROLE } from './roles.js';
import type { ScenarioSpace } from './space.js';

/**
 * Companion G: every guest value that the contract does not pass to the host. Which block fields and plain parameters those
 * are depends on the mask of the case. (Poison and addresses change as well: the harness runs it in its second memory.)
 *
 * @param exposed mask of the registers that the base run exposed
 */
export function changeGuestSecrets(
  scenario: Scenario,
  space: ScenarioSpace,
  exposed: number,
  companion: Scenario,
): void {
  companion.set(scenario);
  const { roles, compiled } = space;
  for (let slot = 0; slot < roles.length; slot++) if (roles[slot] === ROLE.secret) change(companion, slot);
  for (let field = 0; field < compiled.fields.length; field++) {
    const register = compiled.fieldRegister[field];
    // RCX holds the mask, which the host sees; RAX the leaf, which decides whether there is a host.
    const passed =
      register >= 0 &&
      (field === compiled.maskField || field === compiled.leafField || ((exposed >>> register) & 1) === 1);
    const slot = fieldSlot(field);
    // Of two fields in one place only one is there.
    if (!passed && roles[slot] === ROLE.argument && !isAliased(scenario, compiled, compiled.fields[field].block))
      changeUnpassed(companion, slot, compiled, exposed);
  }
  // Flags and leaf decide branches; of a plain value the contract says where it goes, and no more.
  for (const { place, registers } of compiled.plainParameters)
    if ((registers & exposed) === 0) changeUnpassed(companion, parameterSlot(place), compiled, exposed);
  changeUpperBits(scenario, space, exposed, companion);
  changeOpenFlags(space, companion);
  for (const place of compiled.deciding) keepZeroness(scenario, companion, parameterSlot(place), compiled);
}

/** Changes the bits of a value that no computed input passes to the host. */
function changeUnpassed(companion: Scenario, slot: number, { passedParts }: CompiledContract, exposed: number): void {
  const low = companion[2 * slot];
  const high = companion[2 * slot + 1];
  change(companion, slot);
  for (const part of passedParts) {
    if ((part.register & exposed) === 0 || passedSlot(part) !== slot) continue;
    companion[2 * slot] = (companion[2 * slot] & ~part.low) | (low & part.low);
    companion[2 * slot + 1] = (companion[2 * slot + 1] & ~part.high) | (high & part.high);
  }
}

function passedSlot({ field, place }: CompiledContract['passedParts'][number]): number {
  return place === undefined ? fieldSlot(field) : parameterSlot(place);
}

/** Whether the parameter is 0 decides a branch that the contract names: 0 stays, and nothing else becomes 0. */
function keepZeroness(
  scenario: Scenario,
  companion: Scenario,
  slot: number,
  { narrowParameters }: CompiledContract,
): void {
  const narrow = narrowParameters.find(({ parameter }) => parameterSlot(parameter.place) === slot);
  const bits = valueBits(narrow?.bytes ?? 8);
  const before = readHalves(scenario, 2 * slot) & bits;
  const after = readHalves(companion, 2 * slot);
  if (before === 0n) writeHalves(companion, 2 * slot, after & ~bits);
  else if ((after & bits) === 0n) writeHalves(companion, 2 * slot, after | 1n);
}

/** Bits above a narrow parameter are nobody's: what its value was changed to, or is, stays. */
function changeUpperBits(scenario: Scenario, { compiled }: ScenarioSpace, exposed: number, companion: Scenario): void {
  for (const { parameter, bytes } of compiled.narrowParameters) {
    const slot = parameterSlot(parameter.place);
    const plain = compiled.plainParameters.find(({ place }) => place === parameter.place);
    if (plain !== undefined && (plain.registers & exposed) === 0) continue;
    change(companion, slot);
    const value = lowHalf(valueBits(bytes));
    companion[2 * slot] = (scenario[2 * slot] & value) | (companion[2 * slot] & ~value);
  }
}

/** Bits of the flags argument that no flag has are nobody's. */
function changeOpenFlags({ compiled, flagsSlot }: ScenarioSpace, companion: Scenario): void {
  const { openFlags } = compiled;
  if (openFlags === 0n) return;
  const low = companion[2 * flagsSlot];
  const high = companion[2 * flagsSlot + 1];
  change(companion, flagsSlot);
  companion[2 * flagsSlot] = low ^ ((low ^ companion[2 * flagsSlot]) & lowHalf(openFlags));
  companion[2 * flagsSlot + 1] = high ^ ((high ^ companion[2 * flagsSlot + 1]) & highHalf(openFlags));
}

/**
 * Companion H: every value that the host, or a TD, chose. A value that the contract names stays, in the bits that it names, so
 * that the branch which it selects is the same one; any other becomes another that the contract does not name either.
 */
export function changeHostValues(scenario: Scenario, space: ScenarioSpace, companion: Scenario): void {
  companion.set(scenario);
  const { namedValues } = space.compiled;
  for (let register = 0; register < 16; register++) {
    const slot = SLOT.answer[register];
    if (slot < 0) continue;
    if (namedValues[register].length > 0) changeNamed(companion, slot, namedValues[register]);
    else change(companion, slot);
  }
}

function changeNamed(scenario: Scenario, slot: number, named: readonly NamedValue[]): void {
  const low = scenario[2 * slot];
  const high = scenario[2 * slot + 1];
  change(scenario, slot);
  // The complement of all ones is 0, which would be success.
  for (let step = 0; step <= named.length + 1; step++) {
    if (isSame(scenario, slot, low, high, named)) return;
    const next = scenario[2 * slot] + 1;
    scenario[2 * slot] = next;
    if (next === 0) scenario[2 * slot + 1]++;
  }
  keepNamed(scenario, slot, low, high, named);
}

/** Whether a value differs from the old one, and is named by the same names. */
function isSame(scenario: Scenario, slot: number, low: number, high: number, named: readonly NamedValue[]): boolean {
  const newLow = scenario[2 * slot];
  const newHigh = scenario[2 * slot + 1];
  return (
    (newLow !== low || newHigh !== high) &&
    named.every((one) => isNamed(one, newLow, newHigh) === isNamed(one, low, high))
  );
}

function isNamed({ low, high, maskLow, maskHigh }: NamedValue, valueLow: number, valueHigh: number): boolean {
  return (valueLow & maskLow) === low && (valueHigh & maskHigh) === high;
}

/** Only bits that no name of a part of the value speaks of change; nothing, where that would still make it another one's. */
function keepNamed(scenario: Scenario, slot: number, low: number, high: number, named: readonly NamedValue[]): void {
  scenario[2 * slot] = low;
  scenario[2 * slot + 1] = high;
  const free = (masks: readonly number[]): number => masks.reduce((bits, mask) => bits & ~mask, -1);
  const parts = named.filter(({ maskLow, maskHigh }) => (maskLow & maskHigh) !== -1);
  const freeLow = free(parts.map(({ maskLow }) => maskLow));
  const freeHigh = free(parts.map(({ maskHigh }) => maskHigh));
  change(scenario, slot);
  scenario[2 * slot] = (scenario[2 * slot] & freeLow) | (low & ~freeLow);
  scenario[2 * slot + 1] = (scenario[2 * slot + 1] & freeHigh) | (high & ~freeHigh);
  if (isSame(scenario, slot, low, high, named)) return;
  scenario[2 * slot] = low;
  scenario[2 * slot + 1] = high;
}

function change(scenario: Scenario, slot: number): void {
  const key = scenario[2 * SLOT.companionKey];
  scenario[2 * slot] ^= key === 0 ? -1 : mix(key + 2 * slot) | 1;
  scenario[2 * slot + 1] ^= key === 0 ? -1 : mix(key + 2 * slot + 1);
}

/** The finaliser of murmur3 (Austin Appleby, public domain): every input bit reaches every output bit. */
function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
