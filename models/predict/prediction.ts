/**
 * A prediction: what the code under test must have done. It uses the slot numbers of the observation; a slot that the
 * model leaves open is not known, and no clause over it is in force.
 */
import { OBSERVATION_SLOTS } from '../../src/observation/layout.js';

export interface Prediction {
  /** 64-bit values by observation slot, two halves each. */
  values: Int32Array;
  /** 1 where the model says what the value must be. */
  known: Uint8Array;
}

export function createPrediction(): Prediction {
  return { values: new Int32Array(2 * OBSERVATION_SLOTS), known: new Uint8Array(OBSERVATION_SLOTS) };
}
