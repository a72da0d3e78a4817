/** Runs and judges single functions around TDCALL or SEAMCALL: a case is one scenario, run by the harness. */
import { compileContract } from '../contract/compiled.js';
import type { StubProperty } from '../clause/property.js';
import { readHalves } from '../halves.js';
import { isWithin, offsetName, REGIONS } from '../stage/layout.js';
import type { EngineOptions } from '../stage/stage.js';
import type { Case, CaseSpace } from '../case/case.js';
import { traceDigest } from './trace-digest.js';
import { functionExtent, symbolicName } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import { CaseRunner, NO_VERDICT } from '../judge/case-runner.js';
import type { JudgedClause as StubClause } from '../judge/judge.js';
import { FACT, MOMENT, OUTCOME, OUTCOME_NAMES, RIP_OFFSET, slotValue } from '../observation/layout.js';
import { caseSpaceOf } from '../scenario/case-space.js';
import { placeSlots, SLOT } from '../scenario/layout.js';
import { hex } from '../text/hex.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX, REGISTER_NAMES } from '../x86/registers.js';
import type {
  LaneMode,
  CaseTrace,
  Comparison,
  JudgedClause,
  Lane,
  PropertyOnTarget,
  Runner,
  StoredAnswer,
  Told,
  Violation,
  Way,
} from './runner.js';
import { StubClasses } from './stub-classes.js';
import { compareCase, endOf } from './stub-comparison.js';
import { StubLane } from './stub-lane.js';
import { mannerOf, putRight } from './put-right.js';
import { recordTrace, traceGuest, traceHost } from './stub-trace.js';
import { wayOf } from './stub-way.js';
import { wrongOf } from './stub-wrong.js';
import type { StubTarget } from './target.js';
import { type Given, NOTHING_GIVEN } from './told-step.js';
import type { Step } from './trace.js';
import { answerWords, worldText } from './step-text.js';
import type { Wrong } from './wrong.js';

/**
 * The reference path of one function, without what is around it.
 *
 * @param knownSize bytes of the function's code, where the image does not know
 * @param engine which engine executes; the reference interpreter if not given
 * @throws ImageError if the image has no such function
 */
export function createCaseRunner(
  target: StubTarget,
  properties: readonly StubProperty[],
  knownSize?: number,
  engine?: EngineOptions,
): CaseRunner {
  const symbol = findFunction(target.image, target.symbol);
  return new CaseRunner(
    { image: target.image, symbol: target.symbol, entry: symbol.address },
    knownSize ?? functionExtent(target.image, symbol).size,
    compileContract(target.contract, target.set),
    properties,
    engine,
  );
}

const NOTHING: readonly Violation[] = [];
const NO_STATES: readonly string[] = [];
const RAX_BIT = 1 << REGISTER_INDEX.rax;

/** A violated clause, with what the judge knows of it. */
interface StubViolation extends Violation {
  readonly judged: StubClause;
}

export class StubRunner implements Runner {
  readonly clauses: readonly JudgedClause[];
  readonly space: CaseSpace;
  readonly classNames: readonly string[];
  readonly hasBoundaries = true;
  readonly putsInMachine = true;
  private readonly violations: readonly StubViolation[];
  private readonly classes: StubClasses;
  private readonly bulk: StubLane;
  /** Steps of the case that was run last, once they were asked for. */
  private steps: Step[] | undefined;

  /** @param reference the reference path, for what speaks of single functions alone */
  constructor(
    readonly target: StubTarget,
    readonly reference: CaseRunner,
  ) {
    this.clauses = reference.judge.clauses.map(({ property, text, slot }, index) => ({
      index,
      property,
      text,
      slot,
      about: undefined,
    }));
    this.violations = this.clauses.map((clause, index) => ({ clause, judged: reference.judge.clauses[index] }));
    this.space = caseSpaceOf(
      reference.space,
      reference.code.instructions.flatMap(({ immediates }) => immediates),
    );
    this.classes = new StubClasses(reference);
    this.classNames = this.classes.names;
    this.bulk = new StubLane(reference);
  }

