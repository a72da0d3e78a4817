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
  /** The caller gave this block, which is sound and apart from the function's own frame. */
  | { kind: 'block-given'; block: number }
  /** The pointer to this block is NULL, or is not. */
  | { kind: 'null'; block: number; is: boolean }
  /** This block lies in the same place as another, or does not. */
  | { kind: 'aliased'; block: number; is: boolean }
  /** In the bits of a mask, a slot of the observation has one of these values, or none of them. */
  | { kind: 'value'; slot: number; mask: bigint; values: readonly bigint[]; is: boolean }
  /** These bits of a slot of the scenario, an argument, are zero, or are not. */
  | { kind: 'argument'; slot: number; bits: bigint; zero: boolean }
  | { kind: 'not-all'; of: readonly Guard[] };

/** Where the predicted 64-bit value comes from. */
export type Origin =
  | { from: 'constant'; low: number; high: number }
  | ({ from: 'scenario'; slot: number } & Width)
  /** A slot of the observation; `plus` is added to it, `or` is set in its low half. */
  | ({ from: 'observation'; slot: number; plus?: number; or?: number; clear?: number } & Width)
  | { from: 'computed'; by: Computed };

/** A value of 64 bits that is computed from others. */
export type Computed =
  | { op: 'value'; of: Exclude<Origin, { from: 'computed' }> }
  | { op: 'or' | 'and' | 'add'; of: readonly Computed[] }
  /** By that many bits. */
  | { op: 'shl' | 'shr'; of: Computed; bits: bigint }
  /** The lowest bits. */
  | { op: 'low' | 'signed'; of: Computed; bits: bigint };

/** The lowest bytes of a slot, 8 if it is not said, extended to 64 bits. */
export interface Width {
  bytes?: number;
  /** By their highest bit; by 0 if it is not said. */
  signed?: boolean;
}

export interface PredictionRule {
  /** Slot of the observation. */
  slot: number;
  /** All must hold. */
  when: readonly Guard[];
  value: Origin;
}
