/**
 * The caller's side of a run: the registers, the stack and the argument blocks as a caller would leave them, and what is
 * in the blocks afterwards. Nothing here allocates.
 */
import type { FieldBytes } from '../contract/compiled-blocks.js';
import { type CompiledContract, type NarrowParameter, SHADOW_SPACE } from '../contract/compiled.js';
import { bytesAbove, highAbove, joinHalves } from '../halves.js';
import { BLOCK, FACT } from '../observation/layout.js';
import { isAliased, placeOf } from '../scenario/blocks.js';
import {
  callerFlags,
  fieldSlot,
  FIXED_FLAGS,
  parameterSlot,
  PLACE,
  type Scenario,
  SLOT,
  stackSlot,
} from '../scenario/layout.js';
import { passedLow } from '../scenario/narrow.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGIONS } from '../stage/layout.js';
import type { Machine } from '../x86/machine.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { type NumericRegions, numericRegions, Placement } from './placement.js';
import type { Writable } from './survey.js';

const RSP = REGISTER_INDEX.rsp;

/** Where a pointer to a block arrives: one of the two is -1. */
interface PointerPlace {
  register: number;
  stack: number;
}

export class CallerSide {
  readonly placement: Placement;
  /** Bytes of shadow space above the return address. */
  private readonly shadow: number;
  private readonly regions: readonly [NumericRegions, NumericRegions];
  private readonly fieldOffsets: Int32Array;
  private readonly fieldBytes: Uint8Array;
  private readonly fieldBlocks: Uint8Array;
  private readonly fieldSlots: Int32Array;
  /** Those of which the host may see something come last, so that they are there where fields lie in one place. */
  private readonly fillOrder: readonly number[];
  private readonly pointers: readonly PointerPlace[];
  /** Indices of the other stack parameters. */
  private readonly stackParameters: readonly number[];
  private readonly narrow: readonly { slot: number; register: number; parameter: NarrowParameter }[];
  /** RFLAGS bits that the caller chooses. */
  private readonly flags: number;
  /** What a survey takes for the function's to write. */
  private readonly writable: readonly [Writable, Writable];

  /** @param own data of the function's own: low half, high half and bytes of each */
  constructor(
    private readonly compiled: CompiledContract,
    own: Int32Array = new Int32Array(),
  ) {
    const { contract, blocks, fields, fieldRegister } = compiled;
    this.placement = new Placement(compiled);
    this.flags = callerFlags(compiled);
    this.shadow = SHADOW_SPACE[contract.convention];
    this.regions = [numericRegions(REGIONS[0]), numericRegions(REGIONS[1])];
    this.fieldOffsets = Int32Array.from(fields, ({ offset }) => offset);
    this.fieldBytes = Uint8Array.from(fields, ({ bytes }) => bytes);
    this.fieldBlocks = Uint8Array.from(fields, ({ block }) => block);
    this.fieldSlots = Int32Array.from(fields, (_, index) => fieldSlot(index));
    const indices = fields.map((_, index) => index);
    this.fillOrder = [
      ...indices.filter((index) => fieldRegister[index] < 0),
      ...indices.filter((index) => fieldRegister[index] >= 0),
    ];
    this.pointers = blocks.map(({ parameter: { place } }) => ({
      register: 'register' in place ? REGISTER_INDEX[place.register] : -1,
      stack: 'stack' in place ? place.stack : -1,
    }));
    this.stackParameters = contract.parameters.flatMap(({ kind, place }) =>
      kind !== 'block' && 'stack' in place ? [place.stack] : [],
    );
    this.narrow = compiled.narrowParameters.map((parameter) => {
      const { place } = parameter.parameter;
      const register = 'register' in place ? REGISTER_INDEX[place.register] : -1;
      return { slot: parameterSlot(place), register, parameter };
    });
    const writable = (memory: 0 | 1): Writable => ({
      placement: this.placement,
      regions: this.regions[memory],
      blocks: new Int32Array(blocks.length),
      writableBytes: blocks.map(({ writable }) => writable),
      above: this.shadow + 8 * compiled.stackParameters,
      own,
    });
    this.writable = [writable(0), writable(1)];
  }

  /** The regions of memory 0 or 1. */
  regionsOf(memory: 0 | 1): NumericRegions {
    return this.regions[memory];
  }

