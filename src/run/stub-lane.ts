/** The lane of a single function: made once enough cases were asked for that it pays off. */
import { LaneRunner } from '../lane/lane-runner.js';
import type { StreamWords } from '../case/drawn-arbitrary.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { caseOf } from '../scenario/case-space.js';
import type { LaneMode, Lane } from './runner.js';
import { wayOf } from './stub-way.js';

/** Cases of a target for which it is worth while to compile them: that takes as long as some thousand of them one by one. */
const HOT_CASES = 3000;

export class StubLane {
  private cases = 0;
  /** Undefined before it was tried; null where the function cannot be translated, and stays with the reference. */
  private bulk: LaneRunner | null | undefined;

  constructor(private readonly runner: CaseRunner) {}

  /** @param cases that will be asked for */
  open(mode: LaneMode, cases: number): Lane | undefined {
    if (mode === 'never') return undefined;
    this.cases += cases;
    if (mode !== 'always' && this.cases < HOT_CASES) return undefined;
    if (this.bulk === undefined) this.bulk = LaneRunner.of(this.runner) ?? null;
    else this.bulk = this.bulk?.extended() ?? null;
    return this.bulk === null ? undefined : laneOf(this.bulk);
  }
}

function laneOf(bulk: LaneRunner): Lane {
  return {
    classNames: bulk.classNames,
    begin: () => bulk.begin(),
    totals: () => bulk.totals(),
    run(words: StreamWords, count: number) {
      const { suspects, fresh } = bulk.run(words, count);
      return {
        suspects: suspects.map(({ index, scenario }) => ({ index, values: caseOf(scenario) })),
        fresh: fresh.map(({ path, rip, scenario }) => ({ ways: [wayOf(path, rip)], values: caseOf(scenario) })),
      };
    },
  };
}
