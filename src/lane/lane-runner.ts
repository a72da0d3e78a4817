/**
 * Runs and judges cases by the hundred: one WebAssembly module for each target draws them, runs them with their
 * companions, and evaluates every clause, all in the machine's linear memory. What is not plainly clean there is a suspect,
 * which src/judge judges again on the reference interpreter: nothing is ever reported from here.
 */
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { transferRule } from '../../models/module/transfer-rule.js';
import { stubRules } from '../../models/predict/stub.js';
import { isShared, stageOf } from '../harness/stage-of.js';
import type { Image } from '../image/image.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { innermost } from '../judge/compile-clause.js';
import type { Judge } from '../judge/judge.js';
import { type Moment, OBSERVATION_SLOTS, VECTOR } from '../observation/layout.js';
import { emitDraw, SCENARIO_BYTES } from '../scenario/draw-code.js';
import { drawTables } from '../scenario/draw-tables.js';
import { SCENARIO_SLOTS, type Scenario, SLOT } from '../scenario/layout.js';
import { MXCSR_DEFAULT, X87_DEFAULT, XMM_GRAFFITI } from '../stage/entry-state.js';
import type { Stage } from '../stage/stage.js';
import { ModuleBuilder } from '../wasm/module.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { TranslatedCode } from '../x86/wasm/engine.js';
import { instantiateFunctions } from '../wasm/host.js';
import { emitCase } from './emit-case.js';
import { mostClasses } from './emit-classes.js';
import { guestMasks, hostMasks } from './emit-companion.js';
import { PLACE_TABLE_BYTES, placeTable } from './emit-enter.js';
import { emitPageFill } from './emit-page-fill.js';
import { emitRun, type RunInput } from './emit-run.js';
import { emitCatchUp } from './emit-catch-up.js';
import { emitSameAccesses, emitSameAccessesToHost, emitSurvey } from './emit-survey.js';
import { exitTables } from './exits.js';
import { type LaneLayout, laneLayout, PATH_BYTES, PATHS } from './layout.js';

/** Room for everything of layout.ts, for several targets. */
const SPARE_BYTES = 8 << 20;
/** More than one target needs, within these bounds. */
const TARGET_BYTES = 1 << 20;
/** Bytes of code, each with a counter, and leaves, each with a class: what has more stays with the reference. */
const MOST_CODE = 64 << 10;
const MOST_LEAVES = 256;
/** Targets of indirect jumps that are looked for: each costs a translation. */
const MOST_OTHERS = 16;
/** Only this file decides what is translated. */
const NEVER_HOT = 0x7fffffff;
const SCENARIO_WORDS = 2 * SCENARIO_SLOTS;

/** A machine with bytes to spare, which all targets of an image share: they run one after the other. */
interface SharedWorld {
  stage: Stage;
  /** Bytes of the spare ones that are taken. */
  used: number;
}

const WORLDS = new WeakMap<Image, SharedWorld>();

function sharedWorld({ target }: CaseRunner): SharedWorld {
  const known = WORLDS.get(target.image);
  if (known !== undefined && SPARE_BYTES - known.used > TARGET_BYTES && isShared(target)) return known;
  const stage = stageOf(target, { engine: 'wasm', hotRuns: NEVER_HOT, spareBytes: SPARE_BYTES });
  const made = { stage, used: 0 };
  if (isShared(target)) WORLDS.set(target.image, made);
  return made;
}

/** What a batch found; the numbers are those of its clean cases. */
export interface BatchResult {
  executions: number;
  inForce: Int32Array;
  classes: Int32Array;
  /** By byte offset in the function. */
  boundaries: Int32Array;
  /** Cases for the reference: index in the batch, and values. */
  suspects: { index: number; scenario: Scenario }[];
  /** Paths that the block has not seen before, each with a case that took it. */
  fresh: { path: bigint; rip: bigint; scenario: Scenario }[];
}

type OfStream = (a: number, b: number, c: number, d: number, count: number) => number;

/** What the module exports (emit-case.ts). */
interface Functions {
  batch: OfStream;
  fill: OfStream;
  execute: (count: number, scenarios: number) => number;
}

export class LaneRunner {
  /** Names of the classes, in the order of `BatchResult.classes`. */
  readonly classNames: readonly string[];
  private readonly buffer: ArrayBuffer;
  private readonly lane: LaneLayout;
  private readonly functions: Functions;
  private readonly counters: readonly Int32Array[];
  /** Maps the page of the last access at which translated code was left, if it is mapped when it is touched. */
  private readonly touch: () => void;

  /**
   * @param others addresses that the code is known to jump to indirectly
   * @returns undefined where the function has no code that could be translated, is too large, wraps SEAMCALL, has a contract with words
   *   that are not known here, or a
   *   fixup for a fault of its own: all that stays with the reference
   */
  static of(runner: CaseRunner, others: readonly bigint[] = []): LaneRunner | undefined {
    const { target, size, compiled } = runner;
    // The answer that is compiled is the module's to a guest.
    if (compiled.contract.instruction !== 'tdcall' || !compiled.forBulk) return undefined;
    // Which bytes a run reads is seen on the stage alone.
    if (target.image.badPlaces !== undefined) return undefined;
    if (size > MOST_CODE || compiled.contract.leaves.length > MOST_LEAVES) return undefined;
    const shared = sharedWorld(runner);
    const code = shared.stage.machine.translate(target.entry, others);
    return code === undefined || takesFaults(code, target.image)
      ? undefined
      : new LaneRunner(runner, shared, code, others);
  }

