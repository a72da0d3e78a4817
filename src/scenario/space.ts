/** Everything that drawing and shrinking a scenario of one target needs to know. */
import type { CompiledContract } from '../contract/compiled.js';
import { fieldSlot, parameterSlot, type Scenario } from './layout.js';
import { leafSlot } from './leaf-slot.js';
import { neutralScenario } from './neutral.js';
import { slotRoles } from './roles.js';

export interface ScenarioSpace {
  compiled: CompiledContract;
  roles: Uint8Array;
  neutral: Scenario;
  /** Constants worth trying, as pairs of halves. */
  dictionary: Int32Array;
  /** Upper bound for the instruction before which an interrupt comes. */
  instructions: number;
  /** Slot of the flags argument, -1 without one. */
  flagsSlot: number;
  /** Slot of the leaf, -1 when it is the function's own. */
  leafSlot: number;
  /** Slot of the caller's exposure mask, -1 when the mask is the function's own. */
  maskSlot: number;
}

export function scenarioSpace(compiled: CompiledContract, dictionary: Int32Array, instructions: number): ScenarioSpace {
  const roles = slotRoles(compiled);
  return {
    compiled,
    roles,
    neutral: neutralScenario(compiled, roles),
    dictionary,
    instructions,
    flagsSlot: compiled.flagsParameter === undefined ? -1 : parameterSlot(compiled.flagsParameter.place),
    leafSlot: leafSlot(compiled),
    maskSlot: compiled.maskField >= 0 && compiled.reachesHost ? fieldSlot(compiled.maskField) : -1,
  };
}
