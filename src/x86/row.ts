import type { Mnemonic } from 'iced-x86';
import type { Lifter } from './lifter.js';

/** One row of the instruction table: what the instructions of one mnemonic do. */
export interface Row {
  readonly mnemonic: Mnemonic;
  /** Flags (bits of FLAG) that the instruction may change, undefined ones included. */
  readonly writes: number;
  /** Flags that the architecture leaves undefined; the machine makes them 0. */
  readonly undefined: number;
  /**
   * Further flags that are undefined for this shift or rotation count (masked to 5 or 6 bits, not 0) and operand width in
   * bits; the machine gives them a value that depends on the operands alone, 0 for OF.
   */
  readonly undefinedForCount?: (count: number, width: number) => number;
  /** Emits the micro-operations; throws UnsupportedForm for a form that the machine does not execute. */
  readonly lift: (l: Lifter) => void;
}
