/** RAX for a function that takes the leaf as an argument: an allowed leaf, or a number that the module rejects. */
import { type Scenario } from './layout.js';
import type { Random } from './random.js';
import type { ScenarioSpace } from './space.js';

/**
 * Leaf numbers that module 1.5.01 does not have (facts/module.md section 1: it has 0-12, 18, 20, 22-27), and that no
 * newer one is known to have (tdcall-leaves.json, newer_leaves).
 */
const UNKNOWN_LEAVES = [13, 14, 15, 16, 17, 19, 21, 28, 30, 31, 32, 50, 63, 100, 0x1234, 0xffff];
/** Leaf 7 lets any version through, leaf 3 has a version 1 in newer modules (facts/module.md section 1). */
const VERSIONED_LEAVES = [3, 7];

export function drawLeaf(scenario: Scenario, space: ScenarioSpace, random: Random): void {
  const { leaves } = space.compiled.contract;
  const leaf = leaves[random.below(leaves.length)];
  // A leaf that reaches the host is the interesting one: it gets half of the cases.
  const allowed = space.compiled.reachesHost && random.chance(128) ? 0 : leaf;
  let low = allowed;
  let high = 0;
  if (random.chance(32)) {
    switch (random.below(4)) {
      case 0:
        low = UNKNOWN_LEAVES[random.below(UNKNOWN_LEAVES.length)];
        break;
      case 1:
        if (!VERSIONED_LEAVES.includes(allowed)) low = allowed | ((1 + random.below(255)) << 16);
        break;
      case 2:
        low = allowed | ((1 + random.below(255)) << 24);
        break;
      default:
        high = random.next() | 1;
    }
  }
  scenario[2 * space.leafSlot] = low;
  scenario[2 * space.leafSlot + 1] = high;
}
