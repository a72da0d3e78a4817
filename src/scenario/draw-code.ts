/**
 * The mixture of DESIGN.md ("Scenarios") as WebAssembly: drawing is a good part of a case's cost, so it happens in linear
 * memory, right where the machine takes the scenario from.
 *
 * Every slot that a contract reads gets 64 uniform bits (which also serve as graffiti); in 7 of 16 slots an edge, an ABI
 * constant, a small number, a single bit or another slot's value takes their place. Flags, leaf, mask, status, placement
 * and faults are then drawn by rules of their own.
 */
import { gprMask } from '../../models/abi/registers.js';
import { all, i32, type I32, i64, type I64, loop, seq, select, type Statement, v128, when } from '../wasm/code.js';
import type { FunctionHandle, ModuleBuilder, Scope } from '../wasm/module.js';
import { highHalf, lowHalf } from '../halves.js';
import { OUTCOME } from '../observation/layout.js';
import { EDGES, LEAF_DRAWS, type LeafDraws } from './draw-constants.js';
import { CALLER_FLAGS, FAULT, FIXED_FLAGS, PLACE, readSlot, SCENARIO_SLOTS, SLOT } from './layout.js';
import { ROLE } from './roles.js';
import type { ScenarioSpace } from './space.js';

/** Where drawing keeps its things, as byte offsets; all multiples of 16. */
export interface DrawAddresses {
  /** STATE_BYTES. */
  state: number;
  /** What `drawTables` returned. */
  tables: number;
  /** Where the scenario goes: SCENARIO_BYTES. */
  scenario: number;
}

/** A scenario in linear memory, rounded up to whole vectors. */
export const SCENARIO_BYTES = Math.ceil((8 * SCENARIO_SLOTS) / 16) * 16;

/** Two generators of four words of four lanes each, then words for the rules that draw control values. */
const GENERATOR_BYTES = 64;
const POOL_BYTES = 64;
export const STATE_BYTES = 2 * GENERATOR_BYTES + POOL_BYTES;

/** Entries of the table that says where a special value comes from. */
const KINDS = 14;
const KIND_BYTES = 16 * 8;
const SMALL_NUMBERS = 256;
const BITS = 64;
/** Slots whose values are copied into others: all but the last, which is a small number and no value. */
const COPIED_SLOTS = SLOT.outcome;

const leafDraws = ({ compiled }: ScenarioSpace): LeafDraws => LEAF_DRAWS[compiled.contract.instruction];

/** Byte offsets in the tables: leaf numbers of four bytes, then words of eight. */
interface TableOffsets {
  unknownLeaves: number;
  leaves: number;
  elsewhere: number;
  statuses: number;
  edges: number;
  dictionary: number;
  small: number;
  bits: number;
  end: number;
}

function tableOffsets(space: ScenarioSpace): TableOffsets {
  const { unknown, elsewhere, statuses } = leafDraws(space);
  let next = KIND_BYTES;
  const take = (bytes: number): number => {
    const at = next;
    next += 8 * Math.ceil(bytes / 8);
    return at;
  };
  return {
    unknownLeaves: take(4 * unknown.length),
    leaves: take(4 * space.compiled.contract.leaves.length),
    elsewhere: take(8 * elsewhere.length),
    statuses: take(8 * statuses.length),
    edges: take(4 * EDGES.length),
    dictionary: take(4 * space.dictionary.length),
    small: take(8 * SMALL_NUMBERS),
    bits: take(8 * BITS),
    end: next,
  };
}

/** Bits that the module never accepts: RAX, RCX, RSP (facts/module.md section 4). */
const NEVER_LEGAL = gprMask('RAX', 'RCX', 'RSP');

/** Values that are drawn by the mixture, as a bit mask over slots. */
function mixedSlots({ roles, flagsSlot }: ScenarioSpace): bigint {
  let mask = 0n;
  for (let slot = 0; slot < SCENARIO_SLOTS; slot++) {
    const drawn = roles[slot] !== ROLE.unused && roles[slot] !== ROLE.control;
    if (drawn && slot !== SLOT.answerStatus && slot !== flagsSlot) mask |= 1n << BigInt(slot);
  }
  return mask;
}

