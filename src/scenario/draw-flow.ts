/** How what the words of control flow speak of is drawn: answers that a contract names, refusals, parameters that decide. */
import { i32, type I32, i64, type I64, select, seq, type Statement, when } from '../wasm/code.js';
import type { DrawAddresses } from './draw-tables.js';
import { below, chance, type SetSlot, type Word } from './draw-words.js';
import { joinHalves } from '../halves.js';
import { parameterSlot, SLOT } from './layout.js';
import { ROLE } from './roles.js';
import type { ScenarioSpace } from './space.js';

const LOW_HALF = 0xffff_ffffn;

/** Nothing for a contract without such words: what is drawn for others stays the same. */
export function drawFlow(space: ScenarioSpace, { scenario }: DrawAddresses, word: Word, set: SetSlot): Statement[] {
  if (!space.compiled.referenceOnly) return [];
  const parts: Statement[] = [];
  for (const place of space.compiled.deciding) parts.push(drawDeciding(parameterSlot(place), scenario, word, set));
  space.compiled.namedValues.forEach((named, register) => {
    const slot = register === 0 ? SLOT.answerStatus : SLOT.answer[register];
    if (slot >= 0 && named.length > 0) parts.push(drawNamed(named, slot, scenario, mixed(word, register)));
  });
  if (space.roles[SLOT.refusals] === ROLE.control) parts.push(drawRefusals(space, scenario, word, set));
  return parts;
}

/**
 * A parameter that decides by being 0 or not: a third of them is 0, which the mixture alone has once in thirty; a sixth one bit, and
 * a sixth one half, which a test of another part takes for 0.
 */
function drawDeciding(slot: number, scenario: number, word: Word, set: SetSlot): Statement {
  const kind = i32.and(i32.shrU(word(5), i32.const(3)), i32.const(0xff));
  const bit = i64.shl(i64.const(1n), i64.extend(i32.and(i32.shrU(word(5), i32.const(11)), i32.const(63))));
  const drawn = i64.load(scenario, 8 * slot);
  const half = select(
    i32.and(kind, i32.const(1)),
    i64.or(i64.and(drawn, i64.const(LOW_HALF)), i64.const(1n)),
    i64.or(i64.and(drawn, i64.const(~LOW_HALF)), i64.const(1n << 32n)),
  );
  return when(
    i32.ltU(kind, i32.const(85)),
    set(slot, i32.const(0)),
    when(
      i32.ltU(kind, i32.const(128)),
      i64.store(scenario, 8 * slot, bit),
      when(i32.ltU(kind, i32.const(170)), i64.store(scenario, 8 * slot, half)),
    ),
  );
}

/** Other bits of the pool for each register. */
function mixed(word: Word, register: number): I32 {
  return i32.mul(i32.xor(word(4), word(register & 7)), i32.const(Math.imul(2 * register + 1, 0x9e3779b1)));
}

/**
 * In half of the cases one of the values that the contract names, with the drawn bits outside of its mask; half of these beside
 * it: what a comparison of 32 bits takes for it, or one bit off.
 */
function drawNamed(
  named: ScenarioSpace['compiled']['namedValues'][number],
  slot: number,
  scenario: number,
  word: I32,
): Statement {
  const drawn = i64.load(scenario, 8 * slot);
  const which = below(word, named.length);
  const kind = i32.and(i32.shrU(word, i32.const(5)), i32.const(7));
  const bit = i64.shl(i64.const(1n), i64.extend(i32.and(i32.shrU(word, i32.const(1)), i32.const(63))));
  const halfOf = (mask: bigint, value: I64): I64 =>
    i64.or(i64.and(drawn, i64.const(~mask)), i64.and(value, i64.const(mask)));
  const beside = (value: I64): I64 =>
    select(
      i32.ltU(kind, i32.const(4)),
      value,
      select(
        i32.ltU(kind, i32.const(6)),
        i64.xor(value, bit),
        select(i32.eq(kind, i32.const(6)), halfOf(LOW_HALF, value), halfOf(~LOW_HALF, value)),
      ),
    );
  return when(
    chance(i32.shrU(word, i32.const(8)), 128),
    seq(
      ...named.map(({ low, high, maskLow, maskHigh }, index) => {
        const open = i64.and(drawn, i64.const(~joinHalves(maskLow, maskHigh)));
        return when(
          i32.eq(which, i32.const(index)),
          i64.store(scenario, 8 * slot, beside(i64.or(open, i64.const(joinHalves(low, high))))),
        );
      }),
    ),
  );
}

/** None in half of the cases; else up to two more than there are tries. */
function drawRefusals(space: ScenarioSpace, scenario: number, word: Word, set: SetSlot): Statement {
  const tries = space.compiled.contract.retry?.tries ?? 0;
  return seq(
    set(SLOT.refusals, i32.const(0)),
    when(
      chance(i32.shrU(word(6), i32.const(4)), 128),
      set(SLOT.refusals, i32.add(i32.const(1), below(word(6), tries + 2))),
    ),
    i64.store(scenario, 8 * SLOT.refusal, i64.xor(i64.load(scenario, 8 * SLOT.faultValue), i64.extend(word(7)))),
  );
}
