/** Tries the mutants of one target: which of them a case tells from correct code, and by which clause. */
import { createRunner } from '../run/open-runner.js';
import type { StubTarget } from '../run/target.js';
import { functionExtent } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import { NO_VERDICT } from '../judge/case-runner.js';
import { drawScenarios } from '../scenario/batch.js';
import type { Scenario } from '../scenario/layout.js';
import { type Flip, mutantOf } from './mutant.js';

/** `property: slot`, as findings name them. */
export type Killer = string;

export type Outcome =
  /** The first case that judged it wrong, from 0, and all that this case violated. */
  | { readonly kind: 'killed'; readonly by: readonly Killer[]; readonly after: number }
  /** Indistinguishable in every case: equivalent, or beyond what the cases reach. */
  | { readonly kind: 'survived' }
  /** A case ran into something that nothing models before any judged it wrong. */
  | { readonly kind: 'no verdict'; readonly problem: string };

/** Any four words: the same cases every time. */
const WORDS = [5, 6, 7, 8] as const;

export class Trial {
  /** Bytes of the function's code. */
  readonly size: number;
  private readonly entry: bigint;
  /** Those of the unharmed function, so that every mutant meets the same ones. */
  private readonly cases: readonly Scenario[];

  /**
   * @param cases for each mutant, at most
   * @throws ImageError if the image lacks the function
   */
  constructor(
    private readonly target: StubTarget,
    cases: number,
  ) {
    const { address, size } = functionExtent(target.image, findFunction(target.image, target.symbol));
    [this.entry, this.size] = [address, size];
    this.cases = drawScenarios(createRunner(target).space, WORDS, cases);
  }

  /** The first case that speaks decides. */
  run(flip: Flip): Outcome {
    return this.judge({ ...this.target, image: mutantOf(this.target.image, this.entry, flip) });
  }

  /** The function as it is, on the same cases. */
  runUnharmed(): Outcome {
    return this.judge(this.target);
  }

  private judge(target: StubTarget): Outcome {
    const runner = createRunner(target, this.size);
    for (const [after, scenario] of this.cases.entries()) {
      const violated = runner.run(scenario);
      if (violated === NO_VERDICT) return { kind: 'no verdict', problem: runner.problem };
      if (violated === 0) continue;
      const clauses = Array.from(runner.judge.violated.subarray(0, violated), (index) => runner.judge.clauses[index]);
      const by = new Set(clauses.map(({ property, slot }) => `${property.name}: ${slot}`));
      return { kind: 'killed', by: [...by].sort(), after };
    }
    return { kind: 'survived' };
  }
}
