/**
 * The vocabulary of rules about programs: clauses over the exchanges of a play. A clause is data, like those over single
 * runs (clause.ts): what a value must be is the reference's to say.
 */

export type ExchangeClause =
  /** The value is as the reference says, where it says something. */
  | { readonly kind: 'agrees'; readonly moment: string; readonly name: string; readonly about?: string }
  /** An exchange of this kind takes place exactly where the reference makes one. */
  | { readonly kind: 'happens'; readonly moment: string; readonly about?: string };

/** @param about only exchanges that the reference labels so */
export const agrees = (moment: string, name: string, about?: string): ExchangeClause => ({
  kind: 'agrees',
  moment,
  name,
  ...(about !== undefined && { about }),
});

export const happens = (moment: string, about?: string): ExchangeClause => ({
  kind: 'happens',
  moment,
  ...(about !== undefined && { about }),
});

/** `agrees(TDVMCALL.r15)`, which is also the clause's stable name. */
export function renderExchangeClause(clause: ExchangeClause): string {
  const text = clause.kind === 'agrees' ? `agrees(${clause.moment}.${clause.name})` : `happens(${clause.moment})`;
  return clause.about === undefined ? text : `when(about ${clause.about}, ${text})`;
}

/** The value or exchange that a clause is about: part of a finding's signature. */
export function exchangeClauseSlot(clause: ExchangeClause): string {
  return clause.kind === 'agrees' ? `${clause.moment}.${clause.name}` : clause.moment;
}
