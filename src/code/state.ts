/** What is known at one point of one way through a function. */
import type { RegisterName } from '../x86/registers.js';
import { Cells } from './cells.js';
import { entryRegisters, type Value } from './value.js';

/** What the code looked at to take a branch, and how it was. */
export interface Condition {
  readonly value: Value;
  /** The bits of it that were looked at. */
  readonly mask: bigint;
  /**
   * `zero` and `not-zero` are of these bits; `equal` and `not-equal` compare with `to`; `other` is any other relation, which
   * `text` says.
   */
  readonly relation: 'zero' | 'not-zero' | 'equal' | 'not-equal' | 'other';
  readonly to?: Value;
  /** For people: `answer rax is not 0`. */
  readonly text: string;
  /** How many of the wrapped instructions came before. */
  readonly after: number;
}

/** A write to memory that is not the function's own stack. */
export interface Store {
  readonly base: Value;
  /** Bytes from the base, may be negative. */
  readonly offset: number;
  readonly bytes: number;
  readonly value: Value;
  /** How many of the wrapped instructions came before. */
  readonly after: number;
}

/** How SEAMCALL ended; TDCALL always enters the module. */
export type Entered = 'entered' | 'vm-fail-invalid' | 'general-protection' | 'invalid-opcode';

/** A TDCALL or SEAMCALL on the way. */
export interface WrappedCall {
  readonly address: bigint;
  readonly instruction: 'tdcall' | 'seamcall';
  /** General registers by hardware number, before it. */
  readonly registers: readonly Value[];
  /** Whether the instruction before was STI. */
  readonly isBehindSti: boolean;
  readonly entered: Entered;
  /** Registers that the other side chose: those of a known exposure mask, and RAX; undefined if leaf or mask are not constants. */
  readonly exposed: readonly RegisterName[] | undefined;
}

/** What the flags say of values. */
export type Flags =
  | {
      readonly kind: 'bits';
      readonly value: Value;
      readonly mask: bigint;
      readonly bits: number;
      /** AND, OR, XOR and TEST clear CF and OF. */
      readonly clearsCarry: boolean;
    }
  | { readonly kind: 'compare'; readonly left: Value; readonly right: Value; readonly bits: number }
  /** One bit of a value in CF. */
  | { readonly kind: 'bit'; readonly value: Value; readonly mask: bigint }
  /** CF alone is known. */
  | { readonly kind: 'carry'; readonly set: boolean };

export interface State {
  address: bigint;
  /** General registers by hardware number. */
  registers: Value[];
  vectors: Map<number, readonly [Value, Value]>;
  /** The stack, by bytes from RSP at the entry. */
  frame: Cells;
  /** Everything else that was written, by the key of its base. */
  memory: Map<string, Cells>;
  flags: Flags | undefined;
  conditions: Condition[];
  /** Conditions that have been decided on this way, by key. */
  decided: Map<string, boolean>;
  calls: WrappedCall[];
  stores: Store[];
  /** Addresses to which followed calls return. */
  returns: bigint[];
  /** Whether the instruction before was STI. */
  isBehindSti: boolean;
  /** STI was executed, how many wrapped instructions before it. */
  stis: number[];
  /** How often each address was come to, and how often a branch there was not decided. */
  visits: Map<bigint, number>;
  forks: Map<bigint, number>;
  /** Whether something below RSP was read or written. */
  usesRedZone: boolean;
  steps: number;
}

export function entryState(address: bigint): State {
  return {
    address,
    registers: entryRegisters(),
    vectors: new Map(),
    frame: Cells.empty(),
    memory: new Map(),
    flags: undefined,
    conditions: [],
    decided: new Map(),
    calls: [],
    stores: [],
    returns: [],
    isBehindSti: false,
    stis: [],
    visits: new Map(),
    forks: new Map(),
    usesRedZone: false,
    steps: 0,
  };
}

export function copyOf(state: State): State {
  return {
    ...state,
    registers: [...state.registers],
    vectors: new Map(state.vectors),
    frame: state.frame.copy(),
    memory: new Map([...state.memory].map(([key, cells]) => [key, cells.copy()])),
    conditions: [...state.conditions],
    decided: new Map(state.decided),
    calls: [...state.calls],
    stores: [...state.stores],
    returns: [...state.returns],
    stis: [...state.stis],
    visits: new Map(state.visits),
    forks: new Map(state.forks),
  };
}
