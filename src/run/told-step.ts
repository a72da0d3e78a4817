/** A recorded step, and what the world did behind it. */
import type { Place } from '../stage/program-stage.js';
import type { Step } from './trace.js';

/** What the world wrote behind one step. */
export interface Given {
  /** General registers that it wrote, one bit each. */
  readonly wrote: number;
  /** Those of them whose values the other side chose. */
  readonly theirs: number;
  /** Memory that it wrote with values that the other side chose. */
  readonly memory: readonly Place[];
}

export const NOTHING_GIVEN: Given = { wrote: 0, theirs: 0, memory: [] };

export interface ToldStep {
  readonly step: Step;
  /** State when the next step begins, or when the world has answered. */
  readonly after: Int32Array;
  readonly given: Given;
  /** As a person says it; undefined where it did nothing. */
  readonly world: string | undefined;
  /** What values that it changed are called, by register. */
  readonly words?: Readonly<Record<string, string | undefined>> | undefined;
}
