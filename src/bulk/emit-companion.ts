/** Companion scenarios as WebAssembly: what src/scenario/companion.ts does, two slots at a time. */
import type { CompiledContract } from '../contract/compiled.js';
import { SCENARIO_BYTES } from '../scenario/draw-code.js';
import { SCENARIO_SLOTS, SLOT } from '../scenario/layout.js';
import { ROLE } from '../scenario/roles.js';
import type { ScenarioSpace } from '../scenario/space.js';
import { i32, type I32, i64, type Local, select, seq, type Statement, v128, type V128, when } from '../wasm/code.js';
import type { Scope } from '../wasm/module.js';

type Lanes = [number, number, number, number];

/** Copies a scenario, changing the slots of a set. */
function changeSlots(scope: Scope, from: number, to: number, changes: (slot: number) => boolean): Statement {
  const key = scope.v128();
  const mixed = scope.v128();
  const keyWord = i32.load(from, 8 * SLOT.companionKey);
  const vectors = Array.from({ length: SCENARIO_BYTES / 16 }, (_, index) => index);
  const maskOf = (vector: number): Lanes => {
    const [a, b] = [2 * vector, 2 * vector + 1].map((slot) => (slot < SCENARIO_SLOTS && changes(slot) ? -1 : 0));
    return [a, a, b, b];
  };
  const copyAll = (changed: (vector: number) => Statement): Statement =>
    seq(
      ...vectors.map((vector) => {
        const untouched = maskOf(vector).every((lane) => lane === 0);
        return untouched ? v128.store(to, 16 * vector, v128.load(from, 16 * vector)) : changed(vector);
      }),
    );
  const flip = (vector: number, by: V128): Statement =>
    v128.store(to, 16 * vector, v128.xor(v128.load(from, 16 * vector), by));
  return when(
    i32.eqz(keyWord),
    copyAll((vector) => flip(vector, v128.const(maskOf(vector)))),
    seq(
      key.set(v128.splat(keyWord)),
      copyAll((vector) => {
        const first = 4 * vector;
        return seq(
          mixed.set(v128.add(key.get, v128.const([first, first + 1, first + 2, first + 3]))),
          ...mix(mixed),
          flip(vector, v128.and(v128.or(mixed.get, v128.const([1, 0, 1, 0])), v128.const(maskOf(vector)))),
        );
      }),
    ),
  );
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

/** Companion G, with `exposed` the mask of the registers that the base run exposed. */
export function guestCompanion(scope: Scope, space: ScenarioSpace, from: number, to: number, exposed: I32): Statement {
  const { roles, compiled } = space;
  const fields = passedFields(compiled, roles);
  const isField = new Set(fields.map(({ slot }) => slot));
  const mask = scope.i32();
  return seq(
    mask.set(exposed),
    changeSlots(scope, from, to, (slot) => roles[slot] === ROLE.secret || isField.has(slot)),
    // A field whose register the host sees is no secret of this case.
    ...fields
      .filter(({ register }) => register >= 0)
      .map(({ slot, register }) =>
        i64.store(
          to,
          8 * slot,
          select(i32.and(mask.get, i32.const(1 << register)), i64.load(from, 8 * slot), i64.load(to, 8 * slot)),
        ),
      ),
  );
}

/** Fields that reach the host, or not, with the mask of the case. */
function passedFields({ fields, fieldRegister, maskField, leafField }: CompiledContract, roles: Uint8Array) {
  return fields
    .map((_, field) => ({ slot: SLOT.blockField + field, register: fieldRegister[field], field }))
    .filter(({ slot, field }) => field !== maskField && field !== leafField && roles[slot] === ROLE.argument);
}

/** Companion H. */
export function hostCompanion(scope: Scope, space: ScenarioSpace, from: number, to: number): Statement {
  const namesR10 = space.compiled.contract.outputs.when.includes('r10-success');
  const changed = new Set<number>();
  for (let register = 0; register < 16; register++)
    if (SLOT.answer[register] >= 0 && !(namesR10 && register === 10)) changed.add(SLOT.answer[register]);
  return changeSlots(scope, from, to, (slot) => changed.has(slot));
}
