/**
 * What runs and judges the cases of one target. Everything between a case and a report asks this alone: whether the target
 * is a single function or a program is known where its contract is read (open-runner.ts), and nowhere else.
 */
import type { Case, CaseSpace } from '../case/case.js';
import type { StreamWords } from '../case/drawn-arbitrary.js';
import type { Image } from '../image/image.js';
import type { StoryDocument } from './trace-document.js';
import type { Step, WorldStore } from './trace.js';
import type { AnyTarget } from './target.js';
import type { ToldStep } from './told-step.js';
import type { Wrong } from './wrong.js';

/** What every property says of itself. */
export interface Rule {
  /** The stable name, equal to the file's name. */
  readonly name: string;
  /** The rule in one sentence. */
  readonly rule: string;
  /** Where the rule comes from. */
  readonly source: string;
  /** What a violation usually is, in one sentence. */
  readonly example: string;
  /** The usual fix. */
  readonly fix: string;
}

/** A property on one target: what can be said before any case was run. */
export interface PropertyOnTarget {
  readonly property: Rule;
  readonly status: 'judged' | 'holds by decode' | 'not applicable';
  /** Why it is not applicable. */
  readonly reason?: string;
}

/** A clause that is judged on every case. */
export interface JudgedClause {
  readonly index: number;
  readonly property: Rule;
  /** The clause as text, which is also its stable name. */
  readonly text: string;
  /** The register, field, fact or exchange that it is about. */
  readonly slot: string;
  /** The label of a program's clause: of which exchanges it speaks. */
  readonly about: string | undefined;
}

/** A clause that the case run last violates. */
export interface Violation {
  readonly clause: JudgedClause;
}

/** What was expected and what was found, as a person says it: `0x...`, or a sentence. */
export interface Comparison {
  readonly expected: string;
  readonly actual: string;
}

/** A case, instruction by instruction, on the machine on which something went wrong. */
export interface CaseTrace {
  readonly steps: readonly Step[];
  /** What the world wrote to that machine's memory. */
  readonly stores: readonly WorldStore[];
  /** Companion G and companion H, where the clause compares with them. */
  readonly guest: readonly Step[] | undefined;
  readonly host: readonly Step[] | undefined;
}

/** A way through the code, the whole run or from one exchange to the next: it was taken before if its key was there before. */
export interface Way {
  readonly key: string;
  /** Which of the machines went it. */
  readonly machine: number;
  /** Instructions that the machine had executed before, and by its end. */
  readonly from: number;
  readonly to: number;
}

/** A case told instruction by instruction. */
export interface Told {
  readonly steps: readonly ToldStep[];
  /** Steps of companion H, where it was run. */
  readonly companion: readonly Step[] | undefined;
  /** Whose values are followed. */
  readonly otherSide: 'host' | 'TD';
  /** How the run ended. */
  readonly end: string;
  /**
   * What lies at an address of this run: a symbol, a field of a structure, a place of the stack; undefined: nothing that has a
   * name.
   *
   * @param as a pointer to the start of a block is called as the block, an access there as its first field
   */
  readonly addressName: (address: bigint, as?: 'pointer') => string | undefined;
  readonly story: ((stepAt: (index: number) => number | undefined) => StoryDocument) | undefined;
}

/** An answer from outside that a run consumed, as case files have it. */
export interface StoredAnswer {
  call: string;
  outcome?: string;
  registers: Record<string, string>;
}

/** Cases in bulk. It says clean or suspect, and never reports. */
export interface Lane {
  /** A new block begins: paths that were seen before are new again. */
  begin(): void;
  run(words: StreamWords, count: number): { suspects: readonly Suspect[]; fresh: readonly Fresh[] };
  /** Of all clean cases since `begin`. Boundaries are interrupts by byte offset in the function. */
  totals(): { executions: number; inForce: Int32Array; classes: Int32Array; boundaries: Int32Array };
  readonly classNames: readonly string[];
}

/** A case that the one runner judges again: index in the batch, and values. */
export interface Suspect {
  readonly index: number;
  readonly values: Case;
}