/** The constants that drawing looks up, to be placed at `addresses.tables`. */
export function drawTables(space: ScenarioSpace, addresses: DrawAddresses): Uint8Array {
  const { dictionary, compiled } = space;
  const { unknown, elsewhere, statuses } = leafDraws(space);
  const at = tableOffsets(space);
  const bytes = new Uint8Array(at.end);
  const view = new DataView(bytes.buffer);
  const place = (offset: number, words: readonly number[] | Int32Array): void =>
    words.forEach((word, i) => view.setInt32(offset + 4 * i, word, true));
  const halves = (values: readonly bigint[]): number[] => values.flatMap((value) => [lowHalf(value), highHalf(value)]);
  place(at.unknownLeaves, unknown);
  place(at.leaves, compiled.contract.leaves);
  place(at.elsewhere, halves(elsewhere));
  place(at.statuses, halves(statuses));
  place(at.edges, EDGES);
  place(at.dictionary, dictionary);
  place(at.small, halves(Array.from({ length: SMALL_NUMBERS }, (_, i) => BigInt(i))));
  place(at.bits, halves(Array.from({ length: BITS }, (_, i) => 1n << BigInt(i))));
  const { tables, scenario } = addresses;
  const common = [
    [tables + at.edges, EDGES.length / 2],
    [tables + at.dictionary, dictionary.length / 2],
    [scenario, COPIED_SLOTS],
  ];
  // KINDS of them.
  const kinds = [
    ...Array.from({ length: 4 }, () => common).flat(),
    [tables + at.small, SMALL_NUMBERS],
    [tables + at.bits, BITS],
  ];
  place(0, kinds.flat());
  return bytes;
}

/** One of `bound` numbers from the upper 16 bits of a random word. */
const below = (word: I32, bound: I32 | number): I32 =>
  i32.shrU(i32.mul(i32.shrU(word, i32.const(16)), typeof bound === 'number' ? i32.const(bound) : bound), i32.const(16));
/** True in `chances` of 256 values of the lowest byte. */
const chance = (word: I32, chances: number): I32 => i32.ltU(i32.and(word, i32.const(0xff)), i32.const(chances));

/**
 * Adds `seed(a, b, c, d)`, which starts a stream, and `draw()`, which writes the next scenario of it.
 */
export function emitDraw(
  module: ModuleBuilder,
  space: ScenarioSpace,
  addresses: DrawAddresses,
): { seed: FunctionHandle; draw: FunctionHandle } {
  const { state, scenario } = addresses;
  const pool = state + 2 * GENERATOR_BYTES;

  /** Runs `steps` with a function that makes the next four words, the two generators taking turns. */
  const withGenerators = (scope: Scope, steps: (next: (store: number) => Statement) => Statement): Statement => {
    const generators = [0, 1].map(() => Array.from({ length: 4 }, () => scope.v128()));
    const sum = scope.v128();
    const each = (code: (local: (typeof generators)[0][0], at: number) => Statement): Statement =>
      seq(...generators.flatMap((locals, g) => locals.map((local, i) => code(local, state + 64 * g + 16 * i))));
    let turn = 0;
    const next = (store: number): Statement => {
      // sfc32 (Chris Doty-Humphrey, PractRand; public domain), in four lanes.
      const [a, b, c, counter] = generators[turn++ & 1];
      return seq(
        sum.set(v128.add(v128.add(a.get, b.get), counter.get)),
        counter.set(v128.add(counter.get, v128.const([1, 1, 1, 1]))),
        a.set(v128.xor(b.get, v128.shrU(b.get, 9))),
        b.set(v128.add(c.get, v128.shl(c.get, 3))),
        c.set(v128.add(v128.or(v128.shl(c.get, 21), v128.shrU(c.get, 11)), sum.get)),
        v128.store(store, 0, sum.get),
      );
    };
    const body = steps(next);
    return seq(
      each((local, at) => local.set(v128.load(at))),
      body,
      each((local, at) => v128.store(at, 0, local.get)),
    );
  };

  const seed = module.function('seed', 4, (scope) => [
    seq(
      // Every lane of both generators starts elsewhere; the first words are thrown away.
      ...[0, 1].flatMap((generator) =>
        scope.parameters.map((word, i) =>
          v128.store(
            state + 64 * generator + 16 * i,
            0,
            v128.add(
              v128.splat(word.get),
              v128.const(
                [1, 2, 3, 4].map((lane) => Math.imul(4 * generator + lane, 0x9e3779b1 + 2 * i)) as [
                  number,
                  number,
                  number,
                  number,
                ],
              ),
            ),
          ),
        ),
      ),
      withGenerators(scope, (next) => seq(...Array.from({ length: 24 }, () => next(pool)))),
    ),
    i32.const(0),
  ]);

  const draw = module.function('draw', 0, (scope) => {
    const mixed = mixedSlots(space);
    const fromFlags = space.flagsSlot >= 0 ? 1n << BigInt(space.flagsSlot) : 0n;
    const random = mixed | fromFlags | (1n << BigInt(SLOT.answerStatus)) | (1n << BigInt(SLOT.faultValue));
    const vectors: number[] = [];
    for (let at = 0; at < SCENARIO_BYTES; at += 16) if (((random >> BigInt(at / 8)) & 3n) !== 0n) vectors.push(at);
    const fixed: Statement[] = [];
    for (let slot = 0; slot < SCENARIO_SLOTS; slot++) {
      if (((random >> BigInt(slot)) & 1n) !== 0n) continue;
      fixed.push(i64.store(scenario, 8 * slot, i64.const(readSlot(space.neutral, slot))));
    }
    return [
      seq(
        withGenerators(scope, (next) =>
          seq(...vectors.map((at) => next(scenario + at)), ...[0, 16, 32, 48].map((at) => next(pool + at))),
        ),
        ...fixed,
        drawSpecial(scope, mixed, addresses, pool),
        drawControl(scope, space, addresses, pool),
      ),
      i32.const(0),
    ];
  });
  return { seed, draw };
}

