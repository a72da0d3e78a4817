import { OpKind } from 'iced-x86';
import { type DecodedInstruction, decodeInstruction, disassemble, unknownText } from './decode.js';
import { CONSTANT_SLOT, CONSTANT_SLOTS } from './layout.js';
import { encode } from './encode.js';
import { liftInstruction, UNKNOWN_WORDS } from './lift.js';
import type { ConstantPool } from './lifter.js';
import { isCanonical, type Memory } from './memory.js';
import { OP, RECORD, RECORD_WORDS } from './micro-ops.js';

/** Why no instruction can be made of some bytes; undefined if one can. */
export type RefusedBytes = (address: bigint, size: number) => string | undefined;

/** Words of an entry of the address hash: address low, address high, record. */
const HASH_WORDS = 3;

/**
 * Decoded code: one record per address (RECORD in micro-ops.ts: a header, then micro-operations), in one Int32Array. Records
 * are linked to their successors, so that only indirect branches need the address hash. Record 0 is "none".
 */
export class CodeCache implements ConstantPool {
  /** The records. Replaced by a larger array when it grows: read it again after `resolve`. */
  code = new Int32Array(4096);
  private used = RECORD_WORDS;
  private hash = new Int32Array(1024 * HASH_WORDS);
  private hashMask = 1023;
  private hashCount = 0;
  private readonly externals = new Map<bigint, number>();
  private readonly described = new Map<bigint, DecodedInstruction>();
  private readonly constants = new Map<bigint, number>();
  /** What stands in place of some bytes; undefined if there are none. */
  private refused: RefusedBytes | undefined;
  private readonly memory: Memory;
  private readonly slots: Int32Array;

  constructor(memory: Memory, slots: Int32Array) {
    this.memory = memory;
    this.slots = slots;
  }

  /** Marks an address as external; the same address keeps its index. */
  addExternal(address: bigint): number {
    const unsigned = BigInt.asUintN(64, address);
    const known = this.externals.get(unsigned);
    if (known !== undefined) return known;
    const index = this.externals.size;
    this.externals.set(unsigned, index);
    this.flush();
    return index;
  }

  /** Of which bytes no instruction can be made: one that has any of them is unknown. */
  refuse(bytes: RefusedBytes): void {
    this.refused = bytes;
    this.flush();
  }

  /** Forgets everything decoded. Constants keep their slots. */
  flush(): void {
    this.used = RECORD_WORDS;
    this.hash.fill(0);
    this.hashCount = 0;
    this.described.clear();
  }

  slotOf(low: number, high: number): number {
    const value = join(low, high);
    const known = this.constants.get(value);
    if (known !== undefined) return known;
    if (this.constants.size >= CONSTANT_SLOTS) return -1;
    const slot = CONSTANT_SLOT + this.constants.size;
    this.constants.set(value, slot);
    this.slots[2 * slot] = low;
    this.slots[2 * slot + 1] = high;
    return slot;
  }

  /**
   * The record of the instruction (or external) at an address, decoded now if it is new.
   *
   * @returns 0 if the bytes cannot be fetched; the memory's fault fields then tell why
   */
  resolve(low: number, high: number): number {
    const known = this.lookUp(low, high);
    return known !== 0 ? known : this.decodeAt(low, high);
  }

  /** Whether a branch may go to this address: canonical, or an external. */
  isTarget(low: number, high: number): boolean {
    return isCanonical(high) || this.externals.has(join(low, high));
  }

  /** Describes the instruction at an address; undefined for externals and bytes that cannot be fetched. */
  describe(low: number, high: number): DecodedInstruction | undefined {
    const address = join(low, high);
    const known = this.described.get(address);
    if (known !== undefined) return known;
    if (this.externals.has(address)) return undefined;
    const bytes = this.memory.fetch(low, high);
    if (bytes.length === 0) return undefined;
    const found = disassemble(bytes, address);
    this.described.set(address, found);
    return found;
  }

  /** The text of the unknown instruction at an address. */
  unknownText(low: number, high: number): string {
    const bytes = this.memory.fetch(low, high);
    const address = join(low, high);
    const instruction = decodeInstruction(bytes, address);
    try {
      const refusal = this.refused?.(address, Math.max(1, instruction.length));
      if (refusal !== undefined) return refusal;
      return unknownText(instruction, bytes, address);
    } finally {
      instruction.free();
    }
  }

