/** Counts the classes of a clean case, as src/campaign/blocks/classes.ts does for a single one. */
import { OPERAND_IDS } from '../../models/abi/operand-ids.js';
import { statusHigh } from '../../models/abi/status.js';
import type { CompiledContract } from '../contract/compiled.js';
import { FACT, MOMENT, RIP_OFFSET } from '../observation/layout.js';
import { FAULT, parameterSlot, PLACE_NAMES, SLOT } from '../scenario/layout.js';
import { SCENARIO_BYTES } from '../scenario/draw-code.js';
import type { ScenarioSpace } from '../scenario/space.js';
import {
  all,
  any,
  block,
  copy,
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
import type { Scope } from '../wasm/module.js';
import { FLAG } from '../x86/flags.js';
import { type LaneLayout, PATH_BYTES, PATHS } from './layout.js';

/** At most so many classes does a contract give rise to. */
export function mostClasses({ flagBits, contract }: CompiledContract): number {
  return FIXED_CLASSES + PLACE_NAMES.length + 2 * flagBits.size + contract.leaves.length;
}

/** Those that any contract may have: six of a case, twelve of a call. */
const FIXED_CLASSES = 18;

interface Class {
  name: string;
  /** Undefined for the places of the block, of which each case has one: the place itself says which counter is meant. */
  holds: I32 | undefined;
}

/** A value that no register holds by chance: stands for those that the host does not see. */
const NOBODY = 0x5bd1_e995_9e37_79b9n;

export class ClassCode {
  /** In the order of the counters at `lane.classes`. */
  readonly names: readonly string[];
  private readonly classes: readonly Class[];
  private readonly setUp: Statement[] = [];

  constructor(
    private readonly scope: Scope,
    private readonly lane: LaneLayout,
    private readonly space: ScenarioSpace,
  ) {
    this.classes = [...this.caseClasses(), ...this.callClasses()];
    this.names = this.classes.map(({ name }) => name);
  }

  /** Counts the case that was observed last. */
  count(): Statement {
    const { lane } = this;
    return seq(
      ...this.setUp,
      ...this.classes.map(({ holds }, index) =>
        holds === undefined
          ? seq()
          : i32.store(lane.classes, 4 * index, i32.add(i32.load(lane.classes, 4 * index), holds)),
      ),
      ...this.countPlace(),
    );
  }

  private countPlace(): Statement[] {
    const first = this.classes.findIndex(({ holds }) => holds === undefined);
    if (first < 0) return [];
    const counters = this.lane.classes + 4 * first;
    const at = i32.shl(this.low(SLOT.blockPlace), i32.const(2));
    return [i32.store(at, counters, i32.add(i32.load(at, counters), i32.const(1)))];
  }

  private get compiled(): CompiledContract {
    return this.space.compiled;
  }

  private base(slot: number): I64 {
    return i64.load(this.lane.observations[0], 8 * slot);
  }

  private fact(slot: number): I32 {
    return i32.load(this.lane.observations[0], 8 * slot);
  }

  private low(slot: number): I32 {
    return i32.load(this.lane.scenarios[0], 8 * slot);
  }

  private local(value: I32): I32 {
    const local = this.scope.i32();
    this.setUp.push(local.set(value));
    return local.get;
  }

  private caseClasses(): Class[] {
    const { compiled } = this;
    const low = (slot: number): I32 => this.low(slot);
    const kind = low(SLOT.faultKind);
    const delivered = this.local(i32.ne(i32.load(this.lane.interruptedAt), i32.const(0)));
    const nmi = i32.eq(kind, i32.const(FAULT.nmi));
    const interruptible = this.local(i32.ne(i32.and(low(SLOT.entryFlags), i32.const(FLAG.IF)), i32.const(0)));
    const classes: Class[] = [
      { name: 'no fault', holds: i32.eqz(any(delivered, i32.ne(kind, i32.const(FAULT.none)))) },
      { name: 'interrupt delivered', holds: all(delivered, i32.eqz(nmi)) },
      { name: 'NMI delivered', holds: all(delivered, nmi) },
      { name: 'interrupt never deliverable', holds: all(i32.eqz(delivered), i32.ne(kind, i32.const(FAULT.none))) },
      { name: 'IF set at entry', holds: interruptible },
      { name: 'IF clear at entry', holds: i32.eqz(interruptible) },
    ];
    const { flagsParameter } = compiled;
    for (const [flag, bit] of compiled.flagBits) {
      const value = flagsParameter === undefined ? i32.const(0) : low(parameterSlot(flagsParameter.place));
      const set = this.local(i32.ne(i32.and(value, i32.const(bit)), i32.const(0)));
      classes.push({ name: `${flag} set`, holds: set }, { name: `${flag} clear`, holds: i32.eqz(set) });
    }
    if (compiled.blockParameter !== undefined)
      for (const place of PLACE_NAMES) classes.push({ name: `block ${place}`, holds: undefined });
    return classes;
  }

  private callClasses(): Class[] {
    const { compiled, space } = this;
    const called = this.local(i32.ne(this.fact(FACT.calls), i32.const(0)));
    const answer = this.base(MOMENT.answer);
    const failed = this.local(all(called, i32.eqz(i64.eqz(answer))));
    const refusal = (operand: number): I64 =>
      i64.const((BigInt(statusHigh('TDX_OPERAND_INVALID')) << 32n) | BigInt(operand));
    const rejected = this.local(all(failed, i64.eq(answer, refusal(OPERAND_IDS.RAX))));
    const maskRejected = this.local(all(failed, i64.eq(answer, refusal(OPERAND_IDS.RCX))));
    const rax = this.base(MOMENT.call);
    const classes: Class[] = [
      { name: 'call failed', holds: failed },
      { name: 'call succeeded', holds: all(called, i32.eqz(failed)) },
    ];
    if (space.leafSlot >= 0) {
      const leaves = compiled.contract.leaves.map((leaf) => ({
        name: `leaf ${leaf}`,
        holds: this.local(all(called, i64.eq(rax, i64.const(BigInt(leaf))))),
      }));
      const known = any(...leaves.map(({ holds }) => holds));
      classes.push(...leaves, { name: 'leaf rejected by the module', holds: all(rejected, i32.eqz(known)) });
    }
    if (!compiled.reachesHost) return classes;
    const hostCall = this.local(all(called, i32.eqz(i32.and(i32.wrap(rax), i32.const(0xffff)))));
    const answered = this.local(all(hostCall, i32.ne(this.fact(FACT.hostExits), i32.const(0))));
    if (compiled.maskField >= 0) {
      const refused = this.local(all(hostCall, maskRejected, i32.ne(this.low(SLOT.answerStatus), i32.const(1))));
      const exposed = i32.and(this.fact(MOMENT.call + 1), i32.const(0xffff));
      const widest = this.local(all(answered, i32.eqz(refused), i32.eq(exposed, i32.const(compiled.widestMask))));
      classes.push(
        { name: 'mask rejected by the module', holds: refused },
        { name: 'mask exposes all', holds: widest },
        { name: 'mask exposes some', holds: all(answered, i32.eqz(refused), i32.eqz(widest)) },
      );
    }
    const failure = this.local(all(hostCall, failed, i32.eqz(rejected), i32.eqz(maskRejected)));
    const r10 = this.base(MOMENT.answer + 10);
    classes.push(
      {
        name: 'TDVMCALL failed, low half 0',
        holds: all(failure, i32.eqz(i32.wrap(answer))),
      },
      {
        name: 'TDVMCALL failed, high half 0',
        holds: all(failure, i64.eqz(i64.shrU(answer, i64.const(32n)))),
      },
      { name: 'TDVMCALL failed, bit 63 clear', holds: all(failure, i32.eqz(i64.ltS(answer, i64.const(0n)))) },
      { name: 'host answers 0', holds: all(answered, i64.eqz(r10)) },
      { name: 'host answers RETRY', holds: all(answered, i64.eq(r10, i64.const(1n))) },
      { name: 'host value equals an argument', holds: this.equalsArgument(answered) },
    );
    return classes;
  }

  /** Whether an exposed register other than 0 came back with the value that some exposed register had at the call. */
  private equalsArgument(answered: I32): I32 {
    const { lane, compiled, scope } = this;
    const found = scope.i32();
    const mask = scope.i32();
    const usual = (compiled.ownMask === 0 ? compiled.widestMask : compiled.ownMask) & 0xfffc;
    const search = (registers: readonly number[]): Statement => {
      const even = registers.length % 2 === 0 ? registers : [...registers, registers[0]];
      const hits = scope.v128();
      const argument = scope.v128();
      const seen = (register: number): I32 => i32.and(mask.get, i32.const(1 << register));
      const value = (moment: number, register: number): I64 => this.base(moment + register);
      return seq(
        ...even.flatMap((register, i) => [
          i64.store(lane.compared, 8 * i, select(seen(register), value(MOMENT.answer, register), i64.const(0n))),
          i64.store(
            lane.compared,
            128 + 8 * i,
            // Zero equals nothing.
            select(
              any(i32.eqz(seen(register)), i64.eqz(value(MOMENT.call, register))),
              i64.const(NOBODY),
              value(MOMENT.call, register),
            ),
          ),
        ]),
        hits.set(v128.const([0, 0, 0, 0])),
        ...registers.map((_, i) =>
          seq(
            argument.set(v128.load64Splat(lane.compared, 128 + 8 * i)),
            hits.set(
              Array.from({ length: even.length / 2 }, (__, pair) => pair).reduce(
                (so, pair) => v128.or(so, v128.eq64(argument.get, v128.load(lane.compared, 16 * pair))),
                hits.get,
              ),
            ),
          ),
        ),
        found.set(v128.anyTrue(hits.get)),
      );
    };
    /** As `search` where exactly these registers are exposed; they come in pairs of neighbours. */
    const searchPairs = (pairs: readonly number[]): Statement => {
      const hits = scope.v128();
      const argument = scope.v128();
      const zero = v128.const([0, 0, 0, 0]);
      const [observation] = lane.observations;
      const answers = pairs.map((register) => v128.load(observation, 8 * (MOMENT.answer + register)));
      return seq(
        hits.set(zero),
        ...pairs.flatMap((register) =>
          [register, register + 1].map((one) =>
            seq(
              argument.set(v128.load64Splat(observation, 8 * (MOMENT.call + one))),
              hits.set(
                v128.or(
                  hits.get,
                  // Zero equals nothing.
                  v128.andNot(
                    answers.map((answer) => v128.eq64(argument.get, answer)).reduce((a, b) => v128.or(a, b)),
                    v128.eq64(argument.get, zero),
                  ),
                ),
              ),
            ),
          ),
        ),
        found.set(v128.anyTrue(hits.get)),
      );
    };
    const pairs = pairsOf(usual);
    const registersOf = (bits: number): number[] =>
      Array.from({ length: 16 }, (_, register) => register).filter((register) => (bits >>> register) & 1);
    this.setUp.push(
      found.set(i32.const(0)),
      when(
        answered,
        seq(
          mask.set(i32.and(this.fact(MOMENT.call + 1), i32.const(0xfffc))),
          when(
            pairs === undefined ? i32.const(0) : i32.eq(mask.get, i32.const(usual)),
            pairs === undefined ? seq() : searchPairs(pairs),
            when(
              i32.eqz(i32.and(mask.get, i32.const(~usual))),
              search(registersOf(usual)),
              search(registersOf(0xfffc)),
            ),
          ),
        ),
      ),
    );
    return found.get;
  }
}

/** The even registers of a mask that holds them together with their odd neighbours; undefined for any other mask. */
function pairsOf(mask: number): number[] | undefined {
  const even = Array.from({ length: 8 }, (_, pair) => 2 * pair).filter((register) => (mask >>> register) & 3);
  return even.every((register) => ((mask >>> register) & 3) === 3) ? even : undefined;
}

/** Counts where an interrupt was delivered, by the instruction's offset in the function. */
export function countBoundary(scope: Scope, lane: LaneLayout, entryLow: number, size: number): Statement {
  const at = scope.i32();
  const offset = i32.sub(at.get, i32.const(entryLow));
  const counter = i32.shl(offset, i32.const(2));
  return seq(
    at.set(i32.load(lane.interruptedAt)),
    when(
      all(i32.ne(at.get, i32.const(0)), i32.ltU(offset, i32.const(size))),
      i32.store(counter, lane.boundaries, i32.add(i32.load(counter, lane.boundaries), i32.const(1))),
    ),
  );
}

/** Notes the path of the case if the block has not seen it. */
export function notePath(scope: Scope, lane: LaneLayout): Statement {
  const path = scope.i64();
  const rip = scope.i64();
  const at = scope.i32();
  const fresh = scope.i32();
  const [observation] = lane.observations;
  const [scenario] = lane.scenarios;
  const mask = i32.const((PATHS - 1) * PATH_BYTES);
  return seq(
    path.set(i64.load(observation, 8 * FACT.path)),
    rip.set(i64.load(observation, 8 * (MOMENT.final + RIP_OFFSET))),
    at.set(i32.and(i32.mul(i32.xor(i32.wrap(path.get), i32.wrap(rip.get)), i32.const(PATH_BYTES)), mask)),
    block((leave) =>
      loop((again) =>
        seq(
          leave(all(i64.eq(i64.load(at.get, lane.paths), path.get), i64.eq(i64.load(at.get, lane.paths + 8), rip.get))),
          when(
            i64.eqz(i64.load(at.get, lane.paths + 8)),
            seq(
              i64.store(at.get, lane.paths, path.get),
              i64.store(at.get, lane.paths + 8, rip.get),
              fresh.set(i32.load(lane.freshCount)),
              i64.store(i32.mul(fresh.get, i32.const(PATH_BYTES)), lane.freshPaths, path.get),
              i64.store(i32.mul(fresh.get, i32.const(PATH_BYTES)), lane.freshPaths + 8, rip.get),
              copy(i32.mul(fresh.get, i32.const(SCENARIO_BYTES)), lane.fresh, scenario, 0, SCENARIO_BYTES),
              i32.store(lane.freshCount, 0, i32.add(fresh.get, i32.const(1))),
              i32.store(lane.pathCount, 0, i32.add(i32.load(lane.pathCount), i32.const(1))),
              leave(),
            ),
          ),
          at.set(i32.and(i32.add(at.get, i32.const(PATH_BYTES)), mask)),
          again(),
        ),
      ),
    ),
  );
}
