/** Turns the placement slots of a scenario into addresses, as pairs of halves, without allocating. */
import { highAbove, highHalf, lowHalf } from '../halves.js';
import type { CompiledContract } from '../contract/compiled.js';
import { SHADOW_SPACE } from '../contract/compiled.js';
import { ACROSS_CARRY, ALIASED, PLACE, placeSlots, type Scenario, SLOT } from '../scenario/layout.js';
import type { StackNumbers } from '../stage/accesses.js';
import type { BlockRegions, Region, Regions } from '../stage/layout.js';

/** Bytes of stack parameters above the return address of a function that has at most four of 8. */
export const STACK_PARAMETERS = 32;
/** Bytes that a block in the caller's frame may be moved by. */
const FRAME_OFFSETS = 16 * 8;

export class Placement {
  /** RSP at the entry. */
  stackLow = 0;
  stackHigh = 0;
  /** Where the stack is. */
  stack: StackNumbers = { high: 0, low: 0, size: 0 };
  /** Addresses of the argument blocks, by index. */
  readonly lows: Int32Array;
  readonly highs: Int32Array;
  /** By index: 1 where the block's fields can be filled in. */
  readonly mapped: Uint8Array;

  private readonly sizes: readonly number[];
  private readonly aliases: readonly number[];
  private readonly placeSlots: readonly number[];
  private readonly offsetSlots: readonly number[];
  /** Bytes above the entry's RSP where each block begins that lies in the caller's frame. */
  private readonly frames: readonly number[];

  constructor({ blocks, stackParameters, contract }: CompiledContract) {
    this.sizes = blocks.map(({ size }) => size);
    this.aliases = blocks.map(({ alias }) => alias);
    this.placeSlots = blocks.map(({ index }) => placeSlots(index).place);
    this.offsetSlots = blocks.map(({ index }) => placeSlots(index).offset);
    let frame = 8 + SHADOW_SPACE[contract.convention] + Math.max(STACK_PARAMETERS, 8 * stackParameters);
    this.frames = this.sizes.map((size) => {
      const at = frame;
      frame += FRAME_OFFSETS + 8 * Math.ceil(size / 8);
      return at;
    });
    this.lows = new Int32Array(blocks.length);
    this.highs = new Int32Array(blocks.length);
    this.mapped = new Uint8Array(blocks.length);
  }

  place(scenario: Scenario, regions: NumericRegions): void {
    const offset = scenario[2 * SLOT.stackOffset];
    const { stack, entryLow, entryHigh } = regions.stacks[(offset & ACROSS_CARRY) === 0 ? 0 : 1];
    const below = 8 * (offset & 0xff);
    this.stack = stack;
    this.stackHigh = entryLow >>> 0 < below ? (entryHigh - 1) | 0 : entryHigh;
    this.stackLow = (entryLow - below) | 0;
    for (let block = 0; block < this.sizes.length; block++) this.placeBlock(block, scenario, regions);
  }

  private placeBlock(block: number, scenario: Scenario, regions: NumericRegions): void {
    const size = this.sizes[block];
    const own = regions.blocks[block];
    const offset = scenario[2 * this.offsetSlots[block]] & 0xff;
    this.mapped[block] = 1;
    switch (scenario[2 * this.placeSlots[block]]) {
      case PLACE.callerFrame:
        return this.onStack(block, this.frames[block] + 8 * (offset & 15));
      case PLACE.null:
        this.mapped[block] = 0;
        return this.at(block, 0, 0);
      case PLACE.unmapped:
        this.mapped[block] = 0;
        return this.at(block, regions.unmappedHigh, regions.unmappedLow + 8 * offset);
      case PLACE.partlyMapped:
        return this.at(block, own.blockHigh, own.blockEndLow - 8 * (size >> 4));
      case PLACE.readOnly:
        return this.at(block, own.readOnlyHigh, own.readOnlyLow + 8 * offset);
      case PLACE.lowHalfZero: {
        const before = bytesBeforeCarry(size, offset);
        return this.at(block, before === 0 ? own.carryHigh : own.carryHigh - 1, -before);
      }
      case PLACE.overlapsStack:
        return this.onStack(block, -size);
      case ALIASED: {
        const other = this.aliases[block];
        // A larger block would reach beyond what is mapped for the other.
        if (other < 0 || size > this.sizes[other]) break;
        this.mapped[block] = this.mapped[other];
        return this.at(block, this.highs[other], this.lows[other]);
      }
    }
    // Half of the offsets count from the guard page downward, so that one field too many hits it.
    return offset < 128
      ? this.at(block, own.blockHigh, own.blockStartLow + 8 * offset)
      : this.at(block, own.blockHigh, own.blockEndLow - size - 8 * (255 - offset));
  }

