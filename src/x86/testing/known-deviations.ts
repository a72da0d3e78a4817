import type { CasePlan } from './case-plan.js';

/** Where the machine is known to differ from the CPU; such a difference is counted apart. */
export interface KnownDeviation {
  readonly name: string;
  /** For people: what the CPU does and what the machine does. */
  readonly text: string;
  /** Flags that the deviation concerns in a case that ended with this vector (-1: none). */
  readonly flags?: (plan: CasePlan, trap: number) => number;
  /** Whether it concerns all that an instruction does. */
  readonly everything?: (plan: CasePlan) => boolean;
}

/** Every entry is a task: once the machine is right, the full run says that nothing deviates, and the entry goes. */
export const KNOWN_DEVIATIONS: readonly KnownDeviation[] = [];
