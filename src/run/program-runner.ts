/** Runs and judges programs: a case is a story, played beside its reference. */
import type { Case, CaseSpace } from '../case/case.js';
import { playDigest } from './play-digest.js';
import { functionExtent } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import type { Observed } from '../play/observed.js';
import type { PlayViolation } from '../play/play-judge.js';
import type { PlayRunner } from '../play/play-runner.js';
import type { ProgramStage } from '../stage/program-stage.js';
import { caseSpaceOf, playable } from '../story/case-space.js';
import { hex } from '../text/hex.js';
import { PlayClasses } from './play-classes.js';
import { comparePlay } from './play-comparison.js';
import { placeKeyInPlay } from './play-place-key.js';
import { tracePlay } from './play-trace.js';
import { tellPlay } from './play-told.js';
import { wrongInPlay } from './play-wrong.js';
import type {
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
import type { ProgramTarget } from './target.js';
import type { Step } from './trace.js';
import { wayHash, WayNumbers } from './way-numbers.js';
import type { Wrong } from './wrong.js';

/** What the schema of cases has room for. */
const MOST_ANSWERS = 64;
const LONGEST_NAME = 20;
const LONGEST_REGISTER = 10;

interface ProgramViolation extends Violation {
  readonly found: PlayViolation;
}

export class ProgramRunner implements Runner {
  readonly clauses: readonly JudgedClause[];
  readonly space: CaseSpace;
  readonly classNames: readonly string[];
  private readonly classes: PlayClasses;
  readonly entry: bigint;
  readonly size: number;
  readonly interruptedAt = 0;
  readonly hasBoundaries = false;
  /** Whoever answers sees the value; what the code keeps of it stays as it is. */
  readonly putsInMachine = false;
  private readonly wayNumbers = new WayNumbers();
  /** Used again for each play. */
  private readonly numbers: number[] = [];
  private readonly lastOf: (Observed | undefined)[] = [];

  /** @param player plays and judges stories, for what speaks of programs alone */
  constructor(
    readonly target: ProgramTarget,
    readonly player: PlayRunner,
  ) {
    const { judge, session, image } = player;
    this.clauses = judge.clauses.map(({ index, property, text, slot, clause }) => ({
      index,
      property,
      text,
      slot,
      about: clause.about,
    }));
    this.space = caseSpaceOf(session.space);
    this.classes = new PlayClasses(player);
    this.classNames = this.classes.names;
    this.entry = session.stages[0].addressOf(player.contract.symbol);
    this.size = functionExtent(image, findFunction(image, target.symbol)).size;
  }

  get image() {
    return this.target.image;
  }
  get properties(): readonly PropertyOnTarget[] {
    return this.player.judge.properties;
  }
  get executions(): number {
    return this.player.executions;
  }
  get problem(): string {
    return this.player.play.problem;
  }
  get inForce(): Uint8Array {
    return this.player.judge.inForce;
  }
  get clauseInForce(): Uint8Array {
    return this.player.judge.clauseInForce;
  }
  get reached(): boolean {
    return this.player.play.entries.length > 0;
  }

  run(values: Case): readonly Violation[] | undefined {
    const found = this.player.run(playable(this.player.space, values));
    if (found === undefined) return undefined;
    return found.map((one): ProgramViolation => ({ clause: this.clauses[one.clause.index], found: one }));
  }

  placeKey(violation: Violation): string | undefined {
    return placeKeyInPlay((violation as ProgramViolation).found, this.player);
  }

  compare(violation: Violation): Comparison {
    const { found } = violation as ProgramViolation;
    return comparePlay(found.clause, found.entry, this.player.play.story, this.player.space.words);
  }

  manner(violation: Violation): 'changes' | 'stays' | 'other' {
    const { clause, entry } = (violation as ProgramViolation).found;
    const { observed, expected } = entry;
    if (clause.clause.kind !== 'agrees' || observed?.before === undefined) return 'other';
    const { name } = clause.clause;
    const before = observed.before[name];
    if (before === undefined) return 'other';
    if (observed.values[name] === before) return 'stays';
    return expected?.values[name] === before ? 'changes' : 'other';
  }

  wrong(violation: Violation): Wrong {
    return wrongInPlay((violation as ProgramViolation).found);
  }

  place(address: bigint, violation?: Violation): string {
    return this.stageOf(violation).place(address);
  }

  private stageOf(violation: Violation | undefined): ProgramStage {
    return (violation as ProgramViolation | undefined)?.found.entry.observed?.stage ?? this.player.session.stages[0];
  }

  get end(): string {
    const last = this.player.play.entries.at(-1);
    if (last === undefined) return 'nothing happened';
    if (last.observed === undefined)
      return `the code was done; the reference goes on with ${last.expected?.moment ?? 'nothing'}`;
    return `the story was played up to ${last.observed.moment}`;
  }

  trace(violation?: Violation): CaseTrace {
    const { play } = this.player;
    const { entry } = (violation as ProgramViolation | undefined)?.found ?? {};
    const most = entry === undefined ? Infinity : play.entries.indexOf(entry) + 1;
    const { steps, stores } = tracePlay(this.player, play.story, most).get(this.stageOf(violation)) ?? NO_TRACE;
    return { steps, stores, guest: undefined, host: undefined };
  }

  traceMachines(values: Case): (readonly Step[])[] {
    const { session, space } = this.player;
    const traces = tracePlay(this.player, playable(space, values));
    return session.stages.map((stage) => traces.get(stage)?.steps ?? []);
  }

  traceAll(): (readonly Step[])[] {
    const { player } = this;
    const traces = [...tracePlay(player, player.play.story)];
    // Of a round trip one machine may run another image; a program may give one more surroundings than the file has.
    return traces.filter(([stage]) => stage.image.segments === player.image.segments).map(([, { steps }]) => steps);
  }

  without(violation: Violation): readonly Violation[] | undefined {
    const { clause, entry } = (violation as ProgramViolation).found;
    // An exchange that is missing, or one too many, has no value to put in place.
    if (clause.clause.kind !== 'agrees') return undefined;
    const { name } = clause.clause;
    const expected = entry.expected?.values[name];
    if (typeof expected === 'object' && 'oneOf' in expected) return undefined;
    const found = this.player.runWith({ entry: this.player.play.entries.indexOf(entry), name });
    return found?.map((one): ProgramViolation => ({ clause: this.clauses[one.clause.index], found: one }));
  }

  tell(trace: CaseTrace, violation: Violation | undefined): Told {
    const { play, space } = this.player;
    return tellPlay(trace, play, this.stageOf(violation), space, this.end);
  }

  /** Of everything that happened: the way of the code, each exchange with its values, each answer. */
  digest(): string {
    return playDigest(this.player.play);
  }

  get laidData(): readonly string[] {
    const { session, image } = this.player;
    return session.stages.filter((stage) => stage.image === image).flatMap((stage) => stage.laidData);
  }

  get stops(): readonly bigint[] {
    const { play, session, image } = this.player;
    const own = session.stages.filter((stage) => stage.image === image);
    const exchanges = play.entries.flatMap(({ observed }) => (observed?.stage.image === image ? [observed.at] : []));
    return [...own.map((stage) => stage.rip), ...exchanges];
  }

  get answers(): readonly StoredAnswer[] {
    const answered = this.player.play.entries.filter(({ answer }) => Object.keys(answer).length > 0);
    return answered.slice(0, MOST_ANSWERS).map(({ observed, answer }) => ({
      call: (observed?.moment ?? '').slice(0, LONGEST_NAME),
      registers: Object.fromEntries(
        Object.entries(answer).map(([name, value]) => [name.slice(0, LONGEST_REGISTER), hex(value)]),
      ),
    }));
  }

  get ways(): readonly Way[] {
    const { session, play } = this.player;
    const last = new Map<ProgramStage, Observed>();
    return play.entries.flatMap(({ observed }) => {
      if (observed === undefined) return [];
      const way = wayOf(observed, last.get(observed.stage), session.stages.indexOf(observed.stage));
      last.set(observed.stage, observed);
      return [way];
    });
  }

  get states(): readonly string[] {
    let before: string | undefined;
    return this.player.play.entries.flatMap(({ observed }) => {
      if (observed === undefined) return [];
      const state = before === undefined ? observed.moment : `${before}, then ${observed.moment}`;
      before = observed.moment;
      return [state];
    });
  }

  get reachNumbers(): readonly number[] {
    const { numbers, wayNumbers, lastOf } = this;
    const { session, play } = this.player;
    numbers.length = 0;
    lastOf.length = 0;
    let before: string | undefined;
    for (const { observed } of play.entries) {
      if (observed === undefined) continue;
      const machine = session.stages.length === 1 ? 0 : session.stages.indexOf(observed.stage);
      numbers.push(wayNumbers.way(observed, lastOf[machine]), wayNumbers.state(before, observed.moment));
      lastOf[machine] = observed;
      before = observed.moment;
    }
    return numbers;
  }

  countClasses(add: (name: string) => void): void {
    this.classes.count(add);
  }

  lane(): Lane | undefined {
    return undefined;
  }
}

const NO_TRACE = { steps: [], stores: [] };

function wayOf(observed: Observed, before: Observed | undefined, machine: number): Way {
  const [from, to] = [before?.instructions ?? 0, observed.instructions];
  return { key: `${wayHash(observed, before)} ${to - from} ${observed.at}`, machine, from, to };
}