/** Replaces 7 of 16 uniform values; the bits of the value that is replaced choose what replaces it. */
function drawSpecial(scope: Scope, mixed: bigint, { scenario, tables }: DrawAddresses, pool: number): Statement {
  const left = scope.i64();
  const slot = scope.i32();
  const word = scope.i32();
  const kind = scope.i32();
  const word64 = (n: number) => i64.load(pool, 8 * n);
  return seq(
    // Each bit is set with probability 7/16.
    left.set(i64.and(i64.and(i64.or(i64.or(word64(0), word64(1)), word64(2)), word64(3)), i64.const(mixed))),
    when(
      i32.eqz(i64.eqz(left.get)),
      loop((again) =>
        seq(
          slot.set(i32.shl(i32.wrap(i64.ctz(left.get)), i32.const(3))),
          left.set(i64.and(left.get, i64.sub(left.get, i64.const(1n)))),
          word.set(i32.load(slot.get, scenario)),
          kind.set(i32.shl(below(word.get, KINDS), i32.const(3))),
          i64.store(
            slot.get,
            scenario,
            i64.load(
              i32.add(
                i32.load(kind.get, tables),
                i32.shl(below(i32.load(slot.get, scenario + 4), i32.load(kind.get, tables + 4)), i32.const(3)),
              ),
            ),
          ),
          again(i32.eqz(i64.eqz(left.get))),
        ),
      ),
    ),
  );
}

function drawControl(scope: Scope, space: ScenarioSpace, addresses: DrawAddresses, pool: number): Statement {
  const { scenario } = addresses;
  // The first half of the pool chose the special values.
  const word = (n: number): I32 => i32.load(pool, 32 + 4 * n);
  const set = (slot: number, low: I32, high: I32 = i32.const(0)): Statement =>
    seq(i32.store(scenario, 8 * slot, low), i32.store(scenario, 8 * slot + 4, high));
  const low = (slot: number): I32 => i32.load(scenario, 8 * slot);
  const high = (slot: number): I32 => i32.load(scenario, 8 * slot + 4);
  const parts: Statement[] = [
    set(SLOT.entryFlags, i32.or(i32.and(low(SLOT.faultValue), i32.const(CALLER_FLAGS)), i32.const(FIXED_FLAGS))),
  ];
  // The value that an interrupt handler leaves is drawn anew from other bits: the flags above used it.
  parts.push(
    i64.store(scenario, 8 * SLOT.faultValue, i64.xor(i64.load(scenario, 8 * SLOT.faultValue), i64.load(pool))),
  );
  // Any combination of the flags that the contract defines; other bits are the caller's mistake.
  if (space.flagsSlot >= 0)
    parts.push(set(space.flagsSlot, i32.and(low(space.flagsSlot), i32.const(space.compiled.flagMask))));
  parts.push(drawPlacement(space, word, set), drawFault(space, word, set));
  if (space.leafSlot >= 0) parts.push(drawLeaf(scope, space, addresses, word, set, low(SLOT.answerStatus)));
  if (space.maskSlot >= 0) parts.push(drawMask(scope, space, word, set, high(SLOT.answerStatus), low(space.leafSlot)));
  parts.push(drawStatus(space, addresses, word(7), set));
  if (space.roles[SLOT.outcome] === ROLE.control) parts.push(drawOutcome(word(1), set));
  return seq(...parts);
}

