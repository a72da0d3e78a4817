/**
 * The constant words of the events that translated code makes, as they lie in linear memory: an event is then two stores of 16
 * bytes, and two of what differs each time.
 */
import { EVENT_WORD } from '../events.js';

/**
 * Byte offset of the second half of a template: kind, size and RIP come before it, what is added to RSP and to the
 * instruction count behind it.
 */
export const TEMPLATE_TAIL = 16;

/** The event's first words must be the template's, and RSP and the count must follow each other. */
const FITS =
  EVENT_WORD.KIND === 0 &&
  EVENT_WORD.SIZE === 1 &&
  EVENT_WORD.RIP_LOW === 2 &&
  EVENT_WORD.RSP_LOW % 4 === 0 &&
  EVENT_WORD.INSTRUCTION_COUNT === EVENT_WORD.RSP_LOW + 2;

export class EventTemplates {
  /** Byte offset of the first template in linear memory. */
  readonly at: number;
  private readonly words: bigint[] = [];

  constructor(at: number) {
    if (!FITS) throw new Error('event templates do not fit the words of an event');
    this.at = at;
  }

  /**
   * Adds a template.
   *
   * @param rip - of the instruction
   * @param stack - what is added to RSP
   * @param count - what is added to the instruction count
   * @returns its byte offset in linear memory
   */
  add(kind: number, size: number, rip: bigint, stack: bigint, count: number): number {
    const at = this.at + 8 * this.words.length;
    this.words.push((BigInt(size) << 32n) | BigInt(kind), rip, BigInt.asUintN(64, stack), BigInt(count));
    return at;
  }

  /** All of them, as they must be placed at `at`. */
  encode(): BigUint64Array {
    return BigUint64Array.from(this.words);
  }
}