  private at(block: number, high: number, low: number): void {
    this.highs[block] = high | 0;
    this.lows[block] = low | 0;
  }

  /** @param above bytes from RSP at the entry, or below it */
  private onStack(block: number, above: number): void {
    const { stackLow, stackHigh } = this;
    if (above >= 0) this.at(block, highAbove(stackLow, stackHigh, above), stackLow + above);
    else this.at(block, stackLow >>> 0 < -above ? stackHigh - 1 : stackHigh, stackLow + above);
  }
}

/** Places before a boundary of 4 GiB at which a block of so many bytes still crosses it, 8 bytes apart: a power of two, or 0. */
export function placesBeforeCarry(size: number): number {
  const most = (size - 1) >> 3;
  return most === 0 ? 0 : 1 << (31 - Math.clz32(most));
}

/** How many bytes of a block lie before the boundary: half of the offsets put it right behind it, the others across. */
function bytesBeforeCarry(size: number, offset: number): number {
  const places = placesBeforeCarry(size);
  return offset < 128 || places === 0 ? 0 : 8 * (places - (offset & (places - 1)));
}

/** Where one block may lie, as halves. */
interface NumericBlock {
  blockStartLow: number;
  blockHigh: number;
  blockEndLow: number;
  readOnlyLow: number;
  readOnlyHigh: number;
  /** High half of the address at which its pages across a boundary of 4 GiB have their middle. */
  carryHigh: number;
}

/** A stack, and RSP at the entry for offset 0, as halves. */
interface NumericStack {
  stack: StackNumbers;
  entryLow: number;
  entryHigh: number;
}

/** Regions as halves. */
export interface NumericRegions {
  /** The usual stack, and the one across a boundary of 4 GiB. */
  stacks: readonly [NumericStack, NumericStack];
  /** By index of the block. */
  blocks: readonly NumericBlock[];
  unmappedLow: number;
  unmappedHigh: number;
  returnLow: number;
  returnHigh: number;
}

export function numericRegions(regions: Regions): NumericRegions {
  return {
    stacks: [
      numericStack(regions.stack, regions.stackEntry),
      numericStack(regions.stackAcrossCarry, regions.stackAcrossEntry),
    ],
    blocks: [regions, ...regions.moreBlocks].map(numericBlock),
    unmappedLow: lowHalf(regions.unmapped),
    unmappedHigh: highHalf(regions.unmapped),
    returnLow: lowHalf(regions.returnAddress),
    returnHigh: highHalf(regions.returnAddress),
  };
}

function numericStack({ address, size }: Region, entry: bigint): NumericStack {
  return {
    stack: { high: highHalf(address), low: lowHalf(address), size },
    entryLow: lowHalf(entry),
    entryHigh: highHalf(entry),
  };
}

function numericBlock({ block, blockStart, readOnly, acrossCarry }: BlockRegions): NumericBlock {
  return {
    blockStartLow: lowHalf(blockStart),
    blockHigh: highHalf(block.address),
    blockEndLow: lowHalf(block.address + BigInt(block.size)),
    readOnlyLow: lowHalf(readOnly.address),
    readOnlyHigh: highHalf(readOnly.address),
    carryHigh: highHalf(acrossCarry.address + BigInt(acrossCarry.size)),
  };
}
