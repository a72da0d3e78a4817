/** Judges a play by the clauses of the properties that speak of its program. */
import { meets } from '../../models/exchange/exchange.js';
import { type ExchangeClause, exchangeClauseSlot, renderExchangeClause } from '../clause/exchange-clause.js';
import type { ProgramProperty } from '../clause/property.js';
import type { ProgramContract } from '../contract/program-contract.js';
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

export class PlayJudge {
  readonly properties: readonly PropertyState[];
  readonly clauses: readonly JudgedExchangeClause[];
  /** Per property: 1 if any clause of it was in force in the last play. */
  readonly inForce: Uint8Array;
  /** Per clause: 1 if it was in force in the last play. */
  readonly clauseInForce: Uint8Array;
  /** Clauses that speak of every play: that something does not happen. */
  private readonly always: readonly JudgedExchangeClause[];
  private readonly byMoment = new Map<string, JudgedExchangeClause[]>();
  private readonly propertyIndex = new Map<ProgramProperty, number>();

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
    for (const [position, { property, status }] of this.properties.entries()) {
      this.propertyIndex.set(property, position);
      if (status !== 'judged') continue;
      for (const clause of property.program.clauses(contract)) {
        const [text, slot] = [renderExchangeClause(clause), exchangeClauseSlot(clause)];
        const judged = { index: clauses.length, property, clause, text, slot };
        clauses.push(judged);
        const same = this.byMoment.get(clause.moment);
        if (same === undefined) this.byMoment.set(clause.moment, [judged]);
        else same.push(judged);
      }
    }
    this.clauses = clauses;
    this.clauseInForce = new Uint8Array(clauses.length);
    this.always = clauses.filter(({ clause }) => clause.kind === 'happens' && isRareEnd(clause));
  }

  /** @returns each violated clause once, with the first entry that violates it */
  judge(play: Play): PlayViolation[] {
    this.inForce.fill(0);
    this.clauseInForce.fill(0);
    if (play.entries.length > 0) for (const clause of this.always) this.force(clause);
    const violations = new Map<number, PlayViolation>();
    for (const entry of play.entries) {
      const moments = isTogether(entry) ? [entry.observed.moment] : partedMoments(entry);
      for (const moment of moments)
        for (const clause of this.byMoment.get(moment) ?? []) this.judgeClause(clause, entry, violations);
    }
    return [...violations.values()];
  }

  private judgeClause(judged: JudgedExchangeClause, entry: Entry, violations: Map<number, PlayViolation>): void {
    const { clause } = judged;
    if (clause.about !== undefined && entry.expected?.about?.includes(clause.about) !== true) return;
    let violated: boolean;
    if (clause.kind === 'happens') violated = !isTogether(entry);
    else {
      if (!isTogether(entry)) return;
      const expected = entry.expected.values[clause.name];
      if (expected === undefined) return;
      violated = !meets(valueOf(entry, clause.name), expected);
    }
    this.force(judged);
    if (violated && !violations.has(judged.index)) violations.set(judged.index, { clause: judged, entry });
  }

  private force({ property, index }: JudgedExchangeClause): void {
    this.clauseInForce[index] = 1;
    this.inForce[this.propertyIndex.get(property) as number] = 1;
  }
}

function valueOf({ observed }: Entry, name: string): bigint {
  const value = observed?.values[name];
  if (value === undefined)
    throw new Error(`${observed?.moment ?? 'nothing'} has no value ${name}: the program shows none`);
  return value;
}

/**
 * Where the two sides part: the exchange that is missing, or the one that should not be there. An accident (a fault, an
 * endless loop) is neither: it is what went wrong.
 */
function partedMoments({ observed, expected }: Entry): string[] {
  if (observed === undefined) return expected === undefined ? [] : [expected.moment];
  if (expected === undefined || ACCIDENTS.has(observed.moment)) return [observed.moment];
  if (ENDS.has(observed.moment)) return [expected.moment];
  return ENDS.has(expected.moment) ? [observed.moment] : [observed.moment, expected.moment];
}