  private lookUp(low: number, high: number): number {
    const hash = this.hash;
    let index = mix(low, high) & this.hashMask;
    for (;;) {
      const at = index * 3; /* HASH_WORDS */
      const record = hash[at + 2];
      if (record === 0) return 0;
      if (hash[at] === low && hash[at + 1] === high) return record;
      index = (index + 1) & this.hashMask;
    }
  }

  private decodeAt(low: number, high: number): number {
    const address = join(low, high);
    const external = this.externals.get(address);
    if (external !== undefined) return this.append(low, high, 0, address, address, [OP.External, 0, 0, 0, external]);
    const bytes = this.memory.fetch(low, high);
    if (bytes.length === 0) return 0;
    // What a fetch beyond the last byte would raise, before other accesses overwrite it.
    const { faultVector, faultErrorCode, faultLow, faultHigh } = this.memory;
    const instruction = decodeInstruction(bytes, address);
    try {
      if (instruction.isInvalid && instruction.length === 0 && bytes.length < 15) {
        this.memory.faultVector = faultVector;
        this.memory.faultErrorCode = faultErrorCode;
        this.memory.faultLow = faultLow;
        this.memory.faultHigh = faultHigh;
        return 0;
      }
      const isRefused = this.refused?.(address, Math.max(1, instruction.length)) !== undefined;
      const words = (isRefused ? undefined : liftInstruction(instruction, this)) ?? UNKNOWN_WORDS;
      const direct = instruction.opCount > 0 && instruction.opKind(0) === OpKind.NearBranch64;
      const target = direct ? instruction.nearBranchTarget : 0n;
      return this.append(low, high, instruction.length, instruction.nextIP, target, words);
    } finally {
      instruction.free();
    }
  }

  private append(
    low: number,
    high: number,
    length: number,
    next: bigint,
    target: bigint,
    micro: readonly number[],
  ): number {
    const words = encode(micro);
    const record = this.used;
    const end = record + RECORD_WORDS + words.length;
    if (end > this.code.length) {
      const larger = new Int32Array(Math.max(this.code.length * 2, end));
      larger.set(this.code);
      this.code = larger;
    }
    const code = this.code;
    code[record + RECORD.RIP_LOW] = low;
    code[record + RECORD.RIP_HIGH] = high;
    code[record + RECORD.LENGTH] = length;
    code[record + RECORD.NEXT_LINK] = 0;
    code[record + RECORD.TARGET_LINK] = 0;
    code[record + RECORD.NEXT_LOW] = Number(BigInt.asIntN(32, next));
    code[record + RECORD.NEXT_HIGH] = Number(BigInt.asIntN(32, next >> 32n));
    code[record + RECORD.TARGET_LOW] = Number(BigInt.asIntN(32, target));
    code[record + RECORD.TARGET_HIGH] = Number(BigInt.asIntN(32, target >> 32n));
    code.set(words, record + RECORD_WORDS);
    this.used = end;
    this.insert(low, high, record);
    return record;
  }

  private insert(low: number, high: number, record: number): void {
    if (this.hashCount * 2 > this.hashMask) this.growHash();
    place(this.hash, this.hashMask, low, high, record);
    this.hashCount++;
  }

  private growHash(): void {
    const former = this.hash;
    this.hashMask = this.hashMask * 2 + 1;
    this.hash = new Int32Array((this.hashMask + 1) * HASH_WORDS);
    for (let at = 0; at < former.length; at += HASH_WORDS) {
      if (former[at + 2] !== 0) place(this.hash, this.hashMask, former[at], former[at + 1], former[at + 2]);
    }
  }
}

function place(hash: Int32Array, mask: number, low: number, high: number, record: number): void {
  let index = mix(low, high) & mask;
  while (hash[index * HASH_WORDS + 2] !== 0) index = (index + 1) & mask;
  hash[index * HASH_WORDS] = low;
  hash[index * HASH_WORDS + 1] = high;
  hash[index * HASH_WORDS + 2] = record;
}

function mix(low: number, high: number): number {
  const h = Math.imul(low ^ Math.imul(high, 0x61c88647), 0x9e3779b1 | 0);
  return (h ^ (h >>> 15)) >>> 0;
}

function join(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
