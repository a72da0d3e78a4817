/** Performs a story: the code under test and the reference in lockstep, exchange by exchange. */
import { type ExpectedExchange, meets, type Values } from '../../models/exchange/exchange.js';
import type { Story } from '../story/story.js';
import { NoVerdict } from './call.js';
import type { Observed } from './observed.js';
import { plainAnswer } from '../world/register-answer.js';
import type { Session } from './program.js';

/** One exchange as it was and as it must be. Where the two are of different kinds the story ends. */
export interface Entry {
  /** Index of the step in the story. */
  readonly step: number;
  /** Undefined if the code under test was done while the reference was not. */
  readonly observed: Observed | undefined;
  /** What the reference says; undefined if it was done. */
  readonly asked: ExpectedExchange | undefined;
  /** The same with what every function keeps at its return. */
  readonly expected: ExpectedExchange | undefined;
  /** What the world answered; empty behind the end of a call. */
  readonly answer: Values;
}

export interface Play {
  readonly story: Story;
  readonly entries: readonly Entry[];
  /** Steps that could not take place. */
  readonly left: readonly number[];
  /** Calls of the code under test. */
  readonly calls: number;
  /** Why there is no verdict, or empty. */
  readonly problem: string;
}

const NOTHING: Values = {};

/** Whether both sides did the same kind of thing, so that their values can be compared. */
export function isTogether(entry: Entry): entry is Entry & { observed: Observed; expected: ExpectedExchange } {
  return entry.observed !== undefined && entry.observed.moment === entry.asked?.moment;
}

/** A value of one exchange that is taken as it must be, before anybody answers or judges it. */
export interface PutRight {
  /** Index of the entry. */
  readonly entry: number;
  /** The value's name. */
  readonly name: string;
}

/**
 * @param most entries to play: what comes behind them is cut off
 * @param memory 0, or 1 for a companion whose addresses and poison are others
 */
export function playStory(
  session: Session,
  story: Story,
  most = Infinity,
  memory: 0 | 1 = 0,
  putRight?: PutRight,
): Play {
  const entries: Entry[] = [];
  const left: number[] = [];
  let calls = 0;
  let problem = '';
  session.begin(memory);
  try {
    for (const [index, step] of story.entries()) {
      if (!session.allows(step)) {
        left.push(index);
        continue;
      }
      calls++;
      if (!playStep(session, index, story, entries, most, putRight)) break;
    }
  } catch (error) {
    if (!(error instanceof NoVerdict)) throw error;
    problem = error.message;
  }
  return { story, entries, left, calls, problem };
}

/** @returns whether both sides came to the end of the step together */
function playStep(
  session: Session,
  index: number,
  story: Story,
  entries: Entry[],
  most: number,
  putRight: PutRight | undefined,
): boolean {
  const step = story[index];
  const performance = session.perform(step);
  let observed = performance.next();
  const reference = session.expect(step);
  let expected = reference.next();
  while (observed.done !== true || expected.done !== true) {
    const actual = observed.done === true ? undefined : observed.value;
    const wanted = expected.done === true ? undefined : expected.value;
    const together = actual !== undefined && actual.moment === wanted?.moment;
    if (together && putRight?.entry === entries.length) correct(actual, wanted, putRight.name);
    const answer = together ? session.answer(actual, step) : NOTHING;
    entries.push(new PlayEntry(index, actual, wanted, answer));
    if (!together || entries.length >= most) return false;
    if (wanted?.last === true) return true;
    observed = performance.next(answer);
    expected = reference.next(answer);
  }
  return true;
}

/** Nothing is done about a value of which several would be right. */
function correct(actual: Observed, wanted: ExpectedExchange, name: string): void {
  const expected = wanted.values[name] ?? actual.kept?.[name];
  if (expected === undefined) return;
  if (typeof expected === 'bigint') actual.put(name, expected);
  else if ('mask' in expected) actual.put(name, (actual.values[name] & ~expected.mask) | expected.value);
}

/** An entry as it is played. */
class PlayEntry implements Entry {
  private whole: ExpectedExchange | undefined;

  constructor(
    readonly step: number,
    readonly observed: Observed | undefined,
    readonly asked: ExpectedExchange | undefined,
    private readonly answered: Values,
  ) {
    this.whole = undefined;
  }

  get answer(): Values {
    return plainAnswer(this.answered);
  }

  get expected(): ExpectedExchange | undefined {
    return (this.whole ??= withKept(this.asked, this.observed));
  }
}

/** What every function keeps is expected of every return. */
function withKept(asked: ExpectedExchange | undefined, observed: Observed | undefined): ExpectedExchange | undefined {
  if (asked === undefined || asked.moment !== observed?.moment) return asked;
  const { kept } = observed;
  return kept === undefined ? asked : { ...asked, values: { ...kept, ...asked.values } };
}

/** Names of the values that are not as they must be, of an entry in which both sides are together. */
export function differing(entry: Entry): string[] {
  if (!isTogether(entry)) return [];
  const { observed, expected } = entry;
  return Object.entries(expected.values)
    .filter(([name, value]) => !meets(observed.values[name] ?? 0n, value))
    .map(([name]) => name);
}
