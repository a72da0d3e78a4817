/** What a stub must have done, by the instruction that it wraps. */
import type { CompiledContract } from '../../src/contract/compiled.js';
import { guestStubRules } from './guest-stub.js';
import { hostStubRules } from './host-stub.js';
import type { PredictionRule } from './rule.js';

const RULES = { tdcall: guestStubRules, seamcall: hostStubRules } as const;

/** The rules for one contract. For each slot the guards of at most one rule hold. */
export function stubRules(compiled: CompiledContract): PredictionRule[] {
  return RULES[compiled.contract.instruction](compiled);
}
