/** The caller's side of a run as WebAssembly: what src/harness/caller.ts does, in one of the two memories. */
import type { CompiledContract } from '../contract/compiled.js';
import { SHADOW_SPACE } from '../contract/compiled.js';
import { STACK_PARAMETERS } from '../harness/placement.js';
import { MXCSR_DEFAULT, X87_DEFAULT } from '../harness/caller.js';
import { PERCPU_BASE } from '../image/per-cpu.js';
import { type Regions, REGIONS } from '../harness/regions.js';
import { BLOCK, FACT, MOMENT, VECTOR } from '../observation/layout.js';
import { CALLER_FLAGS, FIXED_FLAGS, parameterSlot, PLACE, SLOT } from '../scenario/layout.js';
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
import type { BulkLayout } from './layout.js';

const { rsp: RSP } = REGISTER_INDEX;
/** XMM0-15 with the control words before them, in the observation. */
const VECTOR_BYTES = 34 * 8;

/** What entering needs to know of the target. */
export interface EnterInput {
  module: ModuleBuilder;
  layout: Layout;
  bulk: BulkLayout;
  compiled: CompiledContract;
  entry: bigint;
  /** Whether code can touch XMM, MXCSR or x87. */
  vector: boolean;
  /** Byte offset in linear memory of an address. */
  offsetOf: (address: bigint) => number;
}

/** The instruction that pokes 8 aligned bytes and enters them in the undo list; `undo` holds the list's end. */
export function poke(
  layout: Layout,
  undo: { get: I32; set(value: I32): Statement },
  place: I32,
  value: I64,
): Statement {
  void layout;
  return seq(
    i32.store(undo.get, 0, i32.shrU(place, i32.const(2))),
    i64.store(undo.get, 4, i64.load(place)),
    i64.store(place, 0, value),
    undo.set(i32.add(undo.get, i32.const(12))),
  );
}

/** Address and byte offset of the block at once: regions lie as one piece in linear memory. */
interface Spot {
  address: I64;
  place: I32;
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
  const { layout, bulk, compiled, entry, vector } = input;
  const regions = REGIONS[memory];
  const undo = scope.i32();
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
      copy(observation.get, 8 * (MOMENT.initial + first), scenario.get, 8 * SLOT.entry[first], 8 * count),
    );
  const control = (word: number, value: I64): Statement => i64.store(layout.control, 4 * word, value);
  const below = i32.shl(i32.and(low(SLOT.stackOffset), i32.const(0xff)), i32.const(3));
  const shadow = SHADOW_SPACE[compiled.contract.convention];
  const stackParameter = (index: number, value: I64): Statement =>
    poke(layout, undo, i32.add(stack.place.get, i32.const(8 + shadow + 8 * index)), value);
  const { blockParameter } = compiled;
  const parts: Statement[] = [
    undo.set(i32.const(layout.undo)),
    stack.address.set(i64.sub(i64.const(regions.stackEntry), i64.extend(below))),
    stack.place.set(i32.sub(i32.const(input.offsetOf(regions.stackEntry)), below)),
    i32.store(bulk.stackPlace, 0, stack.place.get),
    // Hardware order in both, but that RSP has no slot.
    registers(0, RSP),
    registers(RSP + 1, 15 - RSP),
    state(RSP, stack.address.get),
    state(STATE.RIP, i64.const(entry)),
    state(
      STATE.RFLAGS,
      i64.extend(i32.or(i32.and(low(SLOT.entryFlags), i32.const(CALLER_FLAGS)), i32.const(FIXED_FLAGS))),
    ),
    state(STATE.FS_BASE, i64.const(PERCPU_BASE)),
    state(STATE.GS_BASE, i64.const(PERCPU_BASE)),
    ...(vector
      ? [
          state(STATE.MXCSR, i64.const(BigInt(MXCSR_DEFAULT))),
          state(STATE.X87_CW, i64.const(BigInt(X87_DEFAULT))),
          copy(layout.slots, 8 * STATE.XMM, bulk.xmm, 256 * memory, 256),
        ]
      : []),
    control(CONTROL.INSTRUCTION_COUNT, i64.const(0n)),
    i32.store(layout.control, 4 * CONTROL.EVENT_COUNT, i32.load(bulk.eventStart)),
    control(CONTROL.PATH_HASH_LOW, i64.const(0n)),
    control(CONTROL.ADDRESS_HASH_LOW, i64.const(0n)),
    i32.store(layout.control, 4 * CONTROL.SHADOW_AT, i32.const(-1)),
    i32.store(layout.control, 4 * CONTROL.INTERRUPT_KIND, i32.const(0)),
    i32.store(layout.control, 4 * CONTROL.HASHED_EVENTS, i32.const(0)),
    i32.store(bulk.interruptedAt, 0, i32.const(0)),
    clear(observation.get, 0, 8 * (FACT.returnAddress + 1)),
    i64.store(observation.get, 8 * FACT.returnAddress, i64.const(regions.returnAddress)),
    poke(layout, undo, stack.place.get, i64.const(regions.returnAddress)),
  ];
  for (const { kind, place } of compiled.contract.parameters)
    if (kind !== 'block' && 'stack' in place) parts.push(stackParameter(place.stack, slot(parameterSlot(place))));
  if (blockParameter !== undefined) {
    parts.push(placeBlock(scope, input, regions, scenario.get, stack));
    const pointer = i64.load(bulk.blockAddress);
    if ('register' in blockParameter.place) parts.push(state(REGISTER_INDEX[blockParameter.place.register], pointer));
    else parts.push(stackParameter(blockParameter.place.stack, pointer));
    parts.push(fillBlock(input, scenario.get, observation.get, undo));
  }
  parts.push(
    i32.store(
      layout.control,
      4 * CONTROL.UNDO_COUNT,
      i32.shrU(i32.sub(undo.get, i32.const(layout.undo)), i32.const(2)),
    ),
    ...(vector ? [copyVector(observation.get, VECTOR.initial, layout)] : []),
  );
  return seq(...parts);
}

