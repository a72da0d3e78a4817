/** Companion scenarios as WebAssembly: what src/scenario/companion.ts does, two slots at a time. */
import type { CompiledContract } from '../contract/compiled.js';
import { joinHalves, writeHalves } from '../halves.js';
import { SCENARIO_BYTES } from '../scenario/draw-code.js';
import { parameterSlot, SCENARIO_SLOTS, SLOT } from '../scenario/layout.js';
import { ROLE } from '../scenario/roles.js';
import type { ScenarioSpace } from '../scenario/space.js';
import {
  any,
  i32,
  type I32,
  i64,
  type I64,
  type Local,
  loop,
  select,
  seq,
  type Statement,
  v128,
  type V128,
  when,
} from '../wasm/code.js';
import type { Scope } from '../wasm/module.js';
import { REGISTER_INDEX } from '../x86/registers.js';

/** Byte offsets of the first and behind the last vector. */
type Range = readonly [first: number, end: number];

/**
 * What the caller of the function chose, and what the world answers. A companion changes one of the two, and takes the other
 * from the base run's scenario.
 */
const GUEST_PART: Range = [0, 16 * Math.ceil(SLOT.answerStatus / 2)];
const WORLD_PART: Range = [16 * Math.floor(SLOT.answerStatus / 2), SCENARIO_BYTES];

/**
 * Copies a part of a scenario, changing the slots of a set. A loop: written out for each vector it would be some kilobytes of code, which
 * cost more to fetch than to execute.
 */
function changeSlots(scope: Scope, from: number, to: number, masks: number, [first, end]: Range): Statement {
  const lanes = scope.v128();
  const mixed = scope.v128();
  const at = scope.i32();
  const keyWord = i32.load(from, 8 * SLOT.companionKey);
  const flip = (by: V128): Statement =>
    v128.store(at.get, to, v128.xor(v128.load(at.get, from), v128.and(by, v128.load(at.get, masks))));
  const forAll = (body: Statement): Statement =>
    seq(
      at.set(i32.const(first)),
      loop((again) => seq(body, at.set(i32.add(at.get, i32.const(16))), again(i32.ne(at.get, i32.const(end))))),
    );
  return when(
    i32.eqz(keyWord),
    forAll(flip(v128.const([-1, -1, -1, -1]))),
    seq(
      lanes.set(
        v128.add(
          v128.splat(keyWord),
          v128.const([0, 1, 2, 3].map((lane) => first / 4 + lane) as [number, number, number, number]),
        ),
      ),
      forAll(
        seq(
          mixed.set(lanes.get),
          ...mix(mixed),
          flip(v128.or(mixed.get, v128.const([1, 0, 1, 0]))),
          lanes.set(v128.add(lanes.get, v128.const([4, 4, 4, 4]))),
        ),
      ),
    ),
  );
}

/** The masks of `changeSlots`: all ones for each slot of a set. */
function masksOf(changes: (slot: number) => boolean): Int32Array {
  const masks = new Int32Array(SCENARIO_BYTES / 4);
  for (let slot = 0; slot < SCENARIO_SLOTS; slot++) if (changes(slot)) masks.fill(-1, 2 * slot, 2 * slot + 2);
  return masks;
}

/** The finaliser of murmur3 (Austin Appleby, public domain), in each lane. */
function mix(word: Local<V128>): Statement[] {
  const times = (factor: number): V128 => v128.const([factor, factor, factor, factor]);
  const fold = (count: number): Statement => word.set(v128.xor(word.get, v128.shrU(word.get, count)));
  return [
    fold(16),
    word.set(v128.mul(word.get, times(0x85ebca6b | 0))),
    fold(13),
    word.set(v128.mul(word.get, times(0xc2b2ae35 | 0))),
    fold(16),
  ];
}

/** The slots that companion G changes, those that the host may see included: to be placed where `guestCompanion` finds them. */
export function guestMasks({ roles, compiled, flagsSlot }: ScenarioSpace): Int32Array {
  const isPassed = new Set(passedSlots(compiled, roles).map(({ slot }) => slot));
  const masks = masksOf((slot) => roles[slot] === ROLE.secret || isPassed.has(slot));
  if (flagsSlot >= 0) writeHalves(masks, 2 * flagsSlot, compiled.openFlags);
  return masks;
}

/** The slots that companion H changes: every answer. */
export function hostMasks(): Int32Array {
  const answers = new Set<number>(SLOT.answer.filter((slot) => slot >= 0));
  return masksOf((slot) => answers.has(slot));
}

/** Companion G, with `exposed` the mask of the registers that the base run exposed. */
export function guestCompanion(
  scope: Scope,
  { roles, compiled }: ScenarioSpace,
  from: number,
  to: number,
  masks: number,
  exposed: I32,
): Statement {
  const mask = scope.i32();
  return seq(
    mask.set(exposed),
    changeSlots(scope, from, to, masks, GUEST_PART),
    // A field or parameter whose register the host sees is no secret of this case.
    ...passedSlots(compiled, roles)
      .filter(({ registers }) => registers !== 0)
      .map(({ slot, registers }) =>
        i64.store(
          to,
          8 * slot,
          select(i32.and(mask.get, i32.const(registers)), i64.load(from, 8 * slot), i64.load(to, 8 * slot)),
        ),
      ),
  );
}

/** Fields and parameters that reach the host, or not, with the mask of the case; and the registers that they go to, one bit each. */
function passedSlots(compiled: CompiledContract, roles: Uint8Array): { slot: number; registers: number }[] {
  const { fields, fieldRegister, maskField, leafField, plainParameters } = compiled;
  return [
    ...fields
      .map((_, field) => ({ slot: SLOT.blockField + field, register: fieldRegister[field], field }))
      .filter(({ slot, field }) => field !== maskField && field !== leafField && roles[slot] === ROLE.argument)
      .map(({ slot, register }) => ({ slot, registers: register < 0 ? 0 : 1 << register })),
    ...plainParameters.map(({ place, registers }) => ({ slot: parameterSlot(place), registers })),
  ];
}

/** Companion H. */
export function hostCompanion(
  scope: Scope,
  { compiled }: ScenarioSpace,
  from: number,
  to: number,
  masks: number,
): Statement {
  return seq(changeSlots(scope, from, to, masks, WORLD_PART), keepResult(scope, compiled, from, to));
}

/** R10 that the contract names, whole and no other register, stays, and any other becomes another that it does not name either. */
function keepResult(scope: Scope, { namedValues }: CompiledContract, from: number, to: number): Statement {
  const named = namedValues[REGISTER_INDEX.r10];
  if (named.length === 0) return seq();
  const at = 8 * SLOT.answer[REGISTER_INDEX.r10];
  const result = scope.i64();
  const isNamed = (value: I64): I32 =>
    any(...named.map(({ low, high }) => i64.eq(value, i64.const(joinHalves(low, high)))));
  return seq(
    result.set(i64.load(to, at)),
    loop((again) =>
      when(
        any(isNamed(result.get), i64.eq(result.get, i64.load(from, at))),
        seq(result.set(i64.add(result.get, i64.const(1n))), again()),
      ),
    ),
    i64.store(to, at, select(isNamed(i64.load(from, at)), i64.load(from, at), result.get)),
  );
}