/** Ways that the block has not seen before, and a case that took them. */
export interface Fresh {
  readonly ways: readonly Way[];
  readonly values: Case;
}

/** How cases are computed: in bulk once it pays off, always, or never. The results are the same. */
export type LaneMode = 'when hot' | 'always' | 'never';

export interface Runner {
  readonly target: AnyTarget;
  readonly image: Image;
  /** Address of the function's first instruction. */
  readonly entry: bigint;
  /** Bytes of the function's code. */
  readonly size: number;
  readonly properties: readonly PropertyOnTarget[];
  readonly clauses: readonly JudgedClause[];
  readonly space: CaseSpace;
  /** Runs of the code under test since the runner was made. */
  readonly executions: number;

  /** @returns the violations, or undefined if there is no verdict: `problem` says why */
  run(values: Case): readonly Violation[] | undefined;

  // Of the case that was run last:

  /** Why it has no verdict, or empty. */
  readonly problem: string;
  /** Per property, and per clause: 1 if it was in force. */
  readonly inForce: Uint8Array;
  readonly clauseInForce: Uint8Array;
  /** Whether the code got as far as its first exchange. */
  readonly reached: boolean;
  /**
   * Everything that the place of a violation depends on: two violations with the same key have one place. Undefined where it
   * depends on values, which differ from case to case.
   */
  placeKey(violation: Violation): string | undefined;
  compare(violation: Violation): Comparison;
  /** Whether a value changes where it must not, or stays where it must change. */
  manner(violation: Violation): 'changes' | 'stays' | 'other';
  /** What a violation is about, for blame. */
  wrong(violation: Violation): Wrong;
  /** `symbol+0x1c`, on the machine that the violation was on. */
  place(address: bigint, violation?: Violation): string;
  readonly ways: readonly Way[];
  /** What happened, beside instructions, as names that coverage counts. */
  readonly states: readonly string[];
  /**
   * Numbers that stand for the ways and states of the last case, the same for the same ones: valid until the next case. Absent
   * where the ways themselves cost nothing.
   */
  readonly reachNumbers?: readonly number[];
  /** How it ended, as a person says it. */
  readonly end: string;
  readonly answers: readonly StoredAnswer[];
  /** Addresses in the image at which it stopped, or which an exchange may be put down to. */
  readonly stops: readonly bigint[];

  // These run a case again, and leave what was said of the last one as it was:

  /** The case that was run last, up to a violation. */
  trace(violation?: Violation): CaseTrace;
  /** Every machine of a case, each by itself. */
  traceMachines(values: Case): readonly (readonly Step[])[];
  /** Everything that the case run last executed, its companions too. */
  traceAll(): readonly (readonly Step[])[];
  /** Names of data of the image that the world fills in before a case: a case must know them by these. */
  readonly laidData?: readonly string[];
  tell(trace: CaseTrace, violation: Violation | undefined): Told;
  /**
   * The case that was run last once more, with the value that a violation expects in place of the wrong one, where it was
   * looked at. What is said of the last case is lost.
   *
   * @returns what is violated then; undefined where no value could be put in place
   */
  without(violation: Violation): readonly Violation[] | undefined;
  /** Whether `without` puts the value in the machine, so that all that the code does behind it follows from it. */
  readonly putsInMachine: boolean;
  /** A digest of what the case run last did, so that a replay can say "exactly the same". */
  digest(): string;

  // Classes of cases, counted so that people see what was exercised:

  readonly classNames: readonly string[];
  /** Names the classes of the case that was run last. */
  countClasses(add: (name: string) => void): void;
  /** Low half of the address before which an interrupt came in the case run last, 0 if none did. */
  readonly interruptedAt: number;
  /** Whether every instruction is a class: one of the interrupts that come before it. */
  readonly hasBoundaries: boolean;

  /** @param cases that will be asked for; @returns undefined where there is none, or it does not pay off yet */
  lane(mode: LaneMode, cases: number): Lane | undefined;
}
