/** What a file under properties/ defines for programs. */
import type { ProgramContract } from '../contract/program-contract.js';
import type { ExchangeClause } from './exchange-clause.js';

export interface ProgramPropertyDefinition {
  /** The stable name, equal to the file's name. */
  readonly name: string;
  readonly group: 'every function' | 'host stubs' | 'guest helpers' | 'dispatcher' | 'round trip';
  /** The rule in one sentence. */
  readonly rule: string;
  /** Where the rule comes from. */
  readonly source: string;
  /** The programs of which it speaks, by name: of others it is not even listed. */
  readonly programs: readonly string[] | 'all';
  /** `true`, or the reason why it says nothing about this contract; always true if not given. */
  readonly appliesTo?: (contract: ProgramContract) => true | string;
  /** The clauses for one contract; all must hold. */
  readonly clauses: (contract: ProgramContract) => ExchangeClause[];
  /** What a violation usually is, in one sentence. */
  readonly example: string;
  /** The usual fix. */
  readonly fix: string;
}

/** Moments at which a function of ours returns to its caller. */
export const RETURNS = ['return', 'KVM_RUN returns'] as const;

/** A property of single functions that programs must keep too: the same rule, with clauses over exchanges. */
export function inPrograms(
  property: Pick<ProgramPropertyDefinition, 'name' | 'rule' | 'source' | 'example' | 'fix'>,
  clauses: () => ExchangeClause[],
): ProgramPropertyDefinition {
  const { name, rule, source, example, fix } = property;
  const onlyAtReturn = clauses().every(({ moment }) => RETURNS.some((known) => known === moment));
  const appliesTo = ({ neverReturns }: ProgramContract): true | string =>
    !(onlyAtReturn && neverReturns === true) || 'the function never returns';
  return { name, rule, source, example, fix, group: 'every function', programs: 'all', appliesTo, clauses };
}
