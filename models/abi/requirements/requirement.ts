/**
 * A clause of the ABI: one thing that code under test must do, where it was read, and which judged clauses speak of it.
 * Whether they do is found by running the built-in targets (src/requirements), and never promised here.
 */

/** How sure the fact is, as the facts files grade it. */
export type Standing =
  /** Seen by running the TDX module 1.5.01. */
  | 'observed'
  /** Read in the source or machine code that the section names. */
  | 'read in source'
  /** The text of the patch was read. */
  | 'patch read'
  /** Only the patch's id and subject are known. */
  | 'subject only'
  /** At least two implementations agree. */
  | 'cross-checked'
  /** One implementation, or one family of them. */
  | 'one family'
  /** Said in a mailing-list text that this project was given. */
  | 'reported'
  /** Nothing backs it yet. */
  | 'unverified';

/** Judged clauses that speak of a requirement. What is not given does not narrow. */
export interface RequirementCheck {
  /** Stable name of a property. */
  readonly property: string;
  /** Globs of slots, as findings name them: `call.rcx`, `TDVMCALL.r1?`. */
  readonly slots?: readonly string[];
  /** The label of a program's clause: `map-gpa`. */
  readonly about?: string;
  /** Globs of built-in targets. */
  readonly targets?: readonly string[];
  /** Only cases of this class count, as results count them: `MapGPA`, `SEAMCALL fails with CF = 1`. */
  readonly cases?: string;
  /**
   * Only plays count in which these values were met: `step.NAME` in one step of the story, `answer to MOMENT.NAME` in what
   * the world answered to one exchange, `MOMENT.NAME` in what the reference asks of one exchange. `MOMENT`, true: the
   * reference asks for such an exchange.
   */
  readonly having?: Readonly<Record<string, bigint | true>>;
}

export interface Requirement {
  /** Stable: `AREA.NAME`. */
  readonly id: string;
  /** One sentence, our own. */
  readonly statement: string;
  /** `docs/abi/<page>.md#<anchor>`: only what was read. */
  readonly source: readonly string[];
  readonly standing: Standing;
  /** Empty: nobody checks it. */
  readonly checks: readonly RequirementCheck[];
  /** Why nobody checks it, or how far the check goes. */
  readonly gap?: string;
}
