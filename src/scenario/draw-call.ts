/** How the call is drawn: its leaf and mask, how the instruction ends, and the status that it brings. */
import { NEVER_EXPOSED } from '../../models/abi/registers.js';
import { OUTCOME } from '../observation/layout.js';
import { all, i32, type I32, i64, type I64, select, seq, type Statement, when } from '../wasm/code.js';
import type { Scope } from '../wasm/module.js';
import { type DrawAddresses, leafDraws, tableOffsets } from './draw-tables.js';
import { below, chance, type SetSlot, type Word } from './draw-words.js';
import { SLOT } from './layout.js';
import type { ScenarioSpace } from './space.js';

/** RAX for a function that takes the leaf as an argument: an allowed leaf, or a number that the module rejects. */
export function drawLeaf(
  scope: Scope,
  space: ScenarioSpace,
  { scenario, tables }: DrawAddresses,
  word: Word,
  set: SetSlot,
  more: I32,
): Statement {
  const { contract, reachesHost, entersTd } = space.compiled;
  const { leaves } = contract;
  const { unknown, versioned, elsewhere } = leafDraws(space);
  const at = tableOffsets(space);
  const leaf = scope.i32();
  const kind = i32.and(i32.shrU(word(3), i32.const(8)), i32.const(3));
  const drawn = i32.load(i32.shl(below(word(4), leaves.length), i32.const(2)), tables + at.leaves);
  // The leaf that leads to the untrusted side is the interesting one: it gets half of the cases.
  const allowed = reachesHost || entersTd ? select(chance(word(4), 128), i32.const(0), drawn) : drawn;
  const upper = i32.add(i32.const(1), below(word(5), 255));
  const unversioned = versioned.map((one) => i32.ne(leaf.get, i32.const(one)));
  const upperHalf = set(space.leafSlot, leaf.get, i32.or(more, i32.const(1)));
  return seq(
    leaf.set(allowed),
    set(space.leafSlot, leaf.get),
    when(
      i32.ltU(i32.shrU(word(3), i32.const(24)), i32.const(32)),
      when(
        i32.eqz(kind),
        set(space.leafSlot, i32.load(i32.shl(below(word(5), unknown.length), i32.const(2)), tables + at.unknownLeaves)),
        when(
          i32.eq(kind, i32.const(1)),
          when(all(...unversioned), set(space.leafSlot, i32.or(leaf.get, i32.shl(upper, i32.const(16))))),
          when(
            i32.eq(kind, i32.const(2)),
            set(space.leafSlot, i32.or(leaf.get, i32.shl(upper, i32.const(24)))),
            elsewhere.length === 0
              ? upperHalf
              : when(
                  chance(word(5), 128),
                  i64.store(
                    scenario,
                    8 * space.leafSlot,
                    i64.load(i32.shl(below(word(5), elsewhere.length), i32.const(3)), tables + at.elsewhere),
                  ),
                  upperHalf,
                ),
          ),
        ),
      ),
    ),
  );
}

/** The exposure mask that a caller passes: the widest one of the contract, a subset of it, or one that must be rejected. */
export function drawMask(
  scope: Scope,
  space: ScenarioSpace,
  word: Word,
  set: SetSlot,
  more: I32,
  leaf: I32,
): Statement {
  const mask = scope.i32();
  const kind = i32.and(i32.shrU(word(2), i32.const(29)), i32.const(7));
  const drawn = seq(
    mask.set(
      select(
        i32.geU(kind, i32.const(4)),
        i32.and(i32.const(space.compiled.widestMask), word(6)),
        i32.const(space.compiled.widestMask),
      ),
    ),
    when(
      i32.eq(kind, i32.const(6)),
      mask.set(
        i32.or(mask.get, i32.and(i32.const(NEVER_EXPOSED), i32.or(i32.shrU(word(6), i32.const(16)), i32.const(2)))),
      ),
    ),
    set(space.maskSlot, mask.get, select(i32.eq(kind, i32.const(7)), i32.or(more, i32.const(1)), i32.const(0))),
  );
  if (space.leafSlot < 0) return drawn;
  // The field is an ordinary argument of every other leaf.
  return when(i32.eqz(i32.and(leaf, i32.const(0xffff))), drawn);
}

/** The module is entered in 13 cases of 16; the rest is shared by what SEAMCALL does instead. */
export function drawOutcome(word: I32, set: SetSlot): Statement {
  // The lowest bits chose the fault, the upper half its place.
  const kind = i32.and(i32.shrU(word, i32.const(8)), i32.const(15));
  const others = [OUTCOME.vmFailInvalid, OUTCOME.generalProtection, OUTCOME.invalidOpcode];
  const outcome = others.reduce<I32>(
    (rest, value) => select(i32.eq(kind, i32.const(value)), i32.const(value), rest),
    i32.const(OUTCOME.completed),
  );
  return set(SLOT.outcome, outcome);
}

/** Success in most cases; a failure is any value but 0: each half 0 at times, bit 63 clear at times, one bit alone at times. */
export function drawStatus(
  space: ScenarioSpace,
  { scenario, tables }: DrawAddresses,
  word: I32,
  set: SetSlot,
): Statement {
  // 64 uniform bits lie in the slot.
  const low = i32.load(scenario, 8 * SLOT.answerStatus);
  const high = i32.load(scenario, 8 * SLOT.answerStatus + 4);
  const low1 = i32.or(low, i32.const(1));
  const kind = i32.shrU(i32.mul(i32.and(i32.shrU(word, i32.const(8)), i32.const(0xff)), i32.const(6)), i32.const(8));
  const is = (n: number): I32 => i32.eq(kind, i32.const(n));
  const bit = i64.shl(i64.const(1n), i64.extend(i32.and(low, i32.const(63))));
  const at = tableOffsets(space);
  const dictionary = tables + at.dictionary;
  const constant = i64.load(i32.shl(below(word, space.dictionary.length / 2), i32.const(3)), dictionary);
  const store = (value: I64): Statement => i64.store(scenario, 8 * SLOT.answerStatus, value);
  const { statuses } = leafDraws(space);
  const any = set(SLOT.answerStatus, low1, high);
  const named = i64.load(i32.shl(below(word, statuses.length), i32.const(3)), tables + at.statuses);
  return when(
    i32.eqz(chance(word, 56)),
    store(i64.const(0n)),
    when(
      is(0),
      set(SLOT.answerStatus, low1),
      when(
        is(1),
        set(SLOT.answerStatus, i32.const(0), i32.or(high, i32.const(0x80000000))),
        when(
          is(2),
          set(SLOT.answerStatus, low1, i32.and(high, i32.const(0x7fffffff))),
          when(
            is(3),
            store(select(i64.eqz(constant), i64.const(1n), constant)),
            when(is(4), store(bit), statuses.length === 0 ? any : when(i32.and(low, i32.const(6)), store(named), any)),
          ),
        ),
      ),
    ),
  );
}