  /** Puts the general registers, RFLAGS, the stack and the block in place for a run; RIP is the harness's. The block's fields and the return address are observed. */
  enter(machine: Machine, scenario: Scenario, memory: 0 | 1, observation: Int32Array): void {
    const { placement } = this;
    const { state } = machine;
    const regions = this.regions[memory];
    placement.place(scenario, regions);
    for (let register = 0; register < 16; register++) {
      const slot = SLOT.entry[register];
      if (slot < 0) continue;
      state[2 * register] = scenario[2 * slot];
      state[2 * register + 1] = scenario[2 * slot + 1];
    }
    state[2 * RSP] = placement.stackLow;
    state[2 * RSP + 1] = placement.stackHigh;
    state[2 * STATE.RFLAGS] = (scenario[2 * SLOT.entryFlags] & this.flags) | FIXED_FLAGS;
    machine.poke64(placement.stackLow, placement.stackHigh, regions.returnLow, regions.returnHigh);
    for (const index of this.stackParameters) {
      const slot = 2 * stackSlot(index);
      this.pokeParameter(machine, index, this.passed(scenario, slot), scenario[slot + 1]);
    }
    for (const { slot, register } of this.narrow)
      if (register >= 0) state[2 * register] = this.passed(scenario, 2 * slot);
    for (let block = 0; block < this.pointers.length; block++) {
      const { register, stack } = this.pointers[block];
      const low = placement.lows[block];
      const high = placement.highs[block];
      if (register >= 0) {
        state[2 * register] = low;
        state[2 * register + 1] = high;
      } else this.pokeParameter(machine, stack, low, high);
    }
    this.fillBlocks(machine, scenario, observation);
    observation[2 * FACT.returnAddress] = regions.returnLow;
    observation[2 * FACT.returnAddress + 1] = regions.returnHigh;
  }

  /** The low half that is passed for a slot, given as the index of its low half. */
  private passed(scenario: Scenario, at: number): number {
    for (const { slot, parameter } of this.narrow)
      if (2 * slot === at) return passedLow(scenario[at], parameter, this.compiled.contract.convention);
    return scenario[at];
  }

  private pokeParameter(machine: Machine, index: number, low: number, high: number): void {
    const { placement } = this;
    const above = 8 + this.shadow + 8 * index;
    const { stackLow, stackHigh } = placement;
    machine.poke64((stackLow + above) | 0, highAbove(stackLow, stackHigh, above), low, high);
  }

  private fillBlocks(machine: Machine, scenario: Scenario, observation: Int32Array): void {
    const { placement } = this;
    let aliased = false;
    for (const field of this.fillOrder) {
      const block = this.fieldBlocks[field];
      if (placement.mapped[block] === 0) continue;
      const slot = 2 * this.fieldSlots[field];
      const address = (placement.lows[block] + this.fieldOffsets[field]) | 0;
      const high = this.fieldHigh(field);
      const bytes = this.fieldBytes[field];
      const partly = placeOf(scenario, this.compiled, block) === PLACE.partlyMapped;
      // The second half of a partly mapped block is nowhere.
      if (partly && !machine.peek64(address, high, bytes)) continue;
      if (bytes === 8) machine.poke64(address, high, scenario[slot], scenario[slot + 1]);
      else machine.poke(address, high, bytes, scenario[slot], scenario[slot + 1]);
      observation[2 * (BLOCK.initial + field)] = bytes < 4 ? scenario[slot] & ((1 << (8 * bytes)) - 1) : scenario[slot];
      observation[2 * (BLOCK.initial + field) + 1] = bytes === 8 ? scenario[slot + 1] : 0;
      aliased ||= isAliased(scenario, this.compiled, block);
    }
    // What was written first may be gone.
    if (aliased) this.readFields(machine, BLOCK.initial, observation);
  }

  /** Observes the blocks as the run left them. */
  readBlocks(machine: Machine, observation: Int32Array): void {
    this.readFields(machine, BLOCK.final, observation);
  }

  private readFields(machine: Machine, at: number, observation: Int32Array): void {
    const { placement } = this;
    for (let field = 0; field < this.fieldOffsets.length; field++) {
      const block = this.fieldBlocks[field];
      if (placement.mapped[block] === 0) continue;
      const address = (placement.lows[block] + this.fieldOffsets[field]) | 0;
      if (!machine.peek64(address, this.fieldHigh(field), this.fieldBytes[field])) continue;
      observation[2 * (at + field)] = machine.peekLow;
      observation[2 * (at + field) + 1] = machine.peekHigh;
    }
  }

  /** What of memory the function may write to, by the present placement: no block where the caller gave none. */
  writableMemory(memory: 0 | 1): Writable {
    const writable = this.writable[memory];
    const { mapped } = this.placement;
    const { blocks } = this.compiled;
    for (let block = 0; block < blocks.length; block++)
      writable.blocks[block] = mapped[block] === 0 ? 0 : blocks[block].size;
    return writable;
  }

  /** Whether an address lies in an argument block. */
  inBlock(low: number, high: number): boolean {
    const { blocks } = this.compiled;
    for (let block = 0; block < blocks.length; block++)
      if (bytesAbove(low, high, this.placement.lows[block], this.placement.highs[block]) < blocks[block].size)
        return true;
    return false;
  }

  /** High half of the address of a field. */
  private fieldHigh(field: number): number {
    const block = this.fieldBlocks[field];
    return highAbove(this.placement.lows[block], this.placement.highs[block], this.fieldOffsets[field]);
  }

  /** Address of a field of an argument block, by the present placement. */
  fieldAddress(field: string): bigint {
    const index = this.compiled.fieldIndex.get(field) ?? 0;
    const block = this.fieldBlocks[index];
    return joinHalves(this.placement.lows[block], this.placement.highs[block]) + BigInt(this.fieldOffsets[index]);
  }

  /** Bytes of a field. */
  fieldSize(field: string): FieldBytes {
    return this.compiled.fields[this.compiled.fieldIndex.get(field) ?? 0].bytes;
  }
}
