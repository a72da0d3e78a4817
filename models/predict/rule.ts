/** A prediction as data: what a slot of the observation must hold, and when. One rule has several readers. */

/** When a rule says anything. */
export type Guard =
  /** The run ended in one of these ways: a bit mask over END. */
  | { kind: 'ended'; as: number }
  /** The wrapped instruction was executed. */
  | { kind: 'called' }
  /** A slot of the observation is zero, or is not. */
  | { kind: 'zero'; slot: number; is: boolean }
  /** The first call ended so: one of OUTCOME. */
  | { kind: 'outcome'; is: number }
  /** All these bits of the flags argument are set, or not all of them are; 32 bits. */
  | { kind: 'flags'; bits: number; set: boolean }
  /** The caller gave a sound block, apart from the function's own frame. */
  | { kind: 'block-given' }
  /** In the bits of a mask, a slot of the observation has one of these values, or none of them. */
  | { kind: 'value'; slot: number; mask: bigint; values: readonly bigint[]; is: boolean }
  /** A slot of the scenario, an argument, is zero, or is not. */
  | { kind: 'argument'; slot: number; zero: boolean }
  | { kind: 'not-all'; of: readonly Guard[] };

/** Where the predicted 64-bit value comes from. */
export type Origin =
  | { from: 'constant'; low: number; high: number }
  | { from: 'scenario'; slot: number }
  /** A slot of the observation; `plus` is added to it, `or` is set in its low half. */
  | { from: 'observation'; slot: number; plus?: number; or?: number; clear?: number }
  | { from: 'computed'; by: Computed };

/** A value of 64 bits that is computed from others. */
export type Computed =
  | { op: 'value'; of: Exclude<Origin, { from: 'computed' }> }
  | { op: 'or' | 'and' | 'add'; of: readonly Computed[] }
  /** By that many bits. */
  | { op: 'shl' | 'shr'; of: Computed; bits: bigint }
  /** The lowest bits. */
  | { op: 'low' | 'signed'; of: Computed; bits: bigint };

export interface PredictionRule {
  /** Slot of the observation. */
  slot: number;
  /** All must hold. */
  when: readonly Guard[];
  value: Origin;
}
