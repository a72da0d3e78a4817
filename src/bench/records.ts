/**
 * The inputs that every contender runs, and the results that it must leave: fixed binary layouts, 64-bit slots as two
 * 32-bit halves (little-endian, the same bytes as the structs of native/bench.h).
 */
import { Random } from './random.js';
import { REGISTER_INDEX } from '../x86/registers.js';

/** Where everything lies, for all contenders alike (native/bench.h): user addresses, so that this CPU can run there. */
export const CODE_ADDRESS = 0x2000_0000;
export const CODE_BYTES = 0x2000;
export const RETURN_ADDRESS = CODE_ADDRESS + 0x1ff0;
export const STACK_ADDRESS = 0x3000_0000;
export const STACK_BYTES = 0x8000;
export const BLOCK_ADDRESS = 0x4000_0000;
export const BLOCK_BYTES = 0x2000;

/** 64-bit words of the argument block that a record holds. */
export const BLOCK_WORDS = 16;
const REGISTERS = 16;
/** 32-bit words of a record: registers, block, the host's answers by register. */
export const RECORD_WORDS = 2 * (REGISTERS + BLOCK_WORDS + REGISTERS);
/** Index of the first 32-bit word of each part of a record. */
export const RECORD = { registers: 0, block: 2 * REGISTERS, answers: 2 * (REGISTERS + BLOCK_WORDS) } as const;
/** 32-bit words of a result: registers, block. */
export const RESULT_WORDS = 2 * (REGISTERS + BLOCK_WORDS);

/** What registers a workload wants fixed, by index; every other value of a record is 64 uniform bits. */
export type FixedRegisters = (random: Random) => readonly (readonly [register: number, low: number, high: number])[];

/** Bytes of stack above RSP that a record leaves free for a return address and stack parameters. */
const STACK_HEAD = 0x1000;

/**
 * `count` records: uniform bits, but RSP (a multiple of 8, of 256 places) and what `fixed` says. Always the same ones.
 *
 * @param blockWords 64-bit words of the block in use; the others are 0
 */
export function makeRecords(count: number, blockWords: number, fixed: FixedRegisters): Int32Array {
  const random = new Random();
  random.seed(0x62656e63, 0x68, count, 1);
  const records = new Int32Array(count * RECORD_WORDS);
  for (let record = 0; record < count; record++) {
    const at = record * RECORD_WORDS;
    for (let word = 0; word < RECORD_WORDS; word++) records[at + word] = random.next();
    records.fill(0, at + RECORD.block + 2 * blockWords, at + RECORD.answers);
    const stack = STACK_ADDRESS + STACK_BYTES - STACK_HEAD - 8 * random.below(256);
    for (const [register, low, high] of [[REGISTER_INDEX.rsp, stack, 0] as const, ...fixed(random)]) {
      records[at + 2 * register] = low;
      records[at + 2 * register + 1] = high;
    }
  }
  return records;
}
