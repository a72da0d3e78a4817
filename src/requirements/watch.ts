/** Watches the cases of one target clause by clause: stubs and programs look the same from here on. */
import { meets, type Values } from '../../models/exchange/exchange.js';
import { ClassCounter } from '../campaign/blocks/classes.js';
import { type AnyTarget, contractId, createPlayRunner, createRunner, isProgram } from '../campaign/targets/target.js';
import { type CaseRunner, NO_VERDICT } from '../judge/case-runner.js';
import type { Entry, Play } from '../play/play.js';
import { isEnd } from '../play/play-judge.js';
import type { PlayRunner } from '../play/play-runner.js';
import { drawScenarios } from '../scenario/batch.js';
import type { Scenario } from '../scenario/layout.js';
import { Dice } from '../story/dice.js';
import { drawStory, type Story } from '../story/story.js';

/** A judged clause, as requirements name it. */
export interface WatchedClause {
  readonly property: string;
  readonly slot: string;
  /** The label of a program's clause. */
  readonly about: string | undefined;
}

export type CaseValues = Scenario | Story;

export interface Watch {
  readonly target: AnyTarget;
  /** `SET/FUNCTION` */
  readonly contract: string;
  readonly clauses: readonly WatchedClause[];
  /** The same cases every time. */
  draw(count: number): CaseValues[];
  /** @returns whether there is a verdict; the questions below are about this case */
  run(values: CaseValues): boolean;
  /** Per clause: 1 if it was in force. */
  readonly inForce: Uint8Array;
  /** Indices of the clauses that were violated. */
  readonly violated: readonly number[];
  isOfClass(name: string): boolean;
  /** See `RequirementCheck.having`. */
  hasMet(having: Readonly<Record<string, bigint | true>>): boolean;
}

/** Any four words. */
const WORDS = [1, 2, 3, 4] as const;

/** @throws ImageError, UsageError as createRunner and createPlayRunner */
export function watch(target: AnyTarget): Watch {
  return isProgram(target)
    ? new ProgramWatch(target, createPlayRunner(target))
    : new StubWatch(target, createRunner(target));
}

class StubWatch implements Watch {
  readonly contract: string;
  readonly clauses: readonly WatchedClause[];
  violated: readonly number[] = [];
  private classes: ReadonlySet<string> | undefined;

  constructor(
    readonly target: AnyTarget,
    private readonly runner: CaseRunner,
  ) {
    this.contract = contractId(target);
    this.clauses = runner.judge.clauses.map(({ property, slot }) => ({
      property: property.name,
      slot,
      about: undefined,
    }));
  }

  get inForce(): Uint8Array {
    return this.runner.judge.clauseInForce;
  }

  draw(count: number): Scenario[] {
    return drawScenarios(this.runner.space, WORDS, count);
  }

  run(values: Scenario): boolean {
    const violations = this.runner.run(values);
    this.classes = undefined;
    this.violated = violations > 0 ? [...this.runner.judge.violated.subarray(0, violations)] : [];
    return violations !== NO_VERDICT;
  }

  isOfClass(name: string): boolean {
    if (this.classes === undefined) {
      const counter = new ClassCounter(this.runner);
      counter.count();
      const counts = Object.entries(counter.result()).filter(([, cases]) => cases > 0);
      this.classes = new Set(counts.map(([known]) => known));
    }
    return this.classes.has(name);
  }

  hasMet(): boolean {
    throw new RangeError(`${this.target.name} is a single function: its cases have classes, and no exchanges`);
  }
}

class ProgramWatch implements Watch {
  readonly contract: string;
  readonly clauses: readonly WatchedClause[];
  violated: readonly number[] = [];

  constructor(
    readonly target: AnyTarget,
    private readonly runner: PlayRunner,
  ) {
    this.contract = contractId(target);
    this.clauses = runner.judge.clauses.map(({ property, slot, clause }) => ({
      property: property.name,
      slot,
      about: clause.about,
    }));
  }

  /**
   * That something of a label does not happen is watched wherever the reference asks for an exchange of the label: the
   * judge, which sees a sound function do what it should, does not count it there.
   */
  get inForce(): Uint8Array {
    const { judge, play } = this.runner;
    const labels = new Set(play.entries.flatMap(({ expected }) => expected?.about ?? []));
    const watched = judge.clauses.map(
      ({ clause: { kind, moment, about } }, index) =>
        judge.clauseInForce[index] === 1 ||
        (kind === 'happens' && about !== undefined && labels.has(about) && !isEnd(moment)),
    );
    return Uint8Array.from(watched, Number);
  }

  draw(count: number): Story[] {
    const dice = new Dice(WORDS);
    return Array.from({ length: count }, () => drawStory(this.runner.space, dice));
  }

  run(values: Story): boolean {
    const violations = this.runner.run(values);
    this.violated = violations?.map(({ clause }) => clause.index) ?? [];
    return violations !== undefined;
  }

  isOfClass(name: string): boolean {
    return this.runner.session.classes.some((known) => known.name === name && known.holds(this.runner.play));
  }

  hasMet(having: Readonly<Record<string, bigint | true>>): boolean {
    const groups = new Map<string, [string, bigint][]>();
    for (const [key, value] of Object.entries(having)) {
      const [moment] = key.split('.', 1);
      const known = groups.get(moment) ?? [];
      groups.set(moment, value === true ? known : [...known, [key.slice(moment.length + 1), value]]);
    }
    const { play } = this.runner;
    return [...groups].every(([moment, wanted]) =>
      candidates(play, moment).some((met) => wanted.every(([name, value]) => met(name, value))),
    );
  }
}

type Meeting = (name: string, value: bigint) => boolean;

const ANSWER_TO = 'answer to ';

/** What the values of a group are looked for in: steps, answers, or what the reference asks of exchanges. */
function candidates({ story, entries }: Play, moment: string): Meeting[] {
  if (moment === 'step') return story.map(({ values }) => exactly(values));
  if (!moment.startsWith(ANSWER_TO))
    return entries.filter(({ expected }) => expected?.moment === moment).map((entry) => asked(entry));
  const asker = moment.slice(ANSWER_TO.length);
  return entries.filter(({ observed }) => observed?.moment === asker).map(({ answer }) => exactly(answer));
}

function exactly(values: Values): Meeting {
  return (name, value) => values[name] === value;
}

function asked({ expected }: Entry): Meeting {
  return (name, value) => {
    const expectation = expected?.values[name];
    return expectation !== undefined && meets(value, expectation);
  };
}
