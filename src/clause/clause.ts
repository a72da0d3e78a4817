/**
 * The vocabulary of rules. A clause is data over named slots of the observation and of the prediction, so that one
 * clause has several readers: the fast evaluator (src/judge), the report that prints it, later WebAssembly and SMT.
 */
import type { CompiledContract } from '../contract/compiled.js';
import type { EndName, FactName, Moment, ObservedRegister, OutcomeName } from '../observation/layout.js';

/** A 64-bit value that a rule speaks about. */
export type Term =
  | { kind: 'register'; moment: Moment; register: ObservedRegister }
  | { kind: 'field'; moment: 'initial' | 'final'; field: string }
  | { kind: 'vector'; moment: 'initial' | 'final'; part: string }
  | { kind: 'fact'; fact: FactName }
  | { kind: 'constant'; value: bigint }
  /** What the reference model says this term must be. A clause over a term that the model leaves open is not in force. */
  | { kind: 'predicted'; term: Predictable };

export type Predictable =
  | { kind: 'register'; moment: 'call' | 'final'; register: ObservedRegister }
  | { kind: 'field'; moment: 'final'; field: string }
  | { kind: 'fact'; fact: 'hostExits' | 'calls' };

/** When a clause is in force. */
export type Condition =
  | { kind: 'ended'; as: readonly EndName[] }
  /** The wrapped instruction was executed at least once. */
  | { kind: 'called' }
  /** The first call was TDG.VP.VMCALL and the host answered it. */
  | { kind: 'host-answered' }
  /** The first call entered a TD, and left it again. */
  | { kind: 'td-answered' }
  /** The first call ended in one of these ways. */
  | { kind: 'outcome'; is: readonly OutcomeName[] }
  /** The first call failed: RAX was not 0. */
  | { kind: 'call-failed' }
  /** The contract has the function stop after the answer that it got, or whatever it is. */
  | { kind: 'must-stop' }
  | { kind: 'flag'; flag: string; set: boolean }
  /** A parameter is 0, or is not. */
  | { kind: 'parameter'; parameter: string; zero: boolean }
  /** The first call exposed this register to the host. */
  | { kind: 'exposed'; register: ObservedRegister }
  /** What the caller owes was given (a block that is readable, writable and apart from the stack). */
  | { kind: 'caller-kept' }
  /** The pointer to the block of this parameter is NULL. */
  | { kind: 'null'; parameter: string }
  /** The caller gave a block that overlaps the function's own frame (a breach). */
  | { kind: 'block-overlaps-stack' }
  /** The reference leaves this open. */
  | { kind: 'unpredicted'; term: Predictable }
  | { kind: 'not'; condition: Condition };

/** What must not reach a term: secrets of the guest (companion G), values of the untrusted host or of a TD (companion H). */
export type Influence = 'guest-secrets' | 'host-values' | 'td-values';

/** One rule. */
export type Clause =
  | { kind: 'equal'; left: Term; right: Term; mask?: bigint }
  | { kind: 'zero'; term: Term }
  | { kind: 'oneOf'; term: Term; values: readonly Term[] }
  /** Unsigned: low <= term <= high. */
  | { kind: 'within'; term: Term; low: Term; high: Term }
  | { kind: 'endedAs'; ends: readonly EndName[] }
  /** As endedAs, but a fault on the argument block is a legal end too. */
  | { kind: 'endedAsOrBlockFault'; ends: readonly EndName[] }
  /** Stores hit only the stack below the caller's frame, and the argument block. */
  | { kind: 'noWriteOutside' }
  | { kind: 'noAccessBelowStackPointer' }
  /** STI is the instruction immediately before the first call. */
  | { kind: 'before'; first: 'sti'; second: 'call' }
  /** The same in the companion run that changes what `of` names: information flow. */
  | { kind: 'independent'; term: Term; of: Influence }
  | { kind: 'when'; conditions: readonly Condition[]; clause: Clause };

export const register = (moment: Moment, name: ObservedRegister): Term & { kind: 'register' } => ({
  kind: 'register',
  moment,
  register: name,
});
export const initial = (name: ObservedRegister): Term => register('initial', name);
export const final = (name: ObservedRegister): Term => register('final', name);
export const atCall = (name: ObservedRegister): Term => register('call', name);
export const fact = (name: FactName): Term => ({ kind: 'fact', fact: name });
export const constant = (value: bigint): Term => ({ kind: 'constant', value });
export const field = (moment: 'initial' | 'final', name: string): Term & { kind: 'field' } => ({
  kind: 'field',
  moment,
  field: name,
});
export const vector = (moment: 'initial' | 'final', part: string): Term => ({ kind: 'vector', moment, part });
export const predicted = (term: Predictable): Term => ({ kind: 'predicted', term });
export const predictedRegister = (moment: 'call' | 'final', name: ObservedRegister): Term =>
  predicted({ kind: 'register', moment, register: name });

export const equal = (left: Term, right: Term, mask?: bigint): Clause =>
  mask === undefined ? { kind: 'equal', left, right } : { kind: 'equal', left, right, mask };
export const zero = (term: Term): Clause => ({ kind: 'zero', term });
export const endedAs = (...ends: EndName[]): Clause => ({ kind: 'endedAs', ends });
export const independent = (term: Term, of: Influence): Clause => ({
  kind: 'independent',
  term,
  of,
});
export const when = (conditions: Condition | readonly Condition[], clause: Clause): Clause => ({
  kind: 'when',
  conditions: Array.isArray(conditions) ? (conditions as readonly Condition[]) : [conditions as Condition],
  clause,
});
/** A rule of what follows an answer: where the instruction may not reach the module, it is in force only when it did. */
export const whenAnswered = ({ contract }: CompiledContract, clause: Clause): Clause =>
  contract.notEntered === undefined ? clause : when({ kind: 'outcome', is: ['completed'] }, clause);
/**
 * The wrapped instruction is executed exactly once a call, however the run ended, and not at all where a contract says so of
 * NULL.
 */
export function callsOnce({ blocks, contract }: CompiledContract): Clause[] {
  const ended: Condition = { kind: 'ended', as: ['returned', 'trapped', 'stopped'] };
  const silent = blocks
    .filter(({ whenNull }) => whenNull !== undefined)
    .map(({ parameter }): Condition => ({ kind: 'null', parameter: parameter.name }));
  const often = contract.retry === undefined ? constant(1n) : predicted({ kind: 'fact', fact: 'calls' });
  const once = equal(fact('calls'), often);
  return [
    when(silent.length === 0 ? ended : [ended, ...silent.map(not)], once),
    ...silent.map((condition) => when([ended, condition], equal(fact('calls'), constant(0n)))),
  ];
}
/** SEAMCALL raised an exception instead of reaching the module. */
export const RAISED: Condition = { kind: 'outcome', is: ['generalProtection', 'invalidOpcode'] };
/** When the contract has the function stop. */
export const stopCondition = ({ stopsOn, neverReturns }: CompiledContract['contract']): Condition =>
  stopsOn === undefined && neverReturns === undefined ? { kind: 'call-failed' } : { kind: 'must-stop' };
export const not = (condition: Condition): Condition => ({ kind: 'not', condition });