type Word = (n: number) => I32;
type SetSlot = (slot: number, low: I32, high?: I32) => Statement;

function drawPlacement(space: ScenarioSpace, word: Word, set: SetSlot): Statement {
  const offset = set(SLOT.stackOffset, i32.and(word(0), i32.const(0xff)));
  if (space.roles[SLOT.blockPlace] === ROLE.unused) return offset;
  const kind = i32.and(i32.shrU(word(0), i32.const(16)), i32.const(63));
  // Of 64 values: callerFrame 12, null 4, unmapped, partlyMapped, readOnly and overlapsStack 2 each, lowHalfZero 4.
  const shares: [number, number][] = [
    [12, PLACE.callerFrame],
    [16, PLACE.null],
    [18, PLACE.unmapped],
    [20, PLACE.partlyMapped],
    [22, PLACE.readOnly],
    [24, PLACE.overlapsStack],
    [28, PLACE.lowHalfZero],
  ];
  const place = shares.reduceRight<I32>(
    (rest, [end, value]) => select(i32.ltU(kind, i32.const(end)), i32.const(value), rest),
    i32.const(PLACE.valid),
  );
  return seq(
    offset,
    set(SLOT.blockPlace, place),
    // In one case of eight a valid block ends at the guard page: one field too many hits it.
    set(
      SLOT.blockOffset,
      select(
        i32.and(word(0), i32.const(0x1c00000)),
        i32.and(i32.shrU(word(0), i32.const(8)), i32.const(0xff)),
        i32.const(0xff),
      ),
    ),
  );
}

function drawFault(space: ScenarioSpace, word: Word, set: SetSlot): Statement {
  const kind = i32.and(word(1), i32.const(7));
  const planned = i32.ltU(kind, i32.const(2));
  return seq(
    set(
      SLOT.faultKind,
      select(
        i32.eqz(kind),
        i32.const(FAULT.interrupt),
        select(i32.eq(kind, i32.const(1)), i32.const(FAULT.nmi), i32.const(FAULT.none)),
      ),
    ),
    set(SLOT.faultAt, select(planned, below(word(1), space.instructions + 1), i32.const(0))),
    set(SLOT.companionKey, select(chance(word(2), 128), i32.const(0), i32.shrU(word(2), i32.const(8)))),
    ...(space.roles[SLOT.rbpMod] === ROLE.unused ? [] : [set(SLOT.rbpMod, chance(word(3), 64))]),
  );
}

/** RAX for a function that takes the leaf as an argument: an allowed leaf, or a number that the module rejects. */
function drawLeaf(
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
function drawMask(scope: Scope, space: ScenarioSpace, word: Word, set: SetSlot, more: I32, leaf: I32): Statement {
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
        i32.or(mask.get, i32.and(i32.const(NEVER_LEGAL), i32.or(i32.shrU(word(6), i32.const(16)), i32.const(2)))),
      ),
    ),
    set(space.maskSlot, mask.get, select(i32.eq(kind, i32.const(7)), i32.or(more, i32.const(1)), i32.const(0))),
  );
  if (space.leafSlot < 0) return drawn;
  // The field is an ordinary argument of every other leaf.
  return when(i32.eqz(i32.and(leaf, i32.const(0xffff))), drawn);
}

/** The module is entered in 13 cases of 16; the rest is shared by what SEAMCALL does instead. */
function drawOutcome(word: I32, set: SetSlot): Statement {
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
function drawStatus(space: ScenarioSpace, { scenario, tables }: DrawAddresses, word: I32, set: SetSlot): Statement {
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