/** MXCSR, the x87 control word and XMM0-15 as the observation has them. */
export function copyVector(observation: I32, at: number, layout: Layout): Statement {
  return seq(
    copy(observation, 8 * at, layout.slots, 8 * STATE.MXCSR, 16),
    copy(observation, 8 * (at + 2), layout.slots, 8 * STATE.XMM, VECTOR_BYTES - 16),
  );
}

/** Sets `blockAddress` and `blockPlace`; the latter is 0 where no field can be filled in. */
function placeBlock(
  scope: Scope,
  { bulk, compiled, offsetOf }: EnterInput,
  regions: Regions,
  scenario: I32,
  stack: { address: { get: I64 }; place: { get: I32 } },
): Statement {
  const kind = scope.i32();
  const offset = scope.i32();
  const size = compiled.contract.block?.size ?? 0;
  const shadow = SHADOW_SPACE[compiled.contract.convention];
  const end = regions.block.address + BigInt(regions.block.size);
  const eight = (value: I32): I32 => i32.shl(value, i32.const(3));
  const at = (address: bigint, plus: I32): Spot => ({
    address: i64.add(i64.const(address), i64.extend(plus)),
    place: i32.add(i32.const(offsetOf(address)), plus),
  });
  const nowhere = (address: I64): Spot => ({ address, place: i32.const(0) });
  const onStack = (plus: I32): Spot => ({
    address: i64.add(stack.address.get, i64.extend(plus)),
    place: i32.add(stack.place.get, plus),
  });
  const set = ({ address, place }: Spot): Statement =>
    seq(i64.store(bulk.blockAddress, 0, address), i32.store(bulk.blockPlace, 0, place));
  const fromStart = at(regions.blockStart, eight(offset.get));
  // Half of the offsets count from the guard page downward, so that one field too many hits it.
  const fromEnd = at(end - BigInt(size) - 8n * 255n, eight(offset.get));
  const first = i32.ltU(offset.get, i32.const(128));
  const valid: Spot = {
    address: select(first, fromStart.address, fromEnd.address),
    place: select(first, fromStart.place, fromEnd.place),
  };
  const spots: [number, Spot][] = [
    [
      PLACE.callerFrame,
      onStack(i32.add(i32.const(8 + shadow + STACK_PARAMETERS), eight(i32.and(offset.get, i32.const(15))))),
    ],
    [PLACE.null, nowhere(i64.const(0n))],
    [PLACE.unmapped, nowhere(i64.add(i64.const(regions.unmapped), i64.extend(eight(offset.get))))],
    [PLACE.partlyMapped, at(end - BigInt(8 * (size >> 4)), i32.const(0))],
    [PLACE.readOnly, at(regions.readOnly.address, eight(offset.get))],
    [PLACE.lowHalfZero, at(regions.lowHalfZero.address, i32.const(0))],
    [
      PLACE.overlapsStack,
      {
        address: i64.sub(stack.address.get, i64.const(BigInt(size))),
        place: i32.sub(stack.place.get, i32.const(size)),
      },
    ],
  ];
  return seq(
    kind.set(i32.load(scenario, 8 * SLOT.blockPlace)),
    offset.set(i32.and(i32.load(scenario, 8 * SLOT.blockOffset), i32.const(0xff))),
    when(
      i32.eqz(kind.get),
      set(valid),
      spots.reduceRight<Statement>(
        (rest, [place, spot]) => when(i32.eq(kind.get, i32.const(place)), set(spot), rest),
        set(valid),
      ),
    ),
  );
}

/** Runs `each` for every field that is mapped: the second half of a partly mapped block is nowhere. */
function forFields(
  { bulk, compiled }: EnterInput,
  scenario: I32,
  each: (field: number, place: I32) => Statement,
  otherwise: (field: number) => Statement,
): Statement {
  const half = 8 * ((compiled.contract.block?.size ?? 0) >> 4);
  const fields = compiled.fields.map(({ offset }, field) => ({ offset, field }));
  const one = ({ offset, field }: (typeof fields)[0]): Statement =>
    each(field, i32.add(i32.load(bulk.blockPlace), i32.const(offset)));
  const partly = i32.eq(i32.load(scenario, 8 * SLOT.blockPlace), i32.const(PLACE.partlyMapped));
  return when(
    i32.load(bulk.blockPlace),
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

function fillBlock(
  input: EnterInput,
  scenario: I32,
  observation: I32,
  undo: { get: I32; set(value: I32): Statement },
): Statement {
  return forFields(
    input,
    scenario,
    (field, place) =>
      seq(
        poke(input.layout, undo, place, i64.load(scenario, 8 * (SLOT.blockField + field))),
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
