import type { CodeCache } from './code-cache.js';
import { Divider } from './division.js';
import type { EventLog } from './event-log.js';
import {
  flagsAdd,
  flagsCarryZero,
  flagsDoubleShift,
  flagsLogic,
  flagsNotEqual,
  flagsRotate,
  flagsRotateCarry,
  flagsShiftLeft,
  flagsShiftRight,
  flagsSub,
} from './flag-values.js';
import { conditionHolds } from './flags.js';
import type { Memory } from './memory.js';
import {
  depositBits,
  extractBits,
  multiply,
  multiplyHigh,
  populationCount,
  rotateCarry,
  rotateLeft,
  shiftLeft,
  shiftRight,
  shiftRightSigned,
  swapBytes,
} from './wide-arithmetic.js';

/**
 * The reference interpreter: runs the micro-operations of micro-ops.ts one by one.
 *
 * Constants are literal numbers with their name in a comment: V8 makes a jump table only of literal labels, and reads an
 * imported constant from memory every time. `literals.test.ts` holds every such number to the constant that it names.
 * The code array holds micro-operations as encode.ts packs them. Nothing in `run` allocates, except that new code is decoded and that a full event buffer grows.
 */
export class Interpreter {
  /** External: index; Environment: number; Fault: vector. */
  exitDetail = 0;
  /** Of the last Fault exit. */
  faultAddressLow = 0;
  faultAddressHigh = 0;
  faultErrorCode = 0;
  /** Record of the environment call at which the last run stopped, or 0. */
  environmentRecord = 0;

  private readonly slots: Int32Array;
  private readonly control: Int32Array;
  private readonly memory: Memory;
  private readonly cache: CodeCache;
  private readonly log: EventLog;
  private readonly divider = new Divider();

  constructor(slots: Int32Array, control: Int32Array, memory: Memory, cache: CodeCache, log: EventLog) {
    this.slots = slots;
    this.control = control;
    this.memory = memory;
    this.cache = cache;
    this.log = log;
  }

