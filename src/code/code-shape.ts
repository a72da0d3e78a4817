/**
 * What a function around TDCALL or SEAMCALL is, as far as its code says it: where the registers of the instruction come from,
 * which parameters are read, what is stored afterwards and when, what comes back. A plain record, made without running anything
 * and without any contract; what proposes a contract and what recognises one both read it.
 *
 * It says what the code does, not what is right. Values are those of `value.ts`: a parameter is `entry` (a register when the
 * function was entered) or `incoming` (the caller's stack), a field of a block is `field` with the parameter for its base.
 */
import type { ConventionName } from '../x86/conventions.js';
import type { RegisterName } from '../x86/registers.js';
import type { Condition, Store, WrappedCall } from './state.js';
import type { EntryValue, IncomingValue, Value } from './value.js';
import type { End } from './ways.js';

export type ParameterValue = EntryValue | IncomingValue;

/** A parameter that the function looks at. */
export interface ReadParameter {
  readonly value: ParameterValue;
  /** The widest piece of it that is used: 64 also where it is only handed on untouched in its own register. */
  readonly bits: 8 | 16 | 32 | 64;
  /** Whether memory is read or written behind it. */
  readonly isPointer: boolean;
  /** Whether it is compared with 0 as a whole: a NULL test of a pointer. */
  readonly isComparedWithZero: boolean;
  /** Single bits that are tested, as masks: flags. */
  readonly testedBits: readonly bigint[];
  /** Registers that hold it, or a part of it, at the wrapped instruction. */
  readonly goesTo: readonly RegisterName[];
  /**
   * It lies at the wrapped instruction in the register that it came in, and nothing else is done with it: handed on, or simply
   * never touched. The code alone cannot tell which.
   */
  readonly isUntouched: boolean;
}

/** A field of a block that is loaded before the wrapped instruction. */
export interface ReadField {
  /** Bytes from the block's first. */
  readonly offset: number;
  /** 1, 2, 4 or 8. */
  readonly bytes: number;
  /** Registers that hold it at the wrapped instruction. */
  readonly goesTo: readonly RegisterName[];
}

/** A field of a block that is stored after the wrapped instruction. */
export interface WrittenField {
  readonly offset: number;
  readonly bytes: number;
  readonly value: Value;
  /** The register whose answer it is, if it is one whole register. */
  readonly register: RegisterName | undefined;
}

/** Memory behind a parameter. */
export interface Block {
  readonly parameter: ParameterValue;
  readonly reads: readonly ReadField[];
  /** Stored behind the instruction, on some way. Which way is in `outcomes`. */
  readonly writes: readonly WrittenField[];
  /** Stored before the instruction. */
  readonly prepares: readonly WrittenField[];
  /** First byte behind the last field that is touched. */
  readonly size: number;
}

/** One way through the function. */
export interface Outcome {
  readonly end: End;
  /** The function that never comes back, the trapping instruction, or why it was not followed. */
  readonly detail?: string;
  /** What the code looked at on this way, in order. */
  readonly conditions: readonly Condition[];
  /** The wrapped instructions on this way; none where they are passed over. */
  readonly calls: readonly WrappedCall[];
  readonly stores: readonly Store[];
  /** General registers by hardware number at the end: of a return, what the caller gets. */
  readonly registers: readonly Value[];
  /** Something below RSP is read or written. */
  readonly usesRedZone: boolean;
  /** STI: how many wrapped instructions came before each. */
  readonly stis: readonly number[];
}

/** A place of a wrapped instruction. */
export interface WrappedSite {
  readonly address: bigint;
  readonly instruction: 'tdcall' | 'seamcall';
  /** Whether it lies in the function itself, and not in one that it calls. */
  readonly isOwn: boolean;
  /** Where a fault of it goes on, if there is an entry in the exception-fixup table; `givesTrapNumber`: RAX receives it. */
  readonly fixup?: { readonly to: bigint; readonly givesTrapNumber: boolean };
}

export interface CodeShape {
  readonly symbol: string;
  readonly address: bigint;
  /** Bytes of the function's own code. */
  readonly size: number;
  /** System V or Microsoft x64, where the parameters that are read say so. */
  readonly convention: ConventionName | undefined;
  /** By address; none where the function reaches no TDCALL and no SEAMCALL. */
  readonly sites: readonly WrappedSite[];
  /** Every value that a register has at the first wrapped instruction, over all ways. */
  readonly inputs: Readonly<Record<RegisterName, readonly Value[]>>;
  /** Registers by name, then the stack by offset. */
  readonly parameters: readonly ReadParameter[];
  readonly blocks: readonly Block[];
  readonly outcomes: readonly Outcome[];
  /** Set where not all ways were followed, and why: then nothing that this record leaves out is certain. */
  readonly gap?: string;
}
