/**
 * Memory that nobody laid out: what a pointer leads to that the function was given, or that a register held by chance. It
 * appears page by page when it is touched. Its content follows from the address, so that the same pointer always leads to
 * the same values, and is full of pointers into itself: whatever a function takes for a structure can be followed.
 *
 * An address says who gave it (its upper half) and lies in one of 64 windows, whose number says what the values in it are
 * like. What companions hold in place of a pointer differs from it in every byte that an address can differ in, and leads to
 * the same values: a companion run that starts from the other pointer loads the same.
 */
import { TDVMCALL } from '../../models/abi/tdvmcall.js';
import { highHalf, joinHalves, lowHalf, writeHalves } from '../halves.js';

/** Who gave an address. */
export const GIVEN_BY = {
  /** The caller, as a parameter or in memory that a parameter leads to. */
  caller: 0x00,
  /** Nobody: a register that is no parameter. The other one is the companion's. */
  nobody: 0x10,
  nobodyOther: 0x11,
  /** The host, or the module, in its answer. */
  host: 0x20,
  hostOther: 0x21,
} as const;

const SPACE_HIGH = 0xffff8a00 | 0;
/** The same of the pointers of companions: another byte, and the lower half shifted. */
const OTHER_HIGH = 0xffff9500 | 0;
const OTHER_SHIFT = 0x15a6d4b8;
const KINDS = 0xff;
/** Windows of 16 MiB; pointers lead to their middle, so that negative offsets stay in them. */
const WINDOW_SHIFT = 24;
export const WINDOWS = 64;
const MIDDLE = 0x400000;
/** Places in a window to which pointers lead, each a cache line. */
const PLACES = 0x10000;
const PAGE = 0x1000;

/** What the values in a window are like: `window % 8`. */
export const LIKE = { pointers: 0, zeros: 1, small: 2, mixed: 3, bytes: 4, pointersOrNull: 5, numbers: 6, random: 7 };

/** The address of a place in a window. */
export function placeAddress(givenBy: number, window: number, place: number): bigint {
  const low = (window << WINDOW_SHIFT) | (MIDDLE + ((place % PLACES) << 6));
  return isOther(givenBy) ? joinHalves(low + OTHER_SHIFT, OTHER_HIGH | givenBy) : joinHalves(low, SPACE_HIGH | givenBy);
}

function isOther(givenBy: number): boolean {
  return givenBy === GIVEN_BY.nobodyOther || givenBy === GIVEN_BY.hostOther;
}

/** Who gave a value, if it is an address in this memory: one of GIVEN_BY. */
export function givenBy(value: bigint): number | undefined {
  return givenByHigh(highHalf(value));
}

export function givenByHigh(high: number): number | undefined {
  const kind = high & KINDS;
  return (high & ~KINDS) === (isOther(kind) ? OTHER_HIGH : SPACE_HIGH) ? kind : undefined;
}

/** The bytes of the page at an address. */
export function pageContent(address: bigint): Uint8Array {
  const words = new Int32Array(PAGE / 4);
  // All pages begin at a page's start; the shift is none of a page, but one of whole words.
  const low = lowHalf(address) - ((givenBy(address) ?? 0) & 1 ? OTHER_SHIFT : 0);
  for (let offset = 0; offset < PAGE; offset += 8) writeHalves(words, offset / 4, wordAt((low + offset) | 0));
  return new Uint8Array(words.buffer);
}

const NUMBERS = Object.values(TDVMCALL);

function wordAt(low: number): bigint {
  const hash = mix(low, 0x51ed270b);
  const pointer = (): bigint => placeAddress(GIVEN_BY.caller, hash & (WINDOWS - 1), hash >>> 8);
  switch ((low >>> WINDOW_SHIFT) % 8) {
    case LIKE.pointers:
      return pointer();
    case LIKE.zeros:
      return 0n;
    case LIKE.small:
      return BigInt(hash & 7);
    case LIKE.bytes:
      return BigInt(hash & 0xff);
    case LIKE.pointersOrNull:
      return hash >>> 30 === 0 ? 0n : pointer();
    case LIKE.numbers:
      return BigInt(NUMBERS[(hash >>> 8) % NUMBERS.length]);
    case LIKE.random:
      return joinHalves(hash, mix(low, 0x2545f491));
    default:
      return mixed(hash, pointer);
  }
}

function mixed(hash: number, pointer: () => bigint): bigint {
  const choice = hash >>> 28;
  if (choice < 6) return pointer();
  if (choice < 9) return 0n;
  if (choice < 12) return BigInt((hash >>> 8) & 7);
  return choice < 14 ? 1n << BigInt((hash >>> 8) & 63) : joinHalves(hash, mix(hash, 0x2545f491));
}

/** 32 bits that follow from two words (murmur3's finishing step, Austin Appleby, public domain). */
export function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ (b >>> 15) ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