  /** See Machine.run. */
  run(budget: number): number {
    const s = this.slots;
    const control = this.control;
    const cache = this.cache;
    let code = cache.code;
    let count = control[0 /* INSTRUCTION_COUNT */];
    const end = Math.min(count + Math.max(budget, 0), 0x7fffffff) | 0;
    let pathLow = control[2 /* PATH_HASH_LOW */];
    let pathHigh = control[3 /* PATH_HASH_HIGH */];
    // The boundary checks run only when the count reaches this.
    let stopAt = count;
    let record = 0;
    // Where to enter the record of the next instruction once it is found, or 0.
    let unresolvedLink = 0;
    this.environmentRecord = 0;

    for (;;) {
      if (count >= stopAt) {
        if (record !== 0) {
          s[32 /* RIP */] = code[record];
          s[32 /* RIP */ + 1] = code[record + 1];
        }
        control[0 /* INSTRUCTION_COUNT */] = count;
        control[2 /* PATH_HASH_LOW */] = pathLow;
        control[3 /* PATH_HASH_HIGH */] = pathHigh;
        if (this.interruptIsDue(count)) return 3; /* EXIT.Interrupt */
        if (count >= end) return this.endOfBudget();
        stopAt = this.nextStop(count, end);
      }
      if (record === 0) {
        record = cache.resolve(s[32 /* RIP */], s[32 /* RIP */ + 1]);
        code = cache.code;
        if (record === 0) {
          control[0 /* INSTRUCTION_COUNT */] = count;
          control[2 /* PATH_HASH_LOW */] = pathLow;
          control[3 /* PATH_HASH_HIGH */] = pathHigh;
          return this.fault();
        }
        if (unresolvedLink !== 0) {
          code[unresolvedLink] = record;
          unresolvedLink = 0;
        }
      }

      // The header word with the link to follow; 0 if RIP is set already; -1 for the same record again.
      let link: number = 3; /* RECORD.NEXT_LINK */
      let exit = -1;
      let pc = record + 9; /* RECORD_WORDS */
      instruction: for (;;) {
        const word = code[pc];
        switch (word & 0x7f) {
          case 0 /* Next */:
            break instruction;
          case 1 /* Jump */:
            link = 4; /* RECORD.TARGET_LINK */
            break instruction;
          case 2 /* JumpCondition */:
            if (conditionHolds(s[34 /* RFLAGS */], code[pc + 2])) link = 4; /* RECORD.TARGET_LINK */
            break instruction;
          case 3 /* JumpIndirect */: {
            const a = code[pc + 1] & 0xffff;
            s[32 /* RIP */] = s[a];
            s[32 /* RIP */ + 1] = s[a + 1];
            link = 0;
            break instruction;
          }
          case 4 /* JumpIfZero */: {
            const a = code[pc + 1] & 0xffff;
            if ((s[a] | s[a + 1]) === 0) link = 4; /* RECORD.TARGET_LINK */
            break instruction;
          }
          case 5 /* JumpIfNotZero */: {
            const a = code[pc + 1] & 0xffff;
            if ((s[a] | s[a + 1]) !== 0) link = 4; /* RECORD.TARGET_LINK */
            break instruction;
          }
          case 6 /* RepeatCheck */: {
            const a = code[pc + 1] & 0xffff;
            if ((s[a] | s[a + 1]) === 0) break instruction;
            break;
          }
          case 7 /* Repeat */: {
            if (s[2 /* RCX */] === 0) s[2 /* RCX */ + 1] = s[2 /* RCX */ + 1] - 1;
            s[2 /* RCX */] = s[2 /* RCX */] - 1;
            const test = code[pc + 2] === 1 /* REPEAT.WhileNotZero */ ? code[pc + 1] & 0xffff : 2; /* RCX */
            if ((s[test] | s[test + 1]) !== 0) link = -1;
            break instruction;
          }
          case 8 /* Fault */:
            this.raise(code[pc + 2]);
            exit = 2; /* EXIT.Fault */
            break instruction;
          case 9 /* Environment */:
            this.exitDetail = code[pc + 2];
            this.environmentRecord = record;
            exit = 1; /* EXIT.Environment */
            break instruction;
          case 10 /* Unknown */:
            exit = 5; /* EXIT.Unknown */
            break instruction;
          case 11 /* External */:
            this.exitDetail = code[pc + 2];
            exit = 0; /* EXIT.External */
            break instruction;
          case 12 /* CheckTarget */: {
            const a = code[pc + 1] & 0xffff;
            if (!cache.isTarget(s[a], s[a + 1])) {
              this.raise(13 /* #GP */);
              exit = 2; /* EXIT.Fault */
              break instruction;
            }
            break;
          }
          case 13 /* Mov */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = s[a];
            s[d + 1] = s[a + 1];
            break;
          }
          case 14 /* Const */: {
            const d = word >>> 8;
            s[d] = code[pc + 1];
            s[d + 1] = code[pc + 2];
            break;
          }
          case 15 /* Zx8 */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = s[a] & 0xff;
            s[d + 1] = 0;
            break;
          }
          case 16 /* Zx8High */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = (s[a] >>> 8) & 0xff;
            s[d + 1] = 0;
            break;
          }
          case 17 /* Zx16 */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = s[a] & 0xffff;
            s[d + 1] = 0;
            break;
          }
          case 18 /* Zx32 */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = s[a];
            s[d + 1] = 0;
            break;
          }
          case 19 /* Sx8 */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            const value = (s[a] << 24) >> 24;
            s[d] = value;
            s[d + 1] = value >> 31;
            break;
          }
          case 20 /* Sx16 */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            const value = (s[a] << 16) >> 16;
            s[d] = value;
            s[d + 1] = value >> 31;
            break;
          }
          case 21 /* Sx32 */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = s[a];
            s[d + 1] = s[a] >> 31;
            break;
          }
          case 22 /* Ins8 */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = (s[d] & ~0xff) | (s[a] & 0xff);
            break;
          }
          case 23 /* Ins8High */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = (s[d] & ~0xff00) | ((s[a] & 0xff) << 8);
            break;
          }
          case 24 /* Ins16 */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = (s[d] & ~0xffff) | (s[a] & 0xffff);
            break;
          }
          case 25 /* Add */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            const x = s[a];
            const sum = (x + s[b]) | 0;
            s[d + 1] = s[a + 1] + s[b + 1] + (sum >>> 0 < x >>> 0 ? 1 : 0);
            s[d] = sum;
            break;
          }
          case 26 /* Sub */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            const x = s[a];
            const y = s[b];
            s[d + 1] = s[a + 1] - s[b + 1] - (x >>> 0 < y >>> 0 ? 1 : 0);
            s[d] = x - y;
            break;
          }
          case 27 /* AddCarry */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            const sum = (s[a] >>> 0) + (s[b] >>> 0) + (s[34 /* RFLAGS */] & 0x1); /* CF */
            s[d + 1] = s[a + 1] + s[b + 1] + (sum > 0xffffffff ? 1 : 0);
            s[d] = sum;
            break;
          }
          case 28 /* SubBorrow */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            const difference = (s[a] >>> 0) - (s[b] >>> 0) - (s[34 /* RFLAGS */] & 0x1); /* CF */
            s[d + 1] = s[a + 1] - s[b + 1] - (difference < 0 ? 1 : 0);
            s[d] = difference;
            break;
          }
          case 29 /* And */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            s[d] = s[a] & s[b];
            s[d + 1] = s[a + 1] & s[b + 1];
            break;
          }
          case 30 /* Or */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            s[d] = s[a] | s[b];
            s[d + 1] = s[a + 1] | s[b + 1];
            break;
          }
          case 31 /* Xor */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            s[d] = s[a] ^ s[b];
            s[d + 1] = s[a + 1] ^ s[b + 1];
            break;
          }
          case 32 /* AndNot */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            s[d] = ~s[a] & s[b];
            s[d + 1] = ~s[a + 1] & s[b + 1];
            break;
          }
          case 33 /* Not */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = ~s[a];
            s[d + 1] = ~s[a + 1];
            break;
          }
          case 34 /* Neg */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            const low = s[a];
            s[d + 1] = low === 0 ? -s[a + 1] : ~s[a + 1];
            s[d] = -low;
            break;
          }
          case 35 /* Mul */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            multiply(s, d, a, b);
            break;
          }
          case 36 /* MulHighUnsigned */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            multiplyHigh(s, d, a, b, false);
            break;
          }
          case 37 /* MulHighSigned */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            multiplyHigh(s, d, a, b, true);
            break;
          }
          case 38 /* DivUnsigned */:
          case 39 /* DivSigned */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            if (!this.divide((word & 0x7f) === 39 /* DivSigned */, d, a, b, code[pc + 2])) {
              this.raise(0 /* #DE */);
              exit = 2; /* EXIT.Fault */
              break instruction;
            }
            break;
          }
          case 40 /* Shl */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            shiftLeft(s, d, a, s[b]);
            break;
          }
          case 41 /* Shr */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            shiftRight(s, d, a, s[b]);
            break;
          }
          case 42 /* Sar */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            shiftRightSigned(s, d, a, s[b]);
            break;
          }
          case 43 /* RotateLeft */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            rotateLeft(s, d, a, s[b], code[pc + 2]);
            break;
          }
          case 44 /* RotateRight */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            const width = code[pc + 2];
            rotateLeft(s, d, a, width - (s[b] % width), width);
            break;
          }
          case 45 /* RotateLeftCarry */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            rotateCarry(s, d, a, s[b], code[pc + 2], s[34 /* RFLAGS */] & 0x1 /* CF */, true);
            break;
          }
          case 46 /* RotateRightCarry */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            rotateCarry(s, d, a, s[b], code[pc + 2], s[34 /* RFLAGS */] & 0x1 /* CF */, false);
            break;
          }
          case 47 /* BitScanForward */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            const low = s[a];
            const high = s[a + 1];
            if (low !== 0) s[d] = 31 - Math.clz32(low & -low);
            else s[d] = high !== 0 ? 63 - Math.clz32(high & -high) : 64;
            s[d + 1] = 0;
            break;
          }
          case 48 /* BitScanReverse */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            const low = s[a];
            const high = s[a + 1];
            s[d] = high !== 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(low);
            s[d + 1] = (low | high) === 0 ? -1 : 0;
            break;
          }
          case 49 /* PopCount */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            s[d] = populationCount(s[a]) + populationCount(s[a + 1]);
            s[d + 1] = 0;
            break;
          }
          case 50 /* ByteSwap */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            const low = swapBytes(s[a]);
            const wide = code[pc + 2] === 64;
            s[d] = wide ? swapBytes(s[a + 1]) : low;
            s[d + 1] = wide ? low : 0;
            break;
          }
          case 51 /* SetCondition */: {
            const d = word >>> 8;
            s[d] = conditionHolds(s[34 /* RFLAGS */], code[pc + 2]) ? 1 : 0;
            s[d + 1] = 0;
            break;
          }
          case 52 /* SelectCondition */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            const from = conditionHolds(s[34 /* RFLAGS */], code[pc + 2]) ? a : b;
            s[d] = s[from];
            s[d + 1] = s[from + 1];
            break;
          }
          case 53 /* SelectZero */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            const test = 2 * code[pc + 2];
            const from = (s[test] | s[test + 1]) === 0 ? a : b;
            s[d] = s[from];
            s[d + 1] = s[from + 1];
            break;
          }
          case 54 /* Load */: {
            const d = word >>> 8;
            const a = code[pc + 1] & 0xffff;
            if (!this.load(d, s[a], s[a + 1], code[pc + 2], code[record], code[record + 1], count)) {
              exit = 2; /* EXIT.Fault */
              break instruction;
            }
            break;
          }
          case 55 /* Store */: {
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            if (!this.store(s[a], s[a + 1], s[b], s[b + 1], code[pc + 2], code[record], code[record + 1], count)) {
              exit = 2; /* EXIT.Fault */
              break instruction;
            }
            break;
          }
          case 56 /* CheckAccess */: {
            const a = code[pc + 1] & 0xffff;
            const x = code[pc + 2];
            const needed = (x & 0x200) /* ACCESS.ForWrite */ !== 0 ? 2 /* PERMISSION.Write */ : 1; /* PERMISSION.Read */
            if (
              this.memory.translate(s[a], s[a + 1], x & 0xff, needed, (x & 0x400) /* ACCESS.Stack */ !== 0) ===
              -1 /* TRANSLATED.Fault */
            ) {
              exit = 2; /* EXIT.Fault */
              break instruction;
            }
            break;
          }
          case 57 /* CheckAligned */: {
            const a = code[pc + 1] & 0xffff;
            if ((s[a] & (code[pc + 2] - 1)) !== 0) {
              this.raise(13 /* #GP */);
              exit = 2; /* EXIT.Fault */
              break instruction;
            }
            break;
          }
          case 58 /* FlagsAdd */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsAdd(s, d, a, b, code[pc + 2]);
            break;
          }
          case 59 /* FlagsSub */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsSub(s, d, a, b, code[pc + 2]);
            break;
          }
          case 60 /* FlagsLogic */: {
            const d = word >>> 8;
            flagsLogic(s, d, code[pc + 2]);
            break;
          }
          case 61 /* FlagsShl */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsShiftLeft(s, d, a, b, code[pc + 2]);
            break;
          }
          case 62 /* FlagsShr */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsShiftRight(s, d, a, b, code[pc + 2], false);
            break;
          }
          case 63 /* FlagsSar */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsShiftRight(s, d, a, b, code[pc + 2], true);
            break;
          }
          case 64 /* FlagsRotateLeft */: {
            const d = word >>> 8;
            const b = code[pc + 1] >>> 16;
            flagsRotate(s, d, b, code[pc + 2], true);
            break;
          }
          case 65 /* FlagsRotateRight */: {
            const d = word >>> 8;
            const b = code[pc + 1] >>> 16;
            flagsRotate(s, d, b, code[pc + 2], false);
            break;
          }
          case 66 /* FlagsRotateLeftCarry */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsRotateCarry(s, d, a, b, code[pc + 2], true);
            break;
          }
          case 67 /* FlagsRotateRightCarry */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsRotateCarry(s, d, a, b, code[pc + 2], false);
            break;
          }
          case 68 /* FlagsDoubleLeft */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsDoubleShift(s, d, a, b, code[pc + 2], true);
            break;
          }
          case 69 /* FlagsDoubleRight */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsDoubleShift(s, d, a, b, code[pc + 2], false);
            break;
          }
          case 70 /* FlagsNotEqual */: {
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsNotEqual(s, a, b, code[pc + 2]);
            break;
          }
          case 71 /* FlagsCarryZero */: {
            const ab = code[pc + 1];
            const a = ab & 0xffff;
            const b = ab >>> 16;
            flagsCarryZero(s, a, b, code[pc + 2]);
            break;
          }
          case 72 /* FlagsClear */:
            s[34 /* RFLAGS */] &= ~code[pc + 2];
            break;
          case 73 /* FlagsSet */:
            s[34 /* RFLAGS */] |= code[pc + 2];
            break;
          case 74 /* FlagsFlip */:
            s[34 /* RFLAGS */] ^= code[pc + 2];
            break;
          case 75 /* ReadFlags */: {
            const d = word >>> 8;
            s[d] = s[34 /* RFLAGS */] | 0x2; /* FLAGS_ALWAYS_ONE */
            s[d + 1] = s[34 /* RFLAGS */ + 1];
            break;
          }
          case 76 /* WriteFlags */: {
            const a = code[pc + 1] & 0xffff;
            const mask = code[pc + 2];
            s[34 /* RFLAGS */] = (s[34 /* RFLAGS */] & ~mask) | (s[a] & mask);
            // IF or TF may have changed: look at the interrupt plan again.
            stopAt = count;
            break;
          }
          case 77 /* Sti */:
            this.log.record(5 /* EVENT.Sti */, code[record], code[record + 1], 0, 0, 0, 0, 0, count);
            // A shadow over the boundary after this instruction, only if interrupts were off (SDM, STI).
            if ((s[34 /* RFLAGS */] & 0x200) /* IF */ === 0) control[6 /* SHADOW_AT */] = count + 1;
            s[34 /* RFLAGS */] |= 0x200; /* IF */
            stopAt = count;
            break;
          case 78 /* Cli */:
            this.log.record(6 /* EVENT.Cli */, code[record], code[record + 1], 0, 0, 0, 0, 0, count);
            s[34 /* RFLAGS */] &= ~0x200; /* IF */
            break;
          case 79 /* StringStep */: {
            const d = word >>> 8;
            const step = (s[34 /* RFLAGS */] & 0x400) /* DF */ !== 0 ? -code[pc + 2] : code[pc + 2];
            s[d] = step;
            s[d + 1] = step >> 31;
            break;
          }
          case 80 /* CheckMxcsr */: {
            const a = code[pc + 1] & 0xffff;
            if ((s[a] & ~0xffff) /* MXCSR_BITS */ !== 0) {
              this.raise(13 /* #GP */);
              exit = 2; /* EXIT.Fault */
              break instruction;
            }
            break;
          }
          case 81 /* DepositBits */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            depositBits(s, d, ab & 0xffff, ab >>> 16);
            break;
          }
          case 82 /* ExtractBits */: {
            const d = word >>> 8;
            const ab = code[pc + 1];
            extractBits(s, d, ab & 0xffff, ab >>> 16);
            break;
          }
          case 83 /* Fence */:
            this.log.record(7 /* EVENT.Fence */, code[record], code[record + 1], 0, 0, 0, 0, 0, count);
            break;
          default:
            throw new Error(`no such micro-operation: ${word}`);
        }
        if ((word & 0x80) /* LAST_MICRO_OP */ !== 0) break;
        pc += 3; /* ENCODED_WORDS */
      }

      if (exit >= 0) {
        s[32 /* RIP */] = code[record];
        s[32 /* RIP */ + 1] = code[record + 1];
        control[0 /* INSTRUCTION_COUNT */] = count;
        control[2 /* PATH_HASH_LOW */] = pathLow;
        control[3 /* PATH_HASH_HIGH */] = pathHigh;
        if (exit !== 2 /* EXIT.Fault */) return exit;
        this.log.dropInstruction(count);
        return this.fault();
      }

      count++;
      const mixed = code[record] ^ Math.imul(code[record + 1], 0x61c88647);
      pathLow = (Math.imul(pathLow, 0x9e3779b1) + mixed) | 0;
      pathHigh = (Math.imul(pathHigh, 0x85ebca6b) + (Math.imul(mixed, 0xc2b2ae35) ^ (mixed >>> 15))) | 0;
      if (link > 0) {
        const next = code[record + link];
        if (next === 0) {
          unresolvedLink = record + link;
          const address =
            record + (link === 3 /* RECORD.NEXT_LINK */ ? 5 /* RECORD.NEXT_LOW */ : 7); /* RECORD.TARGET_LOW */
          s[32 /* RIP */] = code[address];
          s[32 /* RIP */ + 1] = code[address + 1];
        }
        record = next;
      } else if (link === 0) record = 0;
    }
  }

  /**
   * Enters the RIP of one executed instruction into the path hash. Each half is a polynomial over the path, so that the translation can
   * enter a whole block at once (wasm/path-hash.ts).
   */
  mixPath(ripLow: number, ripHigh: number): void {
    const control = this.control;
    const mixed = ripLow ^ Math.imul(ripHigh, 0x61c88647);
    control[2 /* PATH_HASH_LOW */] = Math.imul(control[2 /* PATH_HASH_LOW */], 0x9e3779b1) + mixed;
    control[3 /* PATH_HASH_HIGH */] =
      Math.imul(control[3 /* PATH_HASH_HIGH */], 0x85ebca6b) + (Math.imul(mixed, 0xc2b2ae35) ^ (mixed >>> 15));
  }

  /** Delivers the planned interrupt if this boundary is the one: forgets the plan; an NMI ends the shadow. */
  private interruptIsDue(count: number): boolean {
    const control = this.control;
    const kind = control[7 /* INTERRUPT_KIND */];
    if (kind === 0 || count < control[8 /* INTERRUPT_AT */]) return false;
    if (kind === 1) {
      const open = (this.slots[34 /* RFLAGS */] & 0x200) /* IF */ !== 0 && control[6 /* SHADOW_AT */] !== count;
      if (!open) return false;
    } else control[6 /* SHADOW_AT */] = -1;
    control[7 /* INTERRUPT_KIND */] = 0;
    return true;
  }

  /** The count at which a boundary has to be looked at again: every one while an interrupt is pending. */
  private nextStop(count: number, end: number): number {
    const control = this.control;
    if (control[7 /* INTERRUPT_KIND */] === 0) return end;
    return Math.min(end, Math.max(control[8 /* INTERRUPT_AT */], count + 1));
  }

  /** An external address needs no instruction: it is reached even when the budget is used up. */
  private endOfBudget(): number {
    const record = this.cache.resolve(this.slots[32 /* RIP */], this.slots[32 /* RIP */ + 1]);
    const at = record + 9; /* RECORD_WORDS */
    if (record === 0 || this.cache.code[at] !== 11 /* External */) return 4; /* EXIT.Budget */
    this.exitDetail = this.cache.code[at + 2];
    return 0; /* EXIT.External */
  }

  /** Sets the fault that `fault` reports, for exceptions that are not about an address. */
  private raise(vector: number): void {
    this.memory.faultVector = vector;
    this.memory.faultErrorCode = 0;
    this.memory.faultLow = 0;
    this.memory.faultHigh = 0;
  }

  /** Reports the fault in the memory's fields. An exception ends the STI shadow. */
  private fault(): number {
    this.exitDetail = this.memory.faultVector;
    this.faultErrorCode = this.memory.faultErrorCode;
    this.faultAddressLow = this.memory.faultLow;
    this.faultAddressHigh = this.memory.faultHigh;
    this.control[6 /* SHADOW_AT */] = -1;
    return 2; /* EXIT.Fault */
  }

  private load(
    d: number,
    low: number,
    high: number,
    x: number,
    ripLow: number,
    ripHigh: number,
    count: number,
  ): boolean {
    const memory = this.memory;
    const size = x & 0xff;
    const needed = (x & 0x200) /* ACCESS.ForWrite */ !== 0 ? 3 /* PERMISSION.ReadWrite */ : 1; /* PERMISSION.Read */
    const offset = memory.translate(low, high, size, needed, (x & 0x400) /* ACCESS.Stack */ !== 0);
    if (offset >= 0) memory.readAt(offset, size, this.slots, d);
    else if (offset === -1 /* TRANSLATED.Fault */) return false;
    else memory.readCrossing(low, high, size, this.slots, d);
    const implicit = x & 0x100; /* EVENT_IMPLICIT */
    const kind = implicit !== 0 ? 4 /* EVENT.Pop */ : 1; /* EVENT.Load */
    this.log.record(kind, ripLow, ripHigh, low, high, size | implicit, this.slots[d], this.slots[d + 1], count);
    return true;
  }

  private store(
    low: number,
    high: number,
    valueLow: number,
    valueHigh: number,
    x: number,
    ripLow: number,
    ripHigh: number,
    count: number,
  ): boolean {
    const memory = this.memory;
    const size = x & 0xff;
    const vl = size >= 4 ? valueLow : size === 2 ? valueLow & 0xffff : valueLow & 0xff;
    const vh = size === 8 ? valueHigh : 0;
    const offset = memory.translate(low, high, size, 2 /* PERMISSION.Write */, (x & 0x400) /* ACCESS.Stack */ !== 0);
    if (offset >= 0) memory.writeAt(offset, size, vl, vh);
    else if (offset === -1 /* TRANSLATED.Fault */) return false;
    else memory.writeCrossing(low, high, size, vl, vh);
    const implicit = x & 0x100; /* EVENT_IMPLICIT */
    this.log.record(
      implicit !== 0 ? 3 /* EVENT.Push */ : 2 /* EVENT.Store */,
      ripLow,
      ripHigh,
      low,
      high,
      size | implicit,
      vl,
      vh,
      count,
    );
    return true;
  }

  private divide(signed: boolean, d: number, a: number, b: number, x: number): boolean {
    const s = this.slots;
    const divisor = 2 * (x & 0xffff);
    const { divider } = this;
    const width = x >> 16;
    const fits = signed
      ? divider.signed(s[a], s[a + 1], s[b], s[b + 1], s[divisor], s[divisor + 1], width)
      : divider.unsigned(s[a], s[a + 1], s[b], s[b + 1], s[divisor], s[divisor + 1], width);
    if (!fits) return false;
    s[d] = divider.quotient[0];
    s[d + 1] = divider.quotient[1];
    s[d + 2] = divider.remainder[0];
    s[d + 3] = divider.remainder[1];
    return true;
  }
}
