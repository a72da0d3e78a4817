/**
 * Companion scenarios: the same case with exactly those values changed that must not matter. With key 0 every changed
 * value is the complement of the old one, so that each single bit differs; but the XOR of two complements is that of
 * the originals, so with any other key the bits to change are picked by a hash of the key and the slot.
 */
import { lowHalf } from '../halves.js';
import { REGISTER_INDEX } from '../x86/registers.js';
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
      change(companion, slot);
  }
  // Flags and leaf decide branches; of a plain value the contract says where it goes, and no more.
  for (const { place, registers } of compiled.plainParameters)
    if ((registers & exposed) === 0) change(companion, parameterSlot(place));
  changeUpperBits(scenario, space, exposed, companion);
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

/**
 * Companion H: every value that the host, or a TD, chose. A result in R10 that the contract names stays, so that the branch which it
 * selects is the same one; any other becomes another that the contract does not name either.
 */
export function changeHostValues(scenario: Scenario, space: ScenarioSpace, companion: Scenario): void {
  companion.set(scenario);
  const { namedResults } = space.compiled;
  for (let register = 0; register < 16; register++) {
    const slot = SLOT.answer[register];
    if (slot < 0) continue;
    if (register === REGISTER_INDEX.r10) changeResult(companion, slot, namedResults);
    else change(companion, slot);
  }
}

function changeResult(scenario: Scenario, slot: number, named: Int32Array): void {
  const low = scenario[2 * slot];
  const high = scenario[2 * slot + 1];
  if (isOneOf(named, low, high)) return;
  change(scenario, slot);
  // The complement of all ones is 0, which would be success.
  for (;;) {
    const newLow = scenario[2 * slot];
    const newHigh = scenario[2 * slot + 1];
    if (!isOneOf(named, newLow, newHigh) && (newLow !== low || newHigh !== high)) return;
    scenario[2 * slot] = newLow + 1;
    if (newLow === -1) scenario[2 * slot + 1] = newHigh + 1;
  }
}

/** Whether a value is one of those of a list of pairs of halves. */
function isOneOf(values: Int32Array, low: number, high: number): boolean {
  for (let at = 0; at < values.length; at += 2) if (values[at] === low && values[at + 1] === high) return true;
  return false;
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