  get image() {
    return this.target.image;
  }
  get entry(): bigint {
    return this.reference.target.entry;
  }
  get size(): number {
    return this.reference.size;
  }
  get properties(): readonly PropertyOnTarget[] {
    return this.reference.judge.properties;
  }
  get executions(): number {
    return this.reference.executions;
  }
  get problem(): string {
    return this.reference.problem;
  }
  get inForce(): Uint8Array {
    return this.reference.judge.inForce;
  }
  get clauseInForce(): Uint8Array {
    return this.reference.judge.clauseInForce;
  }
  get interruptedAt(): number {
    return this.reference.interruptedAt;
  }
  get reached(): boolean {
    return this.reference.context.called;
  }
  get end(): string {
    return endOf(this.reference.context);
  }
  get states(): readonly string[] {
    return NO_STATES;
  }
  get ways(): readonly Way[] {
    const { base } = this.reference.context;
    return [wayOf(slotValue(base, FACT.path), slotValue(base, MOMENT.final + RIP_OFFSET))];
  }

  run([{ words }]: Case): readonly Violation[] | undefined {
    const { reference } = this;
    this.steps = undefined;
    return this.violated(reference.run(words));
  }

  private violated(count: number): readonly Violation[] | undefined {
    if (count === NO_VERDICT) return undefined;
    if (count === 0) return NOTHING;
    return Array.from(this.reference.judge.violated.subarray(0, count), (index) => this.violations[index]);
  }

  placeKey(violation: Violation): string | undefined {
    const { judged, clause } = violation as StubViolation;
    // Which instruction changed flags, vector state or a field, and where two runs first use different addresses,
    // depends on the values themselves.
    if (BY_VALUE.test(judged.slot)) return undefined;
    const { context } = this.reference;
    const other = judged.needsGuest ? context.guest : judged.needsHost ? context.host : context.base;
    // Where the block lies over the stack a value may come from another place on the same path.
    const { blocks } = this.reference.compiled;
    const further = blocks.slice(1).map(({ index }) => context.scenario[2 * placeSlots(index).place]);
    const facts: number[] = [clause.index, context.scenario[2 * SLOT.blockPlace], ...further];
    for (const observation of [context.base, other]) {
      for (const slot of [FACT.path, FACT.firstStrayWrite, FACT.firstBelowStack]) {
        facts.push(observation[2 * slot], observation[2 * slot + 1]);
      }
      facts.push(observation[2 * FACT.end], observation[2 * FACT.answered], unexecuted(observation));
    }
    return facts.join(',');
  }

  /** What the judge knows of a violated clause. */
  judgedOf(violation: Violation): StubClause {
    return (violation as StubViolation).judged;
  }

  compare(violation: Violation): Comparison {
    return compareCase((violation as StubViolation).judged.clause, this.reference);
  }

  manner(violation: Violation): 'changes' | 'stays' | 'other' {
    return mannerOf((violation as StubViolation).judged.clause, this.reference);
  }

  wrong(violation: Violation): Wrong {
    return wrongOf((violation as StubViolation).judged.clause, this.reference);
  }

  /** Inside of the target by its name, whatever labels it has. */
  place(address: bigint): string {
    const { entry, size } = this;
    const { symbol, image } = this.target;
    const offset = address - entry;
    if (offset >= 0n && offset < BigInt(size)) return `${symbol}+${hex(offset)}`;
    return symbolicName(image, address) ?? hex(address);
  }

  /** A field of an argument block by its name, a place of the stack as seen from RSP at the entry, or a symbol. */
  private addressName(address: bigint, steps: readonly Step[], as?: 'pointer'): string | undefined {
    const { harness, context, compiled } = this.reference;
    // The placement of the base run is what addresses are judged by.
    harness.placeFor(context.scenario, 0);
    const field = compiled.fields.find(({ name }) => {
      const start = harness.fieldAddress(name);
      return address >= start && address < start + BigInt(harness.fieldSize(name));
    });
    if (field !== undefined) {
      const { name } = compiled.blocks[field.block].parameter;
      if (as === 'pointer' && field.offset === 0 && address === harness.fieldAddress(field.name)) return name;
      return offsetName(`${name}.${field.name.replace(`${name}.`, '')}`, address - harness.fieldAddress(field.name));
    }
    if (steps.length > 0 && isWithin(address, REGIONS[0].stack))
      return offsetName('stack', address - readHalves(steps[0].before, 2 * (STATE.GPR + REGISTER_INDEX.rsp)));
    const place = this.place(address);
    return place === hex(address) ? undefined : place;
  }

