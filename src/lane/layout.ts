/** Where lane runs keep what they need, behind the machine in its linear memory. Byte offsets. */
import { OBSERVATION_SLOTS } from '../observation/layout.js';
import { SCENARIO_BYTES, STATE_BYTES } from '../scenario/draw-code.js';

/** Cases in one batch. */
export const BATCH_CASES = 250;

const OBSERVATION_BYTES = Math.ceil((8 * OBSERVATION_SLOTS) / 16) * 16;

/** A exit of translated code as the driver reads it: EXIT_BYTES each. */
export const EXIT = {
  /** A value of LEFT. */
  kind: 0,
  /** Environment call: its number. Trap: the vector. Access: size and permissions << 8. */
  detail: 4,
  /** RIP there. */
  rip: 8,
  /** RIP of what follows. */
  next: 16,
  /** Instructions of the block that were executed before it, and where their addresses lie. */
  count: 24,
  addresses: 28,
} as const;
export const EXIT_BYTES = 32;

/** Why translated code was left. */
export const LEFT = { other: 0, boundary: 1, environment: 2, trap: 3, access: 4 } as const;

/** Slots of the table of paths that the block has seen: a power of two. */
export const PATHS = 1 << 10;
/** A path: its hash, and the RIP at which it ended. */
export const PATH_BYTES = 16;

/** Sizes that depend on the target. */
export interface Sizes {
  /** Bytes of `drawTables`. */
  tables: number;
  quickExits: number;
  exactExits: number;
  /** Instruction addresses that exits refer to. */
  addresses: number;
  externals: number;
  properties: number;
  classes: number;
  /** Bytes of the function: one counter for each. */
  code: number;
}

export interface LaneLayout {
  state: number;
  tables: number;
  /** Base, companion G, companion H. */
  scenarios: readonly [number, number, number];
  observations: readonly [number, number, number];
  /** Placement of the present run: address of the block, its byte offset in memory or 0, RSP's byte offset. */
  blockAddress: number;
  blockPlace: number;
  /** Address of the block in the base run. */
  baseBlock: number;
  stackPlace: number;
  /** Low half of RIP where the planned interrupt was delivered in the last run. */
  interruptedAt: number;
  /** Number of events before those of the present run; number of events of the base run. */
  eventStart: number;
  baseEvents: number;
  /** Of the present run: address of the stack's first byte, and its byte offset. */
  stackAddress: number;
  stackStart: number;
  quickExits: number;
  exactExits: number;
  addresses: number;
  /** END kind of each external. */
  externals: number;
  executions: number;
  inForce: number;
  classes: number;
  boundaries: number;
  paths: number;
  /** Registers that the host saw and answered, for a comparison: twice 16 values. */
  compared: number;
  /** Path and scenario of each case of the batch that took a path which the block had not seen. */
  freshCount: number;
  /** RIP of the last run that was given up because nothing was known of the code there, 0 if there was none. */
  unknownAt: number;
  /** Paths in the table. */
  pathCount: number;
  freshPaths: number;
  fresh: number;
  /** Index in the batch and scenario of each case that the reference has to judge. */
  suspectIndex: number;
  suspects: number;
  xmm: number;
  /** Where the block lies, by place, in memory 0 and 1 (emit-enter.ts). */
  places: number;
  /** Which slots companion G and companion H change (emit-companion.ts). */
  guestMasks: number;
  hostMasks: number;
  end: number;
}

export function laneLayout(start: number, sizes: Sizes): LaneLayout {
  let next = Math.ceil(start / 64) * 64;
  const take = (bytes: number): number => {
    const at = next;
    next += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const three = (bytes: number): [number, number, number] => [take(bytes), take(bytes), take(bytes)];
  const state = take(STATE_BYTES);
  const scenarios = three(SCENARIO_BYTES);
  const observations = three(OBSERVATION_BYTES);
  const placement = take(128);
  return {
    state,
    scenarios,
    observations,
    blockAddress: placement,
    blockPlace: placement + 8,
    baseBlock: placement + 48,
    stackPlace: placement + 12,
    interruptedAt: placement + 16,
    baseEvents: placement + 20,
    eventStart: placement + 36,
    executions: placement + 24,
    freshCount: placement + 28,
    pathCount: placement + 32,
    unknownAt: placement + 40,
    stackAddress: placement + 56,
    stackStart: placement + 64,
    tables: take(sizes.tables),
    quickExits: take(EXIT_BYTES * sizes.quickExits),
    exactExits: take(EXIT_BYTES * sizes.exactExits),
    addresses: take(8 * sizes.addresses),
    externals: take(4 * sizes.externals),
    inForce: take(4 * sizes.properties),
    classes: take(4 * sizes.classes),
    boundaries: take(4 * sizes.code),
    paths: take(PATH_BYTES * PATHS),
    compared: take(2 * 128),
    freshPaths: take(PATH_BYTES * BATCH_CASES),
    fresh: take(SCENARIO_BYTES * BATCH_CASES),
    suspectIndex: take(4 * BATCH_CASES),
    suspects: take(SCENARIO_BYTES * BATCH_CASES),
    xmm: take(2 * 256),
    places: take(1024),
    guestMasks: take(SCENARIO_BYTES),
    hostMasks: take(SCENARIO_BYTES),
    end: next,
  };
}
