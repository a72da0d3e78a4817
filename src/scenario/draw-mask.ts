/** The exposure mask that a caller passes: the widest one of the contract, a subset of it, or one that must be rejected. */
import { gprMask } from '../../models/abi/registers.js';
import type { Scenario } from './layout.js';
import type { Random } from './random.js';
import type { ScenarioSpace } from './space.js';

/** Bits that the module never accepts: RAX, RCX, RSP (facts/module.md section 4). */
const NEVER_LEGAL = gprMask('RAX', 'RCX', 'RSP');

export function drawMask(scenario: Scenario, space: ScenarioSpace, random: Random): void {
  // The field is an ordinary argument of every other leaf.
  if (space.leafSlot >= 0 && (scenario[2 * space.leafSlot] & 0xffff) !== 0) return;
  const widest = space.compiled.widestMask;
  let low = widest;
  let high = 0;
  const kind = random.next() >>> 29;
  if (kind >= 4) low = widest & random.next();
  if (kind === 6) low |= NEVER_LEGAL & (random.next() | 2);
  if (kind === 7) high = random.next() | 1;
  scenario[2 * space.maskSlot] = low;
  scenario[2 * space.maskSlot + 1] = high;
}
