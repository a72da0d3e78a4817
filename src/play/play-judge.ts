/** Judges a play by the clauses of the properties that speak of its program. */
import { type Expectation, meets } from '../../models/exchange/exchange.js';
import { type ExchangeClause, exchangeClauseSlot, renderExchangeClause } from '../clause/exchange-clause.js';
import type { ProgramProperty } from '../clause/property.js';
import type { ProgramContract } from '../contract/program-contract.js';
import { equalHalves, readHalves } from '../halves.js';
import type { Layout } from '../named-words.js';
import { KEPT_FROM, type Observed } from './observed.js';
import { type Entry, isTogether, type Play } from './play.js';

export interface JudgedExchangeClause {
  readonly index: number;
  readonly property: ProgramProperty;
  readonly clause: ExchangeClause;
  /** The clause as text. */
  readonly text: string;
  readonly slot: string;
}

export interface PropertyState {
  readonly property: ProgramProperty;
  readonly status: 'judged' | 'not applicable';
  readonly reason?: string;
}

export interface PlayViolation {
  readonly clause: JudgedExchangeClause;
  readonly entry: Entry;
}

/** Exchanges with which a call ends. */
const ENDS = new Set(['return', 'stop', 'trap', 'fault', 'endless']);
/** Whether a call ends with this exchange. */
export const isEnd = (moment: string): boolean => ENDS.has(moment);
/** Every run keeps from them or ends so. */
const isRareEnd = ({ moment, about }: ExchangeClause): boolean =>
  about === undefined && ENDS.has(moment) && moment !== 'return';
/** Ends that no reference asks for. */
const ACCIDENTS = new Set(['trap', 'fault', 'endless']);

/** The clauses of a moment: a clause about something speaks of the exchanges alone that are about that. */
interface ClausesOfMoment {
  readonly always: JudgedExchangeClause[];
  readonly labelled: Map<string, JudgedExchangeClause[]>;
}

export class PlayJudge {
  readonly properties: readonly PropertyState[];
  readonly clauses: readonly JudgedExchangeClause[];
  /** Per property: 1 if any clause of it was in force in the last play. */
  readonly inForce: Uint8Array;
  /** Per clause: 1 if it was in force in the last play. */
  readonly clauseInForce: Uint8Array;
  /** Clauses that speak of every play: that something does not happen. */
  private readonly always: readonly JudgedExchangeClause[];
  private readonly byMoment = new Map<string, ClausesOfMoment>();
  /** Per clause: which property it is of. */
  private readonly positions: readonly number[];
  /** Per clause: where its value lies in the layout that it saw last. */
  private readonly places: readonly { layout: Layout | undefined; at: number }[];

  constructor(properties: readonly ProgramProperty[], contract: ProgramContract) {
    const speaking = properties.filter(
      ({ program: { programs } }) => programs === 'all' || programs.includes(contract.program),
    );
    this.properties = speaking.map((property) => {
      const applies = property.program.appliesTo?.(contract) ?? true;
      return applies === true
        ? { property, status: 'judged' }
        : { property, status: 'not applicable', reason: applies };
    });
    this.inForce = new Uint8Array(this.properties.length);
    const clauses: JudgedExchangeClause[] = [];
    const positions: number[] = [];
    for (const [position, { property, status }] of this.properties.entries()) {
      if (status !== 'judged') continue;
      for (const clause of property.program.clauses(contract)) {
        const [text, slot] = [renderExchangeClause(clause), exchangeClauseSlot(clause)];
        const judged = { index: clauses.length, property, clause, text, slot };
        clauses.push(judged);
        positions.push(position);
        this.sort(judged);
      }
    }
    this.clauses = clauses;
    this.positions = positions;
    this.places = clauses.map(() => ({ layout: undefined, at: -1 }));
    this.clauseInForce = new Uint8Array(clauses.length);
    this.always = clauses.filter(({ clause }) => clause.kind === 'happens' && isRareEnd(clause));
  }

  private sort(judged: JudgedExchangeClause): void {
    const { moment, about } = judged.clause;
    let clauses = this.byMoment.get(moment);
    if (clauses === undefined) this.byMoment.set(moment, (clauses = { always: [], labelled: new Map() }));
    if (about === undefined) clauses.always.push(judged);
    else if (clauses.labelled.has(about)) clauses.labelled.get(about)?.push(judged);
    else clauses.labelled.set(about, [judged]);
  }

