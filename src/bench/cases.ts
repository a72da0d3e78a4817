/** Full cases: generation, execution, companions and judging by every applicable property, as the command `fuzz` does them. */
import { BLOCK_CASES, runBlock } from '../campaign/blocks/block.js';
import { fuzz } from '../campaign/fuzz.js';
import { openRunner } from '../run/open-runner.js';
import type { AnyTarget, StubTarget } from '../run/target.js';
import { type Contender, type Figure, interleave, isMeasured, repeatFor, type Rounds, summary } from './contender.js';

const SEED = 'bench';

export interface CaseRow extends Figure {
  /** Machine runs of a case, companions included. */
  executionsPerCase: number;
  /** Properties that are judged on the target. */
  properties: number;
}

/** Cases per second of each target, one worker, block after block. @param blockCases at most BLOCK_CASES */
export async function measureCases(
  targets: readonly AnyTarget[],
  rounds: Rounds,
  blockCases = BLOCK_CASES,
): Promise<CaseRow[]> {
  const measured = targets.map((target) => {
    const runner = openRunner(target);
    const totals = { cases: 0, executions: 0 };
    let block = 0;
    const batch = (): number => {
      const { cases, executions, failures, problem } = runBlock(runner, SEED, block++, blockCases);
      if (failures.length > 0 || problem !== undefined)
        throw new Error(`bench: ${target.name}: ${problem?.text ?? 'a finding'}`);
      totals.cases += cases;
      totals.executions += executions;
      return cases;
    };
    const contender: Contender = { name: target.name, measure: (milliseconds) => repeatFor(milliseconds, batch) };
    const properties = runner.properties.filter(({ status }) => status === 'judged').length;
    return { contender, totals, properties };
  });
  const rows = await interleave(
    measured.map(({ contender }) => contender),
    rounds,
  );
  return rows.filter(isMeasured).map((row, index) => {
    const { totals, properties } = measured[index];
    return { ...row, executionsPerCase: totals.executions / totals.cases, properties };
  });
}

/** Best and median are those of a campaign from a quarter of its cases on. */
export interface WorkerRow extends Figure {
  workers: number;
  /** The best of whole campaigns, start of the workers included. */
  whole: number;
}

/**
 * Cases per second of campaigns on one target with 1 and 2 workers, in turn.
 *
 * @param runs cases of each campaign
 */
export async function measureWorkers(target: StubTarget, runs: number, rounds: Rounds): Promise<WorkerRow[]> {
  const counts = [1, 2];
  const steady = counts.map((): number[] => []);
  const whole = counts.map((): number[] => []);
  for (let round = 1; round <= rounds.rounds; round++) {
    for (const [index, workers] of counts.entries()) {
      rounds.onSlice(`${workers} worker${workers === 1 ? '' : 's'}`, round);
      const start = process.hrtime.bigint();
      let first: { cases: number; at: bigint } | undefined;
      let last = { cases: 0, at: start };
      const onProgress = (cases: number): void => {
        last = { cases, at: process.hrtime.bigint() };
        if (cases >= runs / 4) first ??= last;
      };
      const { result } = await fuzz({ targets: [target], seed: SEED, budget: { runs }, workers, onProgress });
      if (result.targets[0].cases !== runs || first === undefined) throw new Error('bench: a campaign lost cases');
      if (last.cases > first.cases) steady[index].push((last.cases - first.cases) / (Number(last.at - first.at) / 1e9));
      whole[index].push(runs / (Number(last.at - start) / 1e9));
    }
  }
  return counts.map((workers, index) => ({
    name: target.name,
    workers,
    // A campaign of one block has no second quarter.
    ...summary(steady[index].length > 0 ? steady[index] : whole[index]),
    whole: summary(whole[index]).best,
  }));
}
