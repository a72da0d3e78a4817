/** What a file under properties/ defines. */
import type { CompiledContract } from '../contract/compiled.js';
import type { Clause } from './clause.js';

/** What the decoded instructions of a function can touch at all. */
export interface DecodeSummary {
  /** XMM, MXCSR or x87 control. */
  vector: boolean;
  /** Any of the RFLAGS bits that must survive: IF, DF, TF, NT, AC, IOPL. */
  systemFlags: boolean;
}

export interface PropertyDefinition {
  /** The stable name, equal to the file's name. */
  name: string;
  /** What it is about: stubs around TDCALL, around SEAMCALL, or both. */
  group: 'guest stubs' | 'host stubs' | 'stubs';
  /** The rule in one sentence. */
  rule: string;
  /** Where the rule comes from. */
  source: string;
  /** `true`, or the reason why the property says nothing about this contract. */
  appliesTo(contract: CompiledContract): true | string;
  /** The clauses for one contract; all must hold. */
  clauses(contract: CompiledContract): Clause[];
  /** Judged also when the caller broke what it owes. The clauses then carry their own conditions. */
  underBreach: boolean;
  /** True when the decoded code cannot even touch the state concerned. */
  holdsByDecode?(summary: DecodeSummary, contract: CompiledContract): boolean;
  /** What a violation usually is, in one sentence. */
  example: string;
  /** The usual fix. */
  fix: string;
}
