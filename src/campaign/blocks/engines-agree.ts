/** The self-check of the engines: the same block of cases on both, and in bulk, observed and counted the same to the bit. */
import { isDeepStrictEqual } from 'node:util';
import { runBlock } from './block.js';
import type { Totals } from '../records/merge.js';
import { createRunner } from '../../run/open-runner.js';
import { StubRunner } from '../../run/stub-runner.js';
import type { StubTarget } from '../../run/target.js';

export interface EngineCheck {
  target: string;
  cases: number;
  executions: number;
  /** Whether block results and the last observation are the same, byte for byte. */
  agree: boolean;
}

/** Translated from the first run on: the check is of the translation, not of when it pays off. */
const TRANSLATED = { engine: 'wasm', hotRuns: 1 } as const;

export function enginesAgree(targets: readonly StubTarget[], cases: number): EngineCheck[] {
  return targets.map((target) => {
    const [reference, translated] = [createRunner(target), createRunner(target, undefined, TRANSLATED)].map(
      (runner) => {
        const block = totalsOf(new StubRunner(target, runner), 'engines agree', 0, cases, 'never');
        return {
          block,
          base: [...runner.context.base],
          guest: [...runner.context.guest],
          host: [...runner.context.host],
        };
      },
    );
    const bulk = totalsOf(new StubRunner(target, createRunner(target)), 'engines agree', 0, cases, 'always');
    const { executions } = reference.block;
    const agree = isDeepStrictEqual(reference, translated) && isDeepStrictEqual(reference.block, bulk);
    return { target: target.name, cases, executions, agree };
  });
}

/** A block but for its witnesses: of several cases on one path the two ways may show different ones. */
function totalsOf(...block: Parameters<typeof runBlock>): Totals {
  const { witnesses: _, ...totals } = runBlock(...block);
  return totals;
}
