/**
 * The mixture of docs/architecture.md#cases as WebAssembly: drawing is a good part of a case's cost, so it happens in linear
 * memory, right where the machine takes the scenario from.
 *
 * Every slot that a contract reads gets 64 uniform bits (which also serve as graffiti); in 7 of 16 slots an edge, an ABI
 * constant, a small number, a single bit or another slot's value takes their place. Flags, leaf, mask, status, placement
 * and faults are then drawn by rules of their own.
 */
import { i32, type I32, i64, loop, seq, select, type Statement, v128, when } from '../wasm/code.js';
import type { FunctionHandle, ModuleBuilder, Scope } from '../wasm/module.js';
import { drawFlow } from './draw-flow.js';
import { drawLeaf, drawMask, drawOutcome, drawStatus } from './draw-call.js';
import { type DrawAddresses, KINDS } from './draw-tables.js';
import { below, chance, type SetSlot, type Word } from './draw-words.js';
import {
  ACROSS_CARRY,
  ALIASED,
  callerFlags,
  FAULT,
  FIXED_FLAGS,
  parameterSlot,
  PLACE,
  placeSlots,
  readSlot,
  SCENARIO_SLOTS,
  SLOT,
} from './layout.js';
import { ROLE } from './roles.js';
import type { ScenarioSpace } from './space.js';

/** A scenario of a contract that runs in bulk know in linear memory, rounded up to whole vectors. */
export const SCENARIO_BYTES = bytesOf(SCENARIO_SLOTS);

/** The scenarios of a contract in linear memory, rounded up to whole vectors. */
export function scenarioBytes({ roles }: ScenarioSpace): number {
  return bytesOf(roles.length);
}

function bytesOf(slots: number): number {
  return Math.ceil((8 * slots) / 16) * 16;
}

/** Two generators of four words of four lanes each, then words for the rules that draw control values. */
const GENERATOR_BYTES = 64;
const POOL_BYTES = 64;
/** A second pool, for the contracts with more slots. */
const MORE_BYTES = 64;
export const STATE_BYTES = 2 * GENERATOR_BYTES + POOL_BYTES + MORE_BYTES;

/** Values that are drawn by the mixture, as a bit mask over slots. */
function mixedSlots({ roles, flagsSlot }: ScenarioSpace): bigint {
  let mask = 0n;
  for (let slot = 0; slot < roles.length; slot++) {
    const drawn = roles[slot] !== ROLE.unused && roles[slot] !== ROLE.control;
    if (drawn && slot !== SLOT.answerStatus && slot !== flagsSlot) mask |= 1n << BigInt(slot);
  }
  return mask;
}

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
  const morePool = pool + POOL_BYTES;
  const hasMore = !space.compiled.forBulk;

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
    for (let at = 0; at < scenarioBytes(space); at += 16)
      if (((random >> BigInt(at / 8)) & 3n) !== 0n) vectors.push(at);
    const fixed: Statement[] = [];
    for (let slot = 0; slot < space.roles.length; slot++) {
      if (((random >> BigInt(slot)) & 1n) !== 0n) continue;
      fixed.push(i64.store(scenario, 8 * slot, i64.const(readSlot(space.neutral, slot))));
    }
    return [
      seq(
        withGenerators(scope, (next) =>
          seq(
            ...vectors.map((at) => next(scenario + at)),
            ...[0, 16, 32, 48].map((at) => next(pool + at)),
            ...(hasMore ? [0, 16, 32, 48].map((at) => next(morePool + at)) : []),
          ),
        ),
        ...fixed,
        drawSpecial(scope, BigInt.asUintN(64, mixed), addresses, pool, 0),
        ...(hasMore ? [drawSpecial(scope, mixed >> 64n, addresses, morePool, 64)] : []),
        drawControl(scope, space, addresses, pool),
        ...(hasMore ? [drawMore(space, addresses, morePool)] : []),
      ),
      i32.const(0),
    ];
  });
  return { seed, draw };
}

/**
 * Replaces 7 of 16 uniform values; the bits of the value that is replaced choose what replaces it.
 *
 * @param mixed which of 64 slots, the first of which is `first`
 */
