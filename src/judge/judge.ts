/** Judges cases of one target by all properties that apply to it. */
import type { Clause } from '../clause/clause.js';
import type { DecodeSummary, StubProperty } from '../clause/property.js';
import { clauseSlot, renderClause } from '../clause/render.js';
import type { CompiledContract } from '../contract/compiled.js';
import { type Check, companionsOf, compileClause, VERDICT } from './compile-clause.js';
import type { CaseContext } from './context.js';

/** A property on one target: what can be said before any case was run. */
export interface PropertyOnTarget {
  property: StubProperty;
  status: 'judged' | 'holds by decode' | 'not applicable';
  /** Why it is not applicable. */
  reason?: string;
}

/** A clause that is judged on every case. */
export interface JudgedClause {
  property: StubProperty;
  /** Index of the property in `Judge.properties`. */
  propertyIndex: number;
  clause: Clause;
  text: string;
  /** The register, field or fact that it is about. */
  slot: string;
  check: Check;
  needsGuest: boolean;
  needsHost: boolean;
}

export class Judge {
  readonly properties: readonly PropertyOnTarget[];
  readonly clauses: readonly JudgedClause[];
  /** Whether any clause needs companion G, companion H. */
  readonly needsGuest: boolean;
  readonly needsHost: boolean;
  /** Whether any clause asks where companion G accesses memory. */
  readonly comparesAccesses: boolean;
  /** Indices of the clauses that the last case violated; only the first `violations` count. */
  readonly violated: Int32Array;
  /** Per property: 1 if the last case put any clause of it in force. */
  readonly inForce: Uint8Array;
  /** Per clause: 1 if the last case put it in force. */
  readonly clauseInForce: Uint8Array;

  constructor(definitions: readonly StubProperty[], compiled: CompiledContract, summary: DecodeSummary) {
    this.properties = definitions.map((property) => onTarget(property, compiled, summary));
    this.clauses = this.properties.flatMap(({ property, status }, propertyIndex) =>
      status !== 'judged'
        ? []
        : property.stub.clauses(compiled).map((clause) => judged(property, propertyIndex, clause, compiled)),
    );
    this.needsGuest = this.clauses.some((clause) => clause.needsGuest);
    this.needsHost = this.clauses.some((clause) => clause.needsHost);
    this.comparesAccesses = this.clauses.some(({ slot }) => slot === 'addressesToHost');
    this.violated = new Int32Array(this.clauses.length);
    this.inForce = new Uint8Array(definitions.length);
    this.clauseInForce = new Uint8Array(this.clauses.length);
  }

  /** @returns the number of violated clauses; their indices are in `violated` */
  judge(context: CaseContext): number {
    const kept = context.callerKept;
    let violations = 0;
    this.inForce.fill(0);
    this.clauseInForce.fill(0);
    if (!context.assumed) return 0;
    for (let index = 0; index < this.clauses.length; index++) {
      const clause = this.clauses[index];
      if (!kept && !clause.property.stub.underBreach) continue;
      const verdict = clause.check(context);
      if (verdict === VERDICT.notInForce) continue;
      this.inForce[clause.propertyIndex] = 1;
      this.clauseInForce[index] = 1;
      if (verdict === VERDICT.violated) this.violated[violations++] = index;
    }
    return violations;
  }
}

function onTarget(property: StubProperty, compiled: CompiledContract, summary: DecodeSummary): PropertyOnTarget {
  const applies = property.stub.appliesTo(compiled);
  if (applies !== true) return { property, status: 'not applicable', reason: applies };
  if (property.stub.holdsByDecode?.(summary, compiled) === true) return { property, status: 'holds by decode' };
  return { property, status: 'judged' };
}

function judged(
  property: StubProperty,
  propertyIndex: number,
  clause: Clause,
  compiled: CompiledContract,
): JudgedClause {
  const { guest, host } = companionsOf(clause);
  return {
    property,
    propertyIndex,
    clause,
    text: renderClause(clause),
    slot: clauseSlot(clause),
    check: compileClause(clause, compiled),
    needsGuest: guest,
    needsHost: host,
  };
}
