/**
 * The neutral scenario of a contract, from which every difference counts: valid, disjoint pointers; arguments, flags
 * and answers 0; success; no fault; IF=0; and every register that the contract does not read, and every secret, holds
 * graffiti of its own, so that a value in the wrong place names its origin.
 */
import type { CompiledContract } from '../contract/compiled.js';
import { assumedRbpMod } from './assumed.js';
import { createScenario, FIXED_FLAGS, type Scenario, SLOT } from './layout.js';
import { leafSlot } from './leaf-slot.js';
import { ROLE } from './roles.js';

/** "secret" as digits; the last byte of both halves is the slot's number. */
const GRAFFITI = 0x5ec2e700;

export function neutralScenario(compiled: CompiledContract, roles: Uint8Array): Scenario {
  const scenario = createScenario(roles.length);
  for (let slot = 0; slot < roles.length; slot++) {
    if (roles[slot] !== ROLE.secret) continue;
    scenario[2 * slot] = GRAFFITI | slot;
    scenario[2 * slot + 1] = GRAFFITI | slot;
  }
  scenario[2 * SLOT.entryFlags] = FIXED_FLAGS;
  scenario[2 * SLOT.faultValue] = GRAFFITI | SLOT.faultValue;
  scenario[2 * SLOT.faultValue + 1] = GRAFFITI | SLOT.faultValue;
  scenario[2 * SLOT.rbpMod] = assumedRbpMod(compiled.contract) ?? 0;
  // A leaf of 0 would be a call that the contract may not allow: the first allowed leaf is the simplest.
  const leaf = leafSlot(compiled);
  if (leaf >= 0) scenario[2 * leaf] = compiled.contract.leaves[0];
  return scenario;
}
