/** Watches the cases of one target clause by clause. */
import { meets, type Values } from '../../models/exchange/exchange.js';
import { drawCases } from '../case/arbitrary.js';
import type { Case } from '../case/case.js';
import type { Entry, Play } from '../play/play.js';
import { isEnd } from '../play/play-judge.js';
import { openRunner } from '../run/open-runner.js';
import { ProgramRunner } from '../run/program-runner.js';
import type { Runner } from '../run/runner.js';
import { type AnyTarget, contractId } from '../run/target.js';

/** A judged clause, as requirements name it. */
export interface WatchedClause {
  readonly property: string;
  readonly slot: string;
  /** The label of a program's clause. */
  readonly about: string | undefined;
}

/** Any four words. */
const WORDS = [1, 2, 3, 4] as const;

export class Watch {
  readonly clauses: readonly WatchedClause[];
  /** Indices of the clauses that were violated. */
  violated: readonly number[] = [];
  private readonly runner: Runner;
  private classes: ReadonlySet<string> | undefined;

  /** @throws ImageError, UsageError as openRunner */
  constructor(readonly target: AnyTarget) {
    this.runner = openRunner(target);
    this.clauses = this.runner.clauses.map(({ property, slot, about }) => ({ property: property.name, slot, about }));
  }

  /** `SET/FUNCTION` */
  get contract(): string {
    return contractId(this.target);
  }

  /** The same cases every time. */
  draw(count: number): Case[] {
    return drawCases(this.runner.space, WORDS, count);
  }

  /** @returns whether there is a verdict; the questions below are about this case */
  run(values: Case): boolean {
    const violations = this.runner.run(values);
    this.classes = undefined;
    this.violated = violations?.map(({ clause }) => clause.index) ?? [];
    return violations !== undefined;
  }

  /**
   * Per clause: 1 if it was in force. That something of a label does not happen is watched wherever the reference asks for
   * an exchange of the label: the judge, which sees a sound function do what it should, does not count it there.
   */
  get inForce(): Uint8Array {
    const { clauseInForce } = this.runner;
    const { play, judge } = this.player ?? {};
    if (play === undefined || judge === undefined) return clauseInForce;
    const labels = new Set(play.entries.flatMap(({ expected }) => expected?.about ?? []));
    const watched = judge.clauses.map(
      ({ clause: { kind, moment, about } }, index) =>
        clauseInForce[index] === 1 ||
        (kind === 'happens' && about !== undefined && labels.has(about) && !isEnd(moment)),
    );
    return Uint8Array.from(watched, Number);
  }

  private get player() {
    return this.runner instanceof ProgramRunner ? this.runner.player : undefined;
  }

  isOfClass(name: string): boolean {
    if (this.classes === undefined) {
      const classes = new Set<string>();
      this.runner.countClasses((one) => classes.add(one));
      this.classes = classes;
    }
    return this.classes.has(name);
  }

  /** See `RequirementCheck.having`. */
  hasMet(having: Readonly<Record<string, bigint | true>>): boolean {
    const { player } = this;
    if (player === undefined)
      throw new RangeError(`${this.target.name} is a single function: its cases have classes, and no exchanges`);
    const groups = new Map<string, [string, bigint][]>();
    for (const [key, value] of Object.entries(having)) {
      const [moment] = key.split('.', 1);
      const known = groups.get(moment) ?? [];
      groups.set(moment, value === true ? known : [...known, [key.slice(moment.length + 1), value]]);
    }
    return [...groups].every(([moment, wanted]) =>
      candidates(player.play, moment).some((met) => wanted.every(([name, value]) => met(name, value))),
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
