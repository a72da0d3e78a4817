/**
 * The caller's side of a run: the registers, the stack and the argument block as a caller would leave them, and what is
 * in the block afterwards. Nothing here allocates.
 */
import { type CompiledContract, SHADOW_SPACE } from '../contract/compiled.js';
import { joinHalves } from '../halves.js';
import { BLOCK, FACT } from '../observation/layout.js';
import { CALLER_FLAGS, FIXED_FLAGS, parameterSlot, PLACE, type Scenario, SLOT } from '../scenario/layout.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGIONS } from '../stage/layout.js';
import type { Machine } from '../x86/machine.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { type NumericRegions, numericRegions, Placement } from './placement.js';

const RSP = REGISTER_INDEX.rsp;

export class CallerSide {
  readonly placement: Placement;
  /** Bytes above the return address that the function may write. */
  readonly shadow: number;
  private readonly regions: readonly [NumericRegions, NumericRegions];
  private readonly fieldOffsets: Int32Array;
  private readonly blockSize: number;
  /** Register that holds the pointer to the block, or -1. */
  private readonly pointerRegister: number;
  /** Index of the stack parameter that holds it, or -1. */
  private readonly pointerIndex: number;
  /** Indices of the other stack parameters. */
  private readonly stackParameters: readonly number[];

  constructor(private readonly compiled: CompiledContract) {
    const { contract, blockParameter, fields } = compiled;
    this.placement = new Placement(compiled);
    this.shadow = SHADOW_SPACE[contract.convention];
    this.regions = [numericRegions(REGIONS[0]), numericRegions(REGIONS[1])];
    this.fieldOffsets = Int32Array.from(fields, ({ offset }) => offset);
    this.blockSize = contract.block?.size ?? 0;
    const place = blockParameter?.place;
    this.pointerRegister = place !== undefined && 'register' in place ? REGISTER_INDEX[place.register] : -1;
    this.pointerIndex = place !== undefined && 'stack' in place ? place.stack : -1;
    this.stackParameters = contract.parameters
      .filter(({ kind, place: where }) => kind !== 'block' && 'stack' in where)
      .map((parameter) => parameterSlot(parameter.place) - SLOT.entryStack);
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
    state[2 * STATE.RFLAGS] = (scenario[2 * SLOT.entryFlags] & CALLER_FLAGS) | FIXED_FLAGS;
    machine.poke64(placement.stackLow, placement.stackHigh, regions.returnLow, regions.returnHigh);
    for (const index of this.stackParameters) {
      const slot = 2 * (SLOT.entryStack + index);
      this.pokeParameter(machine, index, scenario[slot], scenario[slot + 1]);
    }
    if (this.pointerRegister >= 0) {
      state[2 * this.pointerRegister] = placement.blockLow;
      state[2 * this.pointerRegister + 1] = placement.blockHigh;
    }
    if (this.pointerIndex >= 0) this.pokeParameter(machine, this.pointerIndex, placement.blockLow, placement.blockHigh);
    if (this.compiled.blockParameter !== undefined && placement.blockMapped)
      this.fillBlock(machine, scenario, observation);
    observation[2 * FACT.returnAddress] = regions.returnLow;
    observation[2 * FACT.returnAddress + 1] = regions.returnHigh;
  }

  private pokeParameter(machine: Machine, index: number, low: number, high: number): void {
    const { placement } = this;
    machine.poke64((placement.stackLow + 8 + this.shadow + 8 * index) | 0, placement.stackHigh, low, high);
  }

  private fillBlock(machine: Machine, scenario: Scenario, observation: Int32Array): void {
    const { placement } = this;
    const partly = scenario[2 * SLOT.blockPlace] === PLACE.partlyMapped;
    for (let field = 0; field < this.fieldOffsets.length; field++) {
      const slot = 2 * (SLOT.blockField + field);
      const address = (placement.blockLow + this.fieldOffsets[field]) | 0;
      // The second half of a partly mapped block is nowhere.
      if (partly && !machine.peek64(address, placement.blockHigh)) continue;
      machine.poke64(address, placement.blockHigh, scenario[slot], scenario[slot + 1]);
      observation[2 * (BLOCK.initial + field)] = scenario[slot];
      observation[2 * (BLOCK.initial + field) + 1] = scenario[slot + 1];
    }
  }

  /** Observes the block as the run left it. */
  readBlock(machine: Machine, observation: Int32Array): void {
    const { placement } = this;
    if (this.compiled.blockParameter === undefined || !placement.blockMapped) return;
    for (let field = 0; field < this.fieldOffsets.length; field++) {
      const address = (placement.blockLow + this.fieldOffsets[field]) | 0;
      if (!machine.peek64(address, placement.blockHigh)) continue;
      observation[2 * (BLOCK.final + field)] = machine.peekLow;
      observation[2 * (BLOCK.final + field) + 1] = machine.peekHigh;
    }
  }

  /** Bytes of the block that the function may write to: none where the caller gave none. */
  writableBlock(scenario: Scenario): number {
    const place = scenario[2 * SLOT.blockPlace];
    return place === PLACE.unmapped || place === PLACE.null ? 0 : this.blockSize;
  }

  /** Whether an address lies in the argument block. */
  inBlock(low: number, high: number): boolean {
    return high === this.placement.blockHigh && (low - this.placement.blockLow) >>> 0 < this.blockSize;
  }

  /** Address of a field of the argument block, by the present placement. */
  fieldAddress(field: string): bigint {
    const offset = this.fieldOffsets[this.compiled.fieldIndex.get(field) ?? 0];
    return joinHalves(this.placement.blockLow, this.placement.blockHigh) + BigInt(offset);
  }
}