  private constructor(
    private readonly runner: CaseRunner,
    shared: SharedWorld,
    code: TranslatedCode,
    private readonly others: readonly bigint[],
  ) {
    const { stage } = shared;
    const { compiled, space, judge, target, size } = runner;
    const { machine, ends, readOnlyCode } = stage;
    const { linear, layout, engine } = code;
    this.buffer = linear.buffer;
    const offsetOf = (address: bigint): number => machine.offsetOf(address);
    const exits = exitTables(code);
    const sizes = {
      tables: drawTables(space, { state: 0, tables: 0, scenario: 0 }).length,
      quickExits: code.quick.exits.length,
      exactExits: code.exact.exits.length,
      addresses: exits.addresses.length,
      externals: ends.length,
      properties: judge.properties.length,
      classes: mostClasses(compiled),
      code: size,
    };
    const lane = laneLayout(engine.totalBytes + shared.used, sizes);
    if (lane.end > linear.buffer.byteLength)
      throw new Error(
        `lane runs of ${target.symbol} need ${lane.end} bytes of memory, and have ${linear.buffer.byteLength}`,
      );
    shared.used = lane.end - engine.totalBytes;
    this.lane = lane;
    this.place(
      lane.externals,
      Int32Array.from(ends, ({ end }) => end),
    );
    this.place(lane.addresses, exits.addresses);
    this.place(lane.quickExits, exits.table(code.quick, lane.addresses));
    this.place(lane.exactExits, exits.table(code.exact, lane.addresses));
    this.place(lane.places, placeTable(compiled, 0, offsetOf));
    this.place(lane.places + PLACE_TABLE_BYTES, placeTable(compiled, 1, offsetOf));
    this.place(lane.guestMasks, guestMasks(space));
    this.place(lane.hostMasks, hostMasks());
    this.place(lane.xmm, XMM_GRAFFITI[0]);
    this.place(lane.xmm + 256, XMM_GRAFFITI[1]);
    // Code that cannot touch the vector state leaves it as every run finds it.
    lane.observations.forEach((at, run) => {
      for (const slot of [VECTOR.initial, VECTOR.final]) {
        this.place(at + 8 * slot, Int32Array.of(MXCSR_DEFAULT, 0, X87_DEFAULT, 0));
        this.place(at + 8 * slot + 16, XMM_GRAFFITI[run === 1 ? 1 : 0]);
      }
    });
    const drawAt = { state: lane.state, tables: lane.tables, scenario: lane.scenarios[0] };
    this.place(lane.tables, drawTables(space, drawAt));

    const module = new ModuleBuilder(linear.pages);
    const quick = module.import('quick', 3);
    const exact = module.import('exact', 3);
    const { seed, draw } = emitDraw(module, space, drawAt);
    const rules = [true, false].map((noRbpMod) => transferRule({ ...REFERENCE_CONFIGURATION, noRbpMod }));
    const answer = {
      layout,
      rules: [rules[0], rules[1]],
      usualMask: compiled.ownMask,
      eventStart: lane.eventStart,
      entryFlags: lane.scenarios[0] + 8 * SLOT.entryFlags,
    } as const;
    const input: RunInput = {
      module,
      layout,
      lane,
      compiled,
      entry: target.entry,
      gsBase: stage.gsBase,
      vector: touchesVector(code),
      offsetOf,
      code,
      quick,
      exact,
      answer,
      writableCode: readOnlyCode.size > 0,
      blockSize: compiled.contract.block?.size ?? 0,
      laterPages: machine.laterPages,
    };
    this.touch = () => void machine.offsetOf(new BigUint64Array(this.buffer, engine.access, 1)[0]);
    const catchUp = emitCatchUp(input);
    const fillPage = emitPageFill(input);
    const role = (memory: 0 | 1, moments: ReadonlySet<Moment>) =>
      emitRun(input, { memory, moments }, catchUp, fillPage);
    const runs = [
      role(0, new Set(['initial', 'call', 'answer', 'final'])),
      role(1, comparedMoments(judge, 'guest-secrets')),
      role(0, comparedMoments(judge, 'host-values')),
    ] as const;
    const bare = role(0, new Set(['final']));
    const survey = emitSurvey(input);
    const sameAccesses = emitSameAccesses(input);
    const sameAccessesToHost = emitSameAccessesToHost(input);
    this.classNames = emitCase(input, {
      space,
      judge,
      rules: stubRules(compiled),
      size,
      seed,
      draw,
      runs,
      bare,
      survey,
      sameAccesses,
      sameAccessesToHost,
    });
    if (this.classNames.length > sizes.classes) throw new Error(`${compiled.id}: more than ${sizes.classes} classes`);
    const functions = instantiateFunctions(module.encode(), linear, { quick: code.quick.run, exact: code.exact.run });
    this.functions = functions as unknown as Functions;
    this.counters = [
      new Int32Array(this.buffer, lane.inForce, sizes.properties),
      new Int32Array(this.buffer, lane.classes, this.classNames.length),
      new Int32Array(this.buffer, lane.boundaries, size),
      new Int32Array(this.buffer, lane.executions, 1),
    ];
  }

