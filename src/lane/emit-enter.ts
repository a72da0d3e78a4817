/** The caller's side of a run as WebAssembly: what src/harness/caller.ts does, in one of the two memories. */
import type { CompiledContract } from '../contract/compiled.js';
import { SHADOW_SPACE } from '../contract/compiled.js';
import { placesBeforeCarry, STACK_PARAMETERS } from '../harness/placement.js';
import { PERCPU_BASE } from '../image/per-cpu.js';
import { MXCSR_DEFAULT, X87_DEFAULT } from '../stage/entry-state.js';
import { REGIONS } from '../stage/layout.js';
import { BLOCK, FACT, MOMENT, VECTOR } from '../observation/layout.js';
import { ACROSS_CARRY, callerFlags, FIXED_FLAGS, parameterSlot, PLACE, SLOT } from '../scenario/layout.js';
import {
  clear,
  copy,
  i32,
  type I32,
  i64,
  type I64,
  type Local,
  select,
  seq,
  type Statement,
  when,
} from '../wasm/code.js';
import type { ModuleBuilder, Scope } from '../wasm/module.js';
import { CONTROL, type Layout, SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { REGISTER_BYTES } from './emit-answer.js';
import { type UndoList, withEmptyUndo } from './emit-undo.js';
import type { LaneLayout } from './layout.js';

const { rsp: RSP } = REGISTER_INDEX;
/** XMM0-15 with the control words before them, in the observation. */
const VECTOR_BYTES = 34 * 8;

/** What entering needs to know of the target. */
export interface EnterInput {
  module: ModuleBuilder;
  layout: Layout;
  lane: LaneLayout;
  compiled: CompiledContract;
  entry: bigint;
  gsBase: bigint;
  /** Whether code can touch XMM, MXCSR or x87. */
  vector: boolean;
  /** Byte offset in linear memory of an address. */
  offsetOf: (address: bigint) => number;
}

/** Places everything for a run in memory 0 or 1, and records the initial state. */
export function enter(
  scope: Scope,
  input: EnterInput,
  memory: 0 | 1,
  scenario: Local<I32>,
  observation: Local<I32>,
  observeInitial: boolean,
): Statement {
  const { layout, lane, compiled, entry, vector } = input;
  const regions = REGIONS[memory];
  const stack = { address: scope.i64(), place: scope.i32() };
  const slot = (index: number): I64 => i64.load(scenario.get, 8 * index);
  const low = (index: number): I32 => i32.load(scenario.get, 8 * index);
  /** Into the machine's state, and into what is observed of it. */
  const state = (index: number, value: I64): Statement =>
    seq(
      word.set(value),
      i64.store(layout.slots, 8 * index, word.get),
      ...(observeInitial && index < REGISTER_BYTES / 8
        ? [i64.store(observation.get, 8 * (MOMENT.initial + index), word.get)]
        : []),
    );
  const word = scope.i64();
  const registers = (first: number, count: number): Statement =>
    seq(
      copy(layout.slots, 8 * first, scenario.get, 8 * SLOT.entry[first], 8 * count),
      ...(observeInitial
        ? [copy(observation.get, 8 * (MOMENT.initial + first), scenario.get, 8 * SLOT.entry[first], 8 * count)]
        : []),
    );
  const control = (word: number, value: I64): Statement => i64.store(layout.control, 4 * word, value);
  const below = i32.shl(i32.and(low(SLOT.stackOffset), i32.const(0xff)), i32.const(3));
  const across = i32.and(low(SLOT.stackOffset), i32.const(ACROSS_CARRY));
  const chosen = (usual: bigint, other: bigint): I64 => select(across, i64.const(other), i64.const(usual));
  const chosenPlace = (usual: bigint, other: bigint): I32 =>
    select(across, i32.const(input.offsetOf(other)), i32.const(input.offsetOf(usual)));
  const shadow = SHADOW_SPACE[compiled.contract.convention];
  const { blockParameter } = compiled;
  const parts: Statement[] = [
    stack.address.set(i64.sub(chosen(regions.stackEntry, regions.stackAcrossEntry), i64.extend(below))),
    stack.place.set(i32.sub(chosenPlace(regions.stackEntry, regions.stackAcrossEntry), below)),
    i64.store(lane.stackAddress, 0, chosen(regions.stack.address, regions.stackAcrossCarry.address)),
    i32.store(lane.stackStart, 0, chosenPlace(regions.stack.address, regions.stackAcrossCarry.address)),
    i32.store(lane.stackPlace, 0, stack.place.get),
    // Hardware order in both, but that RSP has no slot.
    registers(0, RSP),
    registers(RSP + 1, 15 - RSP),
    state(RSP, stack.address.get),
    state(STATE.RIP, i64.const(entry)),
    state(
      STATE.RFLAGS,
      i64.extend(i32.or(i32.and(low(SLOT.entryFlags), i32.const(callerFlags(compiled))), i32.const(FIXED_FLAGS))),
    ),
    state(STATE.FS_BASE, i64.const(PERCPU_BASE)),
    state(STATE.GS_BASE, i64.const(input.gsBase)),
    ...(vector
      ? [
          state(STATE.MXCSR, i64.const(BigInt(MXCSR_DEFAULT))),
          state(STATE.X87_CW, i64.const(BigInt(X87_DEFAULT))),
          copy(layout.slots, 8 * STATE.XMM, lane.xmm, 256 * memory, 256),
        ]
      : []),
    control(CONTROL.INSTRUCTION_COUNT, i64.const(0n)),
    i32.store(layout.control, 4 * CONTROL.EVENT_COUNT, i32.load(lane.eventStart)),
    control(CONTROL.PATH_HASH_LOW, i64.const(0n)),
    i32.store(layout.control, 4 * CONTROL.SHADOW_AT, i32.const(-1)),
    i32.store(lane.interruptedAt, 0, i32.const(0)),
    clear(observation.get, 0, 8 * (FACT.returnAddress + 1)),
    i64.store(observation.get, 8 * FACT.returnAddress, i64.const(regions.returnAddress)),
  ];
  const pokeAll = (undo: UndoList): Statement => {
    const stackParameter = (index: number, value: I64): Statement =>
      undo.poke(i32.add(stack.place.get, i32.const(8 + shadow + 8 * index)), value);
    const pokes = [undo.poke(stack.place.get, i64.const(regions.returnAddress))];
    for (const { kind, place } of compiled.contract.parameters)
      if (kind !== 'block' && 'stack' in place) pokes.push(stackParameter(place.stack, slot(parameterSlot(place))));
    if (blockParameter !== undefined) {
      pokes.push(placeBlock(scope, input, memory, scenario.get, stack));
      const pointer = i64.load(lane.blockAddress);
      if ('register' in blockParameter.place) pokes.push(state(REGISTER_INDEX[blockParameter.place.register], pointer));
      else pokes.push(stackParameter(blockParameter.place.stack, pointer));
      pokes.push(fillBlock(input, scenario.get, observation.get, undo));
    }
    return seq(...pokes, undo.store);
  };
  return seq(
    ...parts,
    withEmptyUndo(scope, layout, pokeAll),
    ...(vector ? [copyVector(observation.get, VECTOR.initial, layout)] : []),
  );
}

/** MXCSR, the x87 control word and XMM0-15 as the observation has them. */
export function copyVector(observation: I32, at: number, layout: Layout): Statement {
  return seq(
    copy(observation, 8 * at, layout.slots, 8 * STATE.MXCSR, 16),
    copy(observation, 8 * (at + 2), layout.slots, 8 * STATE.XMM, VECTOR_BYTES - 16),
  );
}

/** A row of the table of places: where a block lies for each value of `block.place`. */
const PLACE_ROW = { base: 0, linear: 8, offsetMask: 12, stackMask: 16, linearMask: 24, bytes: 32 } as const;
const PLACE_ROWS = 16;
/** Bytes of `placeTable`. */
export const PLACE_TABLE_BYTES = PLACE_ROWS * PLACE_ROW.bytes;

/** What `placeBlock` looks up: no branch, since nobody could predict which place a case has. */
export function placeTable(
  compiled: CompiledContract,
  memory: 0 | 1,
  offsetOf: (address: bigint) => number,
): Uint8Array {
  const regions = REGIONS[memory];
  const size = compiled.contract.block?.size ?? 0;
  const end = regions.block.address + BigInt(regions.block.size);
  const table = new DataView(new ArrayBuffer(PLACE_TABLE_BYTES));
  const row = (place: number, base: bigint, linear: number, offsetMask: number, onStack: boolean, mapped: boolean) => {
    const at = place * PLACE_ROW.bytes;
    table.setBigInt64(at + PLACE_ROW.base, BigInt.asIntN(64, base), true);
    table.setInt32(at + PLACE_ROW.linear, linear, true);
    table.setInt32(at + PLACE_ROW.offsetMask, offsetMask, true);
    table.setBigInt64(at + PLACE_ROW.stackMask, onStack ? -1n : 0n, true);
    table.setInt32(at + PLACE_ROW.linearMask, mapped ? -1 : 0, true);
  };
  const region = (place: number, address: bigint, offsetMask: number): void =>
    row(place, address, offsetOf(address), offsetMask, false, true);
  const frame = 8 + SHADOW_SPACE[compiled.contract.convention] + STACK_PARAMETERS;
  region(PLACE.valid, regions.blockStart, 0xff);
  // Half of the offsets count from the guard page downward, so that one field too many hits it.
  region(PLACE.valid + FROM_END, end - BigInt(size) - 8n * 255n, 0xff);
  row(PLACE.callerFrame, BigInt(frame), frame, 15, true, true);
  row(PLACE.null, 0n, 0, 0, false, false);
  row(PLACE.unmapped, regions.unmapped, 0, 0xff, false, false);
  region(PLACE.partlyMapped, end - BigInt(8 * (size >> 4)), 0);
  region(PLACE.readOnly, regions.readOnly.address, 0xff);
  row(PLACE.overlapsStack, BigInt(-size), -size, 0, true, true);
  const carry = regions.acrossCarry.address + BigInt(regions.acrossCarry.size / 2);
  const places = placesBeforeCarry(size);
  region(PLACE.lowHalfZero, carry, 0);
  region(PLACE.lowHalfZero + FROM_END, carry - BigInt(8 * places), Math.max(0, places - 1));
  return new Uint8Array(table.buffer);
}

/** From the row of a valid block to that of one whose offset counts from the end; of one at a boundary, to that of one across it. */
const FROM_END = 8;

/** Sets `blockAddress` and `blockPlace`; the latter is 0 where no field can be filled in. */
function placeBlock(
  scope: Scope,
  { lane }: EnterInput,
  memory: 0 | 1,
  scenario: I32,
  stack: { address: { get: I64 }; place: { get: I32 } },
): Statement {
  const row = scope.i32();
  const offset = scope.i32();
  const table = lane.places + memory * PLACE_TABLE_BYTES;
  const place = i32.and(i32.load(scenario, 8 * SLOT.blockPlace), i32.const(7));
  const hasTwo = i32.or(i32.eqz(place), i32.eq(place, i32.const(PLACE.lowHalfZero)));
  const fromEnd = i32.shl(i32.and(hasTwo, i32.shrU(offset.get, i32.const(7))), i32.const(3));
  return seq(
    offset.set(i32.and(i32.load(scenario, 8 * SLOT.blockOffset), i32.const(0xff))),
    row.set(i32.shl(i32.or(place, fromEnd), i32.const(5))),
    offset.set(i32.shl(i32.and(offset.get, i32.load(row.get, table + PLACE_ROW.offsetMask)), i32.const(3))),
    i64.store(
      lane.blockAddress,
      0,
      i64.add(
        i64.add(i64.load(row.get, table + PLACE_ROW.base), i64.extend(offset.get)),
        i64.and(stack.address.get, i64.load(row.get, table + PLACE_ROW.stackMask)),
      ),
    ),
    i32.store(
      lane.blockPlace,
      0,
      i32.and(
        i32.add(
          i32.add(i32.load(row.get, table + PLACE_ROW.linear), offset.get),
          i32.and(stack.place.get, i32.load(row.get, table + PLACE_ROW.stackMask)),
        ),
        i32.load(row.get, table + PLACE_ROW.linearMask),
      ),
    ),
  );
}

/** Runs `each` for every field that is mapped: the second half of a partly mapped block is nowhere. */
function forFields(
  { lane, compiled }: EnterInput,
  scenario: I32,
  each: (field: number, place: I32) => Statement,
  otherwise: (field: number) => Statement,
): Statement {
  const half = 8 * ((compiled.contract.block?.size ?? 0) >> 4);
  const fields = compiled.fields.map(({ offset }, field) => ({ offset, field }));
  const one = ({ offset, field }: (typeof fields)[0]): Statement =>
    each(field, i32.add(i32.load(lane.blockPlace), i32.const(offset)));
  const partly = i32.eq(i32.load(scenario, 8 * SLOT.blockPlace), i32.const(PLACE.partlyMapped));
  return when(
    i32.load(lane.blockPlace),
    seq(
      ...fields.filter(({ offset }) => offset < half).map(one),
      when(
        partly,
        seq(...fields.filter(({ offset }) => offset >= half).map(({ field }) => otherwise(field))),
        seq(...fields.filter(({ offset }) => offset >= half).map(one)),
      ),
    ),
    seq(...fields.map(({ field }) => otherwise(field))),
  );
}

function fillBlock(input: EnterInput, scenario: I32, observation: I32, undo: UndoList): Statement {
  return forFields(
    input,
    scenario,
    (field, place) =>
      seq(
        undo.poke(place, i64.load(scenario, 8 * (SLOT.blockField + field))),
        i64.store(observation, 8 * (BLOCK.initial + field), i64.load(scenario, 8 * (SLOT.blockField + field))),
      ),
    (field) => i64.store(observation, 8 * (BLOCK.initial + field), i64.const(0n)),
  );
}

/** Observes the block as the run left it. */
export function readBlock(input: EnterInput, scenario: I32, observation: I32): Statement {
  if (input.compiled.blockParameter === undefined) return seq();
  return forFields(
    input,
    scenario,
    (field, place) => i64.store(observation, 8 * (BLOCK.final + field), i64.load(place)),
    (field) => i64.store(observation, 8 * (BLOCK.final + field), i64.const(0n)),
  );
}