  trace(violation?: Violation): CaseTrace {
    const { reference } = this;
    const judged = (violation as StubViolation | undefined)?.judged;
    // A companion is traced for the clauses that compare with it alone: tracing is most of a failing case's cost.
    return {
      steps: this.baseSteps(),
      stores: [],
      guest: judged?.needsGuest === true ? traceGuest(reference) : undefined,
      host: judged === undefined || judged.needsHost ? traceHost(reference) : undefined,
    };
  }

  private baseSteps(): Step[] {
    const { harness, context } = this.reference;
    return (this.steps ??= recordTrace(harness, context.scenario, 0));
  }

  traceMachines([{ words }]: Case): Step[][] {
    return [recordTrace(this.reference.harness, words, 0)];
  }

  traceAll(): Step[][] {
    return [this.baseSteps(), traceGuest(this.reference) ?? [], traceHost(this.reference) ?? []];
  }

  without(violation: Violation): readonly Violation[] | undefined {
    const { reference } = this;
    const put = putRight((violation as StubViolation).judged.clause, reference);
    if (put === undefined) return undefined;
    this.steps = undefined;
    return this.violated(reference.run(reference.context.scenario.slice(), put));
  }

  tell({ steps, host }: CaseTrace): Told {
    const place = (address: bigint): string => this.place(address);
    return {
      steps: steps.map((step) => ({
        step,
        after: step.after,
        given: givenTo(step),
        world: worldText(step, place),
        words: step.call === undefined ? undefined : answerWords(step, step.after),
      })),
      companion: host ?? traceHost(this.reference),
      otherSide: this.reference.compiled.contract.instruction === 'tdcall' ? 'host' : 'TD',
      end: this.end,
      addressName: (address, as) => this.addressName(address, steps, as),
      story: undefined,
    };
  }

  digest(): string {
    return traceDigest(this.baseSteps());
  }

  get stops(): readonly bigint[] {
    const { context } = this.reference;
    const observations = [
      context.base,
      ...(context.hasGuestCompanion ? [context.guest] : []),
      ...(context.hasHostCompanion ? [context.host] : []),
    ];
    return observations.map((observation) => slotValue(observation, MOMENT.final + RIP_OFFSET));
  }

  get answers(): readonly StoredAnswer[] {
    const { context, compiled } = this.reference;
    const { base, outcome } = context;
    if (!context.called) return [];
    const ended = outcome === OUTCOME.completed ? {} : { outcome: OUTCOME_NAMES[outcome] };
    // An exception that nothing took has nothing behind it.
    const cameBack = slotValue(base, MOMENT.answer + RIP_OFFSET) !== 0n;
    const registers = Object.fromEntries(
      cameBack ? REGISTER_NAMES.map((name, index) => [name, hex(slotValue(base, MOMENT.answer + index))]) : [],
    );
    return [{ call: compiled.contract.instruction, ...ended, registers }];
  }

  countClasses(add: (name: string) => void): void {
    this.classes.count(add);
  }

  lane(mode: LaneMode, cases: number): Lane | undefined {
    return this.bulk.open(mode, cases);
  }
}

/** Slots whose place is no function of the path and of what the world wrote. */
const BY_VALUE = /^addresses$|^final\.(rflags|mxcsr|x87cw|xmm|block\.)/;

/** Low half of the address of the instruction that trapped or faulted, which the path leaves out; 0 for a jump to no code. */
function unexecuted(observation: Int32Array): number {
  const rip = 2 * (MOMENT.final + RIP_OFFSET);
  const fetch = 2 * FACT.faultAddress;
  return observation[rip] === observation[fetch] && observation[rip + 1] === observation[fetch + 1]
    ? 0
    : observation[rip];
}

/** RAX is the module's own: the status of the instruction. */
function givenTo({ worldWrote, call }: Step): Given {
  if (worldWrote === 0) return NOTHING_GIVEN;
  const isTheirs = call?.by === 'host' || call?.by === 'TD';
  return { wrote: worldWrote, theirs: isTheirs ? worldWrote & ~RAX_BIT : 0, memory: [] };
}