function drawSpecial(
  scope: Scope,
  mixed: bigint,
  { scenario: start, tables }: DrawAddresses,
  pool: number,
  first: number,
): Statement {
  const scenario = start + 8 * first;
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
    set(
      SLOT.entryFlags,
      i32.or(i32.and(low(SLOT.faultValue), i32.const(callerFlags(space.compiled))), i32.const(FIXED_FLAGS)),
    ),
  ];
  // The value that an interrupt handler leaves is drawn anew from other bits: the flags above used it.
  parts.push(
    i64.store(scenario, 8 * SLOT.faultValue, i64.xor(i64.load(scenario, 8 * SLOT.faultValue), i64.load(pool))),
  );
  // Any combination of the flags that the contract defines; in a quarter of the cases other bits are set that it says nothing of.
  if (space.flagsSlot >= 0) {
    const at = 8 * space.flagsSlot;
    const { flagMask, openFlags } = space.compiled;
    const flags = BigInt(flagMask >>> 0);
    const drawn = i64.load(scenario, at);
    const open = select(chance(word(4), 64), i64.const(flags | openFlags), i64.const(flags));
    parts.push(i64.store(scenario, at, i64.and(drawn, openFlags === 0n ? i64.const(flags) : open)));
  }
  parts.push(drawPlacement(space, word, set), drawFault(space, word, set));
  if (space.leafSlot >= 0) parts.push(drawLeaf(scope, space, addresses, word, set, low(SLOT.answerStatus)));
  if (space.maskSlot >= 0) parts.push(drawMask(scope, space, word, set, high(SLOT.answerStatus), low(space.leafSlot)));
  parts.push(drawStatus(space, addresses, word(7), set));
  if (space.roles[SLOT.outcome] === ROLE.control) parts.push(drawOutcome(word(1), set));
  parts.push(...drawFlow(space, addresses, word, set));
  return seq(...parts);
}

function drawPlacement(space: ScenarioSpace, word: Word, set: SetSlot): Statement {
  // In one case of eight the other stack; these bits of the word choose nothing else.
  const across = i32.eqz(i32.and(word(1), i32.const(0x7000)));
  const offset = set(
    SLOT.stackOffset,
    i32.or(i32.and(word(0), i32.const(0xff)), select(across, i32.const(ACROSS_CARRY), i32.const(0))),
  );
  if (space.roles[SLOT.blockPlace] === ROLE.unused) return offset;
  return seq(offset, drawBlock(word(0), placeSlots(0), false, set));
}

/** @param mayAlias whether it may lie where another block does, which then takes 12 of the 64 */
function drawBlock(word: I32, slots: { place: number; offset: number }, mayAlias: boolean, set: SetSlot): Statement {
  const kind = i32.and(i32.shrU(word, i32.const(16)), i32.const(63));
  // Of 64 values: callerFrame 12, null 4, unmapped, partlyMapped, readOnly and overlapsStack 2 each, lowHalfZero 8.
  const shares: [number, number][] = [
    [12, PLACE.callerFrame],
    [16, PLACE.null],
    [18, PLACE.unmapped],
    [20, PLACE.partlyMapped],
    [22, PLACE.readOnly],
    [24, PLACE.overlapsStack],
    [32, PLACE.lowHalfZero],
    ...(mayAlias ? [[44, ALIASED] as [number, number]] : []),
  ];
  const place = shares.reduceRight<I32>(
    (rest, [end, value]) => select(i32.ltU(kind, i32.const(end)), i32.const(value), rest),
    i32.const(PLACE.valid),
  );
  return seq(
    set(slots.place, place),
    // In one case of eight a valid block ends at the guard page: one field too many hits it.
    set(
      slots.offset,
      select(
        i32.and(word, i32.const(0x1c00000)),
        i32.and(i32.shrU(word, i32.const(8)), i32.const(0xff)),
        i32.const(0xff),
      ),
    ),
  );
}

/** What only contracts with more slots have: further blocks, and bits above a narrow flags or leaf parameter. */
function drawMore(space: ScenarioSpace, { scenario }: DrawAddresses, pool: number): Statement {
  const { compiled, flagsSlot, leafSlot } = space;
  // The first half of the pool chose the special values.
  const word = (n: number): I32 => i32.load(pool, 32 + 4 * n);
  const set = (slot: number, low: I32, high: I32 = i32.const(0)): Statement =>
    seq(i32.store(scenario, 8 * slot, low), i32.store(scenario, 8 * slot + 4, high));
  const parts = compiled.blocks
    .slice(1)
    .map(({ index, alias }) => drawBlock(word(index - 1), placeSlots(index), alias >= 0, set));
  for (const { parameter, bytes } of compiled.narrowParameters) {
    const slot = parameterSlot(parameter.place);
    if (slot !== flagsSlot && slot !== leafSlot) continue;
    const kept = bytes === 4 ? -1 : (1 << (8 * bytes)) - 1;
    const low = i32.or(
      i32.and(i32.load(scenario, 8 * slot), i32.const(kept)),
      i32.and(word(slot === leafSlot ? 4 : 5), i32.const(~kept)),
    );
    parts.push(set(slot, low, word(slot === leafSlot ? 6 : 7)));
  }
  return seq(...parts);
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
