/** Turns the placement slots of a scenario into addresses, as pairs of halves, without allocating. */
import { highHalf, lowHalf } from '../halves.js';
import type { CompiledContract } from '../contract/compiled.js';
import { SHADOW_SPACE } from '../contract/compiled.js';
import { PLACE, type Scenario, SLOT } from '../scenario/layout.js';
import type { StackNumbers } from '../stage/accesses.js';
import type { Regions } from '../stage/layout.js';

/** Bytes of stack parameters above the return address (four of 8). */
export const STACK_PARAMETERS = 32;

export class Placement {
  /** RSP at the entry. */
  stackLow = 0;
  stackHigh = 0;
  /** Address of the argument block. */
  blockLow = 0;
  blockHigh = 0;
  /** Whether the block's fields can be filled in. */
  blockMapped = false;

  private readonly size: number;
  private readonly shadow: number;

  constructor(compiled: CompiledContract) {
    this.size = compiled.contract.block?.size ?? 0;
    this.shadow = SHADOW_SPACE[compiled.contract.convention];
  }

  /** All regions lie so that adding an offset never carries into the high half. */
  place(scenario: Scenario, regions: NumericRegions): void {
    this.stackHigh = regions.stackEntryHigh;
    this.stackLow = (regions.stackEntryLow - 8 * (scenario[2 * SLOT.stackOffset] & 0xff)) | 0;
    const offset = scenario[2 * SLOT.blockOffset] & 0xff;
    this.blockMapped = true;
    switch (scenario[2 * SLOT.blockPlace]) {
      case PLACE.callerFrame:
        return this.at(this.stackHigh, this.stackLow + 8 + this.shadow + STACK_PARAMETERS + 8 * (offset & 15));
      case PLACE.null:
        this.blockMapped = false;
        return this.at(0, 0);
      case PLACE.unmapped:
        this.blockMapped = false;
        return this.at(regions.unmappedHigh, regions.unmappedLow + 8 * offset);
      case PLACE.partlyMapped:
        return this.at(regions.blockHigh, regions.blockEndLow - 8 * (this.size >> 4));
      case PLACE.readOnly:
        return this.at(regions.readOnlyHigh, regions.readOnlyLow + 8 * offset);
      case PLACE.lowHalfZero:
        return this.at(regions.lowHalfZeroHigh, 0);
      case PLACE.overlapsStack:
        return this.at(this.stackHigh, this.stackLow - this.size);
      default:
        // Half of the offsets count from the guard page downward, so that one field too many hits it.
        return offset < 128
          ? this.at(regions.blockHigh, regions.blockStartLow + 8 * offset)
          : this.at(regions.blockHigh, regions.blockEndLow - this.size - 8 * (255 - offset));
    }
  }

  private at(high: number, low: number): void {
    this.blockHigh = high;
    this.blockLow = low | 0;
  }
}

/** Regions as halves. */
export interface NumericRegions {
  stackEntryLow: number;
  stackEntryHigh: number;
  stack: StackNumbers;
  blockStartLow: number;
  blockHigh: number;
  blockEndLow: number;
  readOnlyLow: number;
  readOnlyHigh: number;
  lowHalfZeroHigh: number;
  unmappedLow: number;
  unmappedHigh: number;
  returnLow: number;
  returnHigh: number;
}

export function numericRegions(regions: Regions): NumericRegions {
  return {
    stackEntryLow: lowHalf(regions.stackEntry),
    stackEntryHigh: highHalf(regions.stackEntry),
    stack: {
      high: highHalf(regions.stack.address),
      low: lowHalf(regions.stack.address),
      size: regions.stack.size,
    },
    blockStartLow: lowHalf(regions.blockStart),
    blockHigh: highHalf(regions.block.address),
    blockEndLow: lowHalf(regions.block.address + BigInt(regions.block.size)),
    readOnlyLow: lowHalf(regions.readOnly.address),
    readOnlyHigh: highHalf(regions.readOnly.address),
    lowHalfZeroHigh: highHalf(regions.lowHalfZero.address),
    unmappedLow: lowHalf(regions.unmapped),
    unmappedHigh: highHalf(regions.unmapped),
    returnLow: lowHalf(regions.returnAddress),
    returnHigh: highHalf(regions.returnAddress),
  };
}