  /** @returns each violated clause once, with the first entry that violates it */
  judge(play: Play): PlayViolation[] {
    this.inForce.fill(0);
    this.clauseInForce.fill(0);
    if (play.entries.length > 0) for (const clause of this.always) this.force(clause);
    const violations = new Map<number, PlayViolation>();
    for (const entry of play.entries) {
      const together = isTogether(entry);
      if (together) this.judgeMoment(entry.observed.moment, entry, together, violations);
      else for (const moment of partedMoments(entry)) this.judgeMoment(moment, entry, together, violations);
    }
    return [...violations.values()];
  }

  private judgeMoment(moment: string, entry: Entry, together: boolean, violations: Map<number, PlayViolation>): void {
    const clauses = this.byMoment.get(moment);
    if (clauses === undefined) return;
    const found: JudgedExchangeClause[] = [];
    this.judgeClauses(clauses.always, entry, together, found);
    const about = entry.asked?.about;
    if (about !== undefined && clauses.labelled.size > 0)
      for (const label of about) {
        const labelled = clauses.labelled.get(label);
        if (labelled !== undefined) this.judgeClauses(labelled, entry, together, found);
      }
    if (found.length === 0) return;
    found.sort((one, other) => one.index - other.index);
    for (const clause of found) if (!violations.has(clause.index)) violations.set(clause.index, { clause, entry });
  }

  private judgeClauses(
    clauses: readonly JudgedExchangeClause[],
    entry: Entry,
    together: boolean,
    found: JudgedExchangeClause[],
  ): void {
    for (const judged of clauses) {
      const { clause } = judged;
      let violated: boolean | undefined;
      if (clause.kind === 'happens') violated = !together;
      else violated = together ? this.differs(judged, clause.name, entry) : undefined;
      if (violated === undefined) continue;
      this.force(judged);
      if (violated) found.push(judged);
    }
  }

  /** Whether a value is not as it must be; undefined if any will do. */
  private differs({ index }: JudgedExchangeClause, name: string, entry: Entry): boolean | undefined {
    const { observed, asked } = entry as Entry & { observed: Observed };
    const expected = asked?.values[name];
    const { shown, entry: atEntry } = observed;
    if (shown === undefined) return expected === undefined ? undefined : !meets(valueOf(observed, name), expected);
    const place = this.places[index];
    if (place.layout !== shown.layout) {
      place.layout = shown.layout;
      place.at = shown.layout.indexOf(name);
    }
    const { words, at } = shown;
    if (expected === undefined) {
      if (atEntry === undefined || place.at < KEPT_FROM || place.at >= atEntry.keptTo) return undefined;
      const kept = atEntry.shown;
      const [is, was] = [at + 2 * place.at, kept.at + 2 * place.at];
      return words[is] !== kept.words[was] || words[is + 1] !== kept.words[was + 1];
    }
    return !meetsHalves(words, at + 2 * placeIn(observed, name, place.at), expected);
  }

  private force({ index }: JudgedExchangeClause): void {
    this.clauseInForce[index] = 1;
    this.inForce[this.positions[index]] = 1;
  }
}

function valueOf({ moment, values }: Observed, name: string): bigint {
  const value = values[name];
  if (value === undefined) throw new Error(`${moment} has no value ${name}: the program shows none`);
  return value;
}

function placeIn({ moment }: Observed, name: string, at: number): number {
  if (at < 0) throw new Error(`${moment} has no value ${name}: the program shows none`);
  return at;
}

function meetsHalves(words: Int32Array, at: number, expected: Expectation): boolean {
  return typeof expected === 'bigint' ? equalHalves(words, at, expected) : meets(readHalves(words, at), expected);
}

/**
 * Where the two sides part: the exchange that is missing, or the one that should not be there. An accident (a fault, an
 * endless loop) is neither: it is what went wrong.
 */
function partedMoments({ observed, asked: expected }: Entry): string[] {
  if (observed === undefined) return expected === undefined ? [] : [expected.moment];
  if (expected === undefined || ACCIDENTS.has(observed.moment)) return [observed.moment];
  if (ENDS.has(observed.moment)) return [expected.moment];
  return ENDS.has(expected.moment) ? [observed.moment] : [observed.moment, expected.moment];
}
