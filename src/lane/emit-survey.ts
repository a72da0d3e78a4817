/** Looks through the accesses of a run, as src/harness/survey.ts does; and compares those of two runs. */
import { SHADOW_SPACE } from '../contract/compiled.js';
import { REGIONS } from '../stage/layout.js';
import { FACT } from '../observation/layout.js';
import { ACROSS_CARRY, PLACE, SLOT } from '../scenario/layout.js';
import {
  all,
  any,
  giveBack,
  i32,
  type I32,
  i64,
  type I64,
  loop,
  select,
  seq,
  type Statement,
  v128,
  when,
} from '../wasm/code.js';
import type { FunctionHandle } from '../wasm/module.js';
import { EVENT, EVENT_IMPLICIT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { CONTROL } from '../x86/layout.js';
import type { RunInput } from './emit-run.js';

const EVENT_BYTES = 4 * EVENT_WORDS;
/** An event begins with its kind, size, RIP and address, in whatever order. */
const ADDRESS_BYTES = 24;

/**
 * Adds `survey(scenario, observation)` for a base run: counts stray writes, accesses below RSP and STI.
 */
export function emitSurvey({ module, layout, lane, compiled, blockSize }: RunInput): FunctionHandle {
  const stackSize = BigInt(REGIONS[0].stack.size);
  const stackAddress = i64.load(lane.stackAddress);
  // The parameters on the stack are the function's as well.
  const shadow = SHADOW_SPACE[compiled.contract.convention] + 8 * compiled.stackParameters;
  return module.function('', 2, (scope) => {
    const [scenario, observation] = scope.parameters;
    const at = scope.i32();
    const end = scope.i32();
    const kind = scope.i32();
    const size = scope.i64();
    const address = scope.i64();
    const entry = scope.i64();
    const writable = scope.i64();
    const sti = scope.i32();
    /** Offsets below these are those of 8 bytes that lie in the block, and on the stack below the return address. */
    const wholeWords = scope.i64();
    const freeWords = scope.i64();
    const block = scope.i64();
    const offsetInBlock = i64.sub(address.get, block.get);
    const inBlock = (bytes: I64): I32 =>
      all(i64.ltU(offsetInBlock, writable.get), i64.geU(writable.get, i64.add(offsetInBlock, bytes)));
    const onStack = i64.ltU(i64.sub(address.get, stackAddress), i64.const(stackSize));
    const rsp = i64.load(at.get, layout.events + 4 * EVENT_WORD.RSP_LOW);
    const rip = i64.load(at.get, layout.events + 4 * EVENT_WORD.RIP_LOW);
    const explicit = i32.leU(kind.get, i32.const(EVENT.Store));
    const note = (count: number, first: number): Statement =>
      seq(
        when(i32.eqz(i32.load(observation.get, 8 * count)), i64.store(observation.get, 8 * first, rip)),
        i32.store(observation.get, 8 * count, i32.add(i32.load(observation.get, 8 * count), i32.const(1))),
      );
    const writes = any(i32.eq(kind.get, i32.const(EVENT.Store)), i32.eq(kind.get, i32.const(EVENT.Push)));
    const above = i64.sub(address.get, entry.get);
    const belowEntry = i64.ltS(i64.add(above, size.get), i64.const(1n));
    const inShadow =
      shadow === 0
        ? i32.const(0)
        : all(i32.eqz(i64.ltS(above, i64.const(8n))), i64.ltS(i64.add(above, size.get), i64.const(BigInt(9 + shadow))));
    const below = all(explicit, onStack, i64.ltU(address.get, rsp), i32.eqz(inBlock(i64.const(1n))));
    const stray = all(writes, i32.eqz(inBlock(size.get)), i32.eqz(all(onStack, any(belowEntry, inShadow))));
    // What nearly every access is: 8 bytes of the block, or of the free stack by a push or pop.
    const plain = any(
      i64.ltU(offsetInBlock, wholeWords.get),
      all(
        i32.eq(i32.wrap(size.get), i32.const(8 | EVENT_IMPLICIT)),
        i64.ltU(i64.sub(address.get, stackAddress), freeWords.get),
      ),
    );
    const count = i32.load(layout.control, 4 * CONTROL.EVENT_COUNT);
    const place = i32.load(scenario.get, 8 * SLOT.blockPlace);
    return [
      seq(
        end.set(i32.mul(count, i32.const(EVENT_BYTES))),
        block.set(i64.load(lane.blockAddress)),
        // RSP at the entry, from its place in memory.
        entry.set(i64.add(stackAddress, i64.extend(i32.sub(i32.load(lane.stackPlace), i32.load(lane.stackStart))))),
        writable.set(
          select(
            any(i32.eq(place, i32.const(PLACE.unmapped)), i32.eq(place, i32.const(PLACE.null))),
            i64.const(0n),
            i64.const(BigInt(blockSize)),
          ),
        ),
        wholeWords.set(select(i64.eqz(writable.get), i64.const(0n), i64.const(BigInt(Math.max(0, blockSize - 7))))),
        freeWords.set(i64.sub(i64.sub(entry.get, stackAddress), i64.const(7n))),
        when(
          count,
          loop((again) =>
            seq(
              kind.set(i32.load(at.get, layout.events)),
              size.set(i64.extend(i32.load(at.get, layout.events + 4 * EVENT_WORD.SIZE))),
              address.set(i64.load(at.get, layout.events + 4 * EVENT_WORD.ADDRESS_LOW)),
              when(
                i32.eqz(plain),
                seq(
                  size.set(i64.and(size.get, i64.const(0xffn))),
                  when(
                    i32.gtU(kind.get, i32.const(EVENT.Pop)),
                    sti.set(i32.add(sti.get, i32.eq(kind.get, i32.const(EVENT.Sti)))),
                    when(
                      below,
                      note(FACT.accessesBelowStack, FACT.firstBelowStack),
                      when(stray, note(FACT.strayWrites, FACT.firstStrayWrite)),
                    ),
                  ),
                ),
              ),
              at.set(i32.add(at.get, i32.const(EVENT_BYTES))),
              again(i32.ne(at.get, end.get)),
            ),
          ),
        ),
        i32.store(observation.get, 8 * FACT.stiCount, sti.get),
        i32.store(lane.baseEvents, 0, count),
      ),
      i32.const(0),
    ];
  });
}

/** Adds `sameAccesses()`: 1 if the last run, whose events lie behind those of the base run, made the same accesses. */
export function emitSameAccesses({ module, layout, lane }: RunInput): FunctionHandle {
  return module.function('', 0, (scope) => {
    const at = scope.i32();
    const other = scope.i32();
    const end = scope.i32();
    const rest = scope.i64();
    const different = scope.v128();
    const base = i32.load(lane.baseEvents);
    const count = i32.load(layout.control, 4 * CONTROL.EVENT_COUNT);
    const first = (offset: number) => v128.load(at.get, layout.events + offset);
    const second = (offset: number) => v128.load(other.get, layout.events + offset);
    return [
      seq(
        when(i32.ne(count, i32.shl(base, i32.const(1))), giveBack(i32.const(0))),
        other.set(i32.mul(base, i32.const(EVENT_BYTES))),
        end.set(other.get),
        when(
          base,
          loop((again) =>
            seq(
              different.set(v128.or(different.get, v128.xor(first(0), second(0)))),
              rest.set(
                i64.or(
                  rest.get,
                  i64.xor(
                    i64.load(at.get, layout.events + ADDRESS_BYTES - 8),
                    i64.load(other.get, layout.events + ADDRESS_BYTES - 8),
                  ),
                ),
              ),
              at.set(i32.add(at.get, i32.const(EVENT_BYTES))),
              other.set(i32.add(other.get, i32.const(EVENT_BYTES))),
              again(i32.ne(at.get, end.get)),
            ),
          ),
        ),
      ),
      all(i64.eqz(rest.get), i32.eqz(v128.anyTrue(different.get))),
    ];
  });
}

/**
 * Adds `sameAccessesToHost()`: 1 if the last run, companion G, whose events lie behind those of the base run, accessed the same
 * places before the exit to the host: as far from RSP at the entry, from the block, or from nothing.
 */
export function emitSameAccessesToHost({ module, layout, lane }: RunInput): FunctionHandle {
  return module.function('', 0, (scope) => {
    const at = scope.i32();
    const other = scope.i32();
    const end = scope.i32();
    const blockMoved = scope.i64();
    const stackMoved = scope.i64();
    const moved = scope.i64();
    const strange = scope.i32();
    const events = (run: 0 | 1): I32 => i32.load(lane.observations[run], 8 * FACT.eventsToHost);
    const address = (place: I32): I64 => i64.load(place, layout.events + 4 * EVENT_WORD.ADDRESS_LOW);
    /** Kind and size are neighbours. */
    const kind = (place: I32): I64 => i64.load(place, layout.events + 4 * EVENT_WORD.KIND);
    return [
      seq(
        when(i32.ne(events(0), events(1)), giveBack(i32.const(0))),
        other.set(i32.mul(i32.load(lane.baseEvents), i32.const(EVENT_BYTES))),
        end.set(i32.mul(events(0), i32.const(EVENT_BYTES))),
        stackMoved.set(
          select(
            i32.and(i32.load(lane.scenarios[0], 8 * SLOT.stackOffset), i32.const(ACROSS_CARRY)),
            i64.const(REGIONS[1].stackAcrossEntry - REGIONS[0].stackAcrossEntry),
            i64.const(REGIONS[1].stackEntry - REGIONS[0].stackEntry),
          ),
        ),
        blockMoved.set(i64.sub(i64.load(lane.blockAddress), i64.load(lane.baseBlock))),
        when(
          end.get,
          loop((again) =>
            seq(
              moved.set(i64.sub(address(other.get), address(at.get))),
              strange.set(
                i32.or(
                  strange.get,
                  i32.or(
                    i64.ne(kind(at.get), kind(other.get)),
                    i32.and(
                      i32.and(i64.ne(moved.get, stackMoved.get), i64.ne(moved.get, blockMoved.get)),
                      i64.ne(moved.get, i64.const(0n)),
                    ),
                  ),
                ),
              ),
              at.set(i32.add(at.get, i32.const(EVENT_BYTES))),
              other.set(i32.add(other.get, i32.const(EVENT_BYTES))),
              again(i32.ne(at.get, end.get)),
            ),
          ),
        ),
      ),
      i32.eqz(strange.get),
    ];
  });
}