  private place(at: number, values: Int32Array | Uint8Array | BigInt64Array): void {
    new Uint8Array(this.buffer).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
  }

  /** Forgets the counts and the paths: a block's result depends on nothing before it. */
  begin(): void {
    for (const counter of this.counters) counter.fill(0);
    new Int32Array(this.buffer, this.lane.pathCount, 1)[0] = 0;
    new Int32Array(this.buffer, this.lane.paths, (PATH_BYTES * PATHS) / 4).fill(0);
  }

  /**
   * Draws, runs and judges `count` cases of the stream that four words start; the counts go on from the last batch. The
   * scenarios that are returned are good until the next batch.
   */
  run(words: readonly number[], count: number): Pick<BatchResult, 'suspects' | 'fresh'> {
    const { lane, buffer } = this;
    const result = this.functions.batch(words[0], words[1], words[2], words[3], count);
    this.touch();
    const indices = new Int32Array(buffer, lane.suspectIndex, result & 0xffff);
    const suspects = Array.from(indices, (index, i) => ({
      index,
      scenario: this.scenarioAt(lane.suspects + i * SCENARIO_BYTES),
    }));
    const paths = new BigUint64Array(buffer, lane.freshPaths, 2 * (result >>> 16));
    const fresh = Array.from({ length: result >>> 16 }, (_, i) => ({
      path: paths[2 * i],
      rip: paths[2 * i + 1],
      scenario: this.scenarioAt(lane.fresh + i * SCENARIO_BYTES),
    }));
    return { suspects, fresh };
  }

  /**
   * For benchmarks: a function that runs `count` times, taking in turn the scenarios of a stream, neither with companions nor
   * judged. It returns how many runs were given up.
   *
   * @param scenarios at most BATCH_CASES
   * @param change made to each of them
   */
  executions(
    words: readonly number[],
    scenarios: number,
    change: (scenario: Scenario) => void,
  ): (count: number) => number {
    this.functions.fill(words[0], words[1], words[2], words[3], scenarios);
    for (let i = 0; i < scenarios; i++) change(this.scenarioAt(this.lane.suspects + i * SCENARIO_BYTES));
    return (count) => this.functions.execute(count, scenarios);
  }

  /** A runner that also knows the code to which the last unknown jump led, or this one if there was none. */
  extended(): LaneRunner {
    const [unknown] = new BigUint64Array(this.buffer, this.lane.unknownAt, 1);
    if (unknown === 0n || this.others.includes(unknown) || this.others.length >= MOST_OTHERS) return this;
    return LaneRunner.of(this.runner, [...this.others, unknown]) ?? this;
  }

  /** What the clean cases since `begin` add up to. */
  totals(): Omit<BatchResult, 'suspects' | 'fresh'> {
    const [inForce, classes, boundaries, executions] = this.counters;
    return { inForce, classes, boundaries, executions: executions[0] };
  }

  /** What was observed last, to be compared with the reference: of the base run (0), companion G (1) or H (2). */
  observation(run: 0 | 1 | 2): Int32Array {
    return new Int32Array(this.buffer, this.lane.observations[run], 2 * OBSERVATION_SLOTS);
  }

  private scenarioAt(offset: number): Scenario {
    return new Int32Array(this.buffer, offset, SCENARIO_WORDS);
  }
}

/** Whether the image has an exception-fixup entry for any translated instruction. */
function takesFaults({ exact }: TranslatedCode, { fixups }: Image): boolean {
  const fixed = new Set(fixups.map(({ from }) => from));
  return exact.blocks.some(({ instructions }) => instructions.some(({ address }) => fixed.has(address)));
}

/** Whether any translated instruction reads or writes MXCSR, the x87 control word or XMM. */
function touchesVector({ exact }: TranslatedCode): boolean {
  const isVector = (slot: number): boolean => slot >= STATE.MXCSR && slot < STATE.XMM + 32;
  return exact.blocks.some(({ instructions }) =>
    instructions.some(({ ops }) => ops.some(({ d, a, b }) => isVector(d) || isVector(a) || isVector(b))),
  );
}

/** The register files of a companion that some clause compares with the base run's. */
function comparedMoments(judge: Judge, of: 'guest-secrets' | 'host-values'): ReadonlySet<Moment> {
  const moments = new Set<Moment>();
  for (const { clause } of judge.clauses) {
    const inner = innermost(clause);
    if (inner.kind === 'independent' && inner.of === of && inner.term.kind === 'register')
      moments.add(inner.term.moment);
  }
  return moments;
}
