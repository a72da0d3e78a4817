/**
 * Finds the memory accesses of a block whose addresses are constants apart. One check at the first of them, of the whole range,
 * stands for all. Where that check fails, the code is left, and goes on where every access is checked by itself.
 */
import { ACCESS, OP } from '../micro-ops.js';
import { REGISTER_INDEX } from '../registers.js';
import type { BlockInstruction } from './blocks.js';
import { TLB } from './engine-layout.js';
import { makesEvent, type MicroOp } from './micro-op.js';
import { ValueNumbers } from './value-numbers.js';

/** Bytes that the accesses of a group lie apart at most: they must be in one page. */
const WIDEST = 1024n;

/** Events from which on it pays to have RSP and the instruction count together in one local. */
const ENOUGH_EVENTS = 3;

/** Accesses in one range. */
export interface AccessGroup {
  /** The range's first byte, counted from the address of the group's first access, and its length. */
  readonly start: number;
  readonly length: number;
  /** What the first byte's address must be a multiple of, so that no store touches two aligned 8 bytes. */
  readonly align: number;
  /** TLB tag. */
  readonly tag: number;
  /** Number of the group in its block. */
  readonly number: number;
}

/** An access that belongs to a group. */
export interface GroupedAccess {
  readonly group: AccessGroup;
  /** Whether it is the first, where the check is. */
  readonly first: boolean;
  /** From the range's first byte to the access. */
  readonly offset: number;
}

interface Member {
  readonly micro: MicroOp;
  /** Signed distance of its address from that of the first member. */
  readonly at: bigint;
  readonly size: bigint;
}

/** A group while it is being found. */
class Range {
  readonly members: Member[] = [];
  readonly start: bigint;
  private low = 0n;
  private high = 0n;
  private align = 1n;
  /** Where a multiple of `align` has to be. */
  private anchor = 0n;
  private reads = false;
  private writes = false;

  /** @param start - what is added to the base for the first member */
  constructor(start: bigint) {
    this.start = start;
  }

  /** Takes an access in, if the range stays small and all stores can be aligned. */
  take(micro: MicroOp, plus: bigint): boolean {
    const member = { micro, at: BigInt.asIntN(64, plus - this.start), size: BigInt(micro.x & 0xff) };
    const { at, size } = member;
    const low = at < this.low ? at : this.low;
    const high = at + size > this.high ? at + size : this.high;
    if (high - low > WIDEST || !this.alignWith(member)) return false;
    this.low = low;
    this.high = high;
    this.members.push(member);
    const forWrite = (micro.x & ACCESS.ForWrite) !== 0;
    if (micro.op === OP.Store || forWrite) this.writes = true;
    if (micro.op === OP.Load || (micro.op === OP.CheckAccess && !forWrite)) this.reads = true;
    return true;
  }

  private alignWith(member: Member): boolean {
    if (member.micro.op !== OP.Store) return true;
    const stores = [...this.members.filter(({ micro }) => micro.op === OP.Store), member];
    const [align, anchor] = member.size > this.align ? [member.size, member.at] : [this.align, this.anchor];
    if (!stores.every(({ at, size }) => modulo(at - anchor, align) + size <= align)) return false;
    this.align = align;
    this.anchor = anchor;
    return true;
  }

  /** The finished group; the range begins where the alignment can be checked. */
  group(number: number): AccessGroup {
    const low = this.low - modulo(this.low - this.anchor, this.align);
    const tag = !this.writes ? TLB.READ : this.reads ? TLB.READ_WRITE : TLB.WRITE;
    return { start: Number(low), length: Number(this.high - low), align: Number(this.align), tag, number };
  }
}

/** Where RSP is when an event is made: a constant away from where it was at another event of the block. */
export interface StackPosition {
  /** Events with the same number have RSP a constant apart. */
  readonly base: number;
  readonly first: boolean;
  /** From RSP at the first event of that number, modulo 2^64. */
  readonly plus: bigint;
}

/** What is known of the accesses of a block, by micro-operation. */
export interface BlockAccesses {
  /** Those that are in a group. */
  readonly grouped: ReadonlyMap<MicroOp, GroupedAccess>;
  /** Those that make events, where enough of them have RSP a constant apart. */
  readonly stack: ReadonlyMap<MicroOp, StackPosition>;
}

/** Of a block whose accesses are each on their own. */
export const NOTHING_KNOWN: BlockAccesses = { grouped: new Map(), stack: new Map() };

/** Looks through the accesses of a block. */
export function findAccesses(
  instructions: readonly BlockInstruction[],
  constantOf: (slot: number) => bigint | undefined,
): BlockAccesses {
  const stack = new Map<number, { micro: MicroOp; plus: bigint }[]>();
  const values = new ValueNumbers(constantOf);
  const byBase = new Map<number, Range[]>();
  for (const { ops, translated } of instructions) {
    if (!translated) break;
    let stored = false;
    for (const micro of ops) {
      if (micro.op === OP.Load || micro.op === OP.Store || micro.op === OP.CheckAccess) {
        const { base, plus } = values.of(micro.a);
        const ranges = byBase.get(base) ?? [];
        byBase.set(base, ranges);
        // Behind its first store an instruction can no longer be left, so no check of a range may be there.
        if (!ranges.some((range) => range.take(micro, plus)) && !stored) {
          const range = new Range(plus);
          range.take(micro, plus);
          ranges.push(range);
        }
        if (micro.op === OP.Store) stored = true;
      }
      if (makesEvent(micro)) {
        const { base, plus } = values.of(REGISTER_INDEX.rsp);
        stack.set(base, [...(stack.get(base) ?? []), { micro, plus }]);
      }
      values.step(micro);
    }
  }
  return { grouped: groupsOf([...byBase.values()].flat()), stack: positionsOf([...stack.values()]) };
}

function groupsOf(ranges: readonly Range[]): ReadonlyMap<MicroOp, GroupedAccess> {
  const grouped = new Map<MicroOp, GroupedAccess>();
  let number = 0;
  for (const range of ranges) {
    if (range.members.length < 2) continue;
    const group = range.group(number++);
    for (const [i, { micro, at }] of range.members.entries())
      grouped.set(micro, { group, first: i === 0, offset: Number(at) - group.start });
  }
  return grouped;
}

function positionsOf(bases: readonly { micro: MicroOp; plus: bigint }[][]): ReadonlyMap<MicroOp, StackPosition> {
  const positions = new Map<MicroOp, StackPosition>();
  for (const [base, events] of bases.filter(({ length }) => length >= ENOUGH_EVENTS).entries())
    for (const [i, { micro, plus }] of events.entries())
      positions.set(micro, { base, first: i === 0, plus: plus - events[0].plus });
  return positions;
}

function modulo(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}
