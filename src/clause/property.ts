/** What a file under properties/ defines. */
import type { CompiledContract } from '../contract/compiled.js';
import type { ProgramContract } from '../contract/program-contract.js';
import type { Clause } from './clause.js';
import type { ExchangeClause } from './exchange-clause.js';

/** What the decoded instructions of a function can touch at all. */
export interface DecodeSummary {
  /** XMM, MXCSR or x87 control. */
  vector: boolean;
  /** Any of the RFLAGS bits that must survive: IF, DF, TF, NT, AC, IOPL. */
  systemFlags: boolean;
}

/** Whether a function returns at all: a rule of the return says nothing of one that never does. */
export const mayReturn = ({ contract }: CompiledContract): true | string =>
  contract.neverReturns !== true || 'the function never returns';

/** What a property says of a single function around TDCALL or SEAMCALL. */
export interface StubRule {
  /** Judged also when the caller broke what it owes. The clauses then carry their own conditions. */
  readonly underBreach: boolean;
  /** `true`, or the reason why the property says nothing about this contract. */
  appliesTo(contract: CompiledContract): true | string;
  /** True when the decoded code cannot even touch the state concerned. */
  holdsByDecode?(summary: DecodeSummary, contract: CompiledContract): boolean;
  /** The clauses for one contract; all must hold. */
  clauses(contract: CompiledContract): Clause[];
}

/** What a property says of a program: a helper, a wrapper, a dispatcher, a round trip. */
export interface ProgramRule {
  /** The programs of which it speaks, by name: of others it is not even listed. */
  readonly programs: readonly string[] | 'all';
  /** `true`, or the reason why the property says nothing about this contract; always true if not given. */
  appliesTo?(contract: ProgramContract): true | string;
  /** The clauses for one contract; all must hold. */
  clauses(contract: ProgramContract): ExchangeClause[];
}

/** One invariant. At least one of its two parts is there. */
export interface PropertyDefinition {
  /** The stable name, equal to the file's name. */
  readonly name: string;
  /** What it is about; `stubs` are those around TDCALL and around SEAMCALL, and what they must keep every program must. */
  readonly group: 'guest stubs' | 'host stubs' | 'stubs' | 'guest helpers' | 'dispatcher' | 'round trip';
  /** The rule in one sentence. */
  readonly rule: string;
  /** Where the rule comes from. */
  readonly source: string;
  readonly stub?: StubRule;
  readonly program?: ProgramRule;
  /** What a violation usually is, in one sentence. */
  readonly example: string;
  /** The usual fix. */
  readonly fix: string;
}

/** A property that speaks of single functions. */
export type StubProperty = PropertyDefinition & { readonly stub: StubRule };
/** A property that speaks of programs. */
export type ProgramProperty = PropertyDefinition & { readonly program: ProgramRule };

export const speaksOfStubs = (property: PropertyDefinition): property is StubProperty => property.stub !== undefined;
export const speaksOfPrograms = (property: PropertyDefinition): property is ProgramProperty =>
  property.program !== undefined;
