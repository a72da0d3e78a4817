/** What an audit says of a function. */
import type { WrappedName } from '../stage/wrapped-instructions.js';
import { HARDENING_RULES } from '../hardening/rules.js';
import type { ConventionName } from '../x86/conventions.js';

/** The rules, by their stable names; the sentence is what is expected. */
export const AUDIT_RULES = {
  'legal-mask': 'the exposure mask in RCX is one that the module takes',
  'known-leaf': 'RAX names a leaf and a version that exist',
  'sub-function-in-mask': 'the registers that the sub-function reads are in the exposure mask',
  'exposes-no-stale-value':
    'an exposed register holds what the function computed, loaded from memory it was given, or received as a parameter',
  'exposes-no-used-pointer': 'a pointer through which the function reads or writes memory is not exposed',
  'untouched-parameter': 'an exposed register of a parameter is set, or meant for the host as it came',
  'exposed-register-kept':
    'an exposed register that the sub-function does not answer is not used as if it had kept its value',
  'stale-register-used': 'behind the call nothing depends on a register that the function neither set nor received',
  'keeps-stack': 'the function returns to its caller with the stack as it was, whatever is answered',
  'keeps-callee-saved': 'callee-saved registers survive, whatever is answered',
  'keeps-direction-flag': 'DF is 0 at the return',
  'host-address': 'no address depends on what the host chose',
  'host-jump': 'no jump target depends on what the host chose',
  'status-ignored': 'the status in RAX of a TDVMCALL is looked at, or returned',
  'endless-host-loop': 'a host cannot keep the function for ever',
  'halt-interrupts': 'interrupts are shut at a HLT call, but for an STI directly before TDCALL',
  'halt-says-blocked': 'R12 of a HLT call is 1 only while interrupts are shut',
  'sti-before-tdcall': 'STI comes directly before TDCALL, or not at all',
  ...HARDENING_RULES,
} as const;
export type AuditRule = keyof typeof AUDIT_RULES;

/** Rules that say something which may be meant so: they never count. */
export const NOTES: ReadonlySet<AuditRule> = new Set(['untouched-parameter', 'endless-host-loop', 'halt-says-blocked']);

export interface AuditFinding {
  readonly rule: AuditRule;
  /** What it is about: a register, or empty. */
  readonly subject: string;
  /** Address of the instruction. */
  readonly address: bigint;
  /** What was found, as a sentence. */
  readonly found: string;
}

export function findingKey({ rule, subject, address }: AuditFinding): string {
  return `${rule} ${subject} ${address.toString(16)}`;
}

export interface FunctionVerdict {
  readonly symbol: string;
  readonly address: bigint;
  readonly instructions: readonly WrappedName[];
  readonly convention: ConventionName;
  /** Registers of parameters that it reads before it writes them. */
  readonly parameters: readonly string[];
  /** Functions with such instructions that it calls. */
  readonly calls: readonly string[];
  /** In the order in which they were found; notes apart. */
  readonly findings: readonly AuditFinding[];
  readonly notes: readonly AuditFinding[];
  /** Findings that it has through a function that it calls, which has them by itself: they do not count again. */
  readonly inherited: number;
  readonly runs: number;
  /** Different ways that the runs took. */
  readonly paths: number;
  /** Runs that came to a TDCALL or SEAMCALL. */
  readonly reached: number;
  /** Runs that ended where nobody knows what happens. */
  readonly unknown: number;
  /** Why runs have no verdict or came to no call, most of them; or empty. */
  readonly unknownReason: string;
}

/** Whether anything of a function was judged. */
export function isJudged({ reached, findings, inherited }: FunctionVerdict): boolean {
  return reached > 0 || findings.length > 0 || inherited > 0;
}
