/** Tries every mutant of several targets, byte after byte. */
import type { StubTarget } from '../run/target.js';
import type { MutantState } from './state.js';
import { type ByteOutcomes, type MutantSurvey, sumUp } from './survey.js';
import { Trial } from './trial.js';

export interface SurveyOptions {
  targets: readonly StubTarget[];
  /** At most, for each mutant. */
  cases: number;
  /** What earlier runs found, for `key`. */
  state?: { found: MutantState; keyOf: (target: StubTarget) => string };
  /** Told of bytes done, and of how many there are. */
  onProgress?: (done: number, total: number) => void;
  /** Asked behind every byte. */
  stopped?: () => boolean;
}

/**
 * @returns a row for each target, or undefined if it was stopped
 * @throws Error if a function is judged wrong as it is: then its mutants say nothing
 */
export async function surveyAll(options: SurveyOptions): Promise<MutantSurvey[] | undefined> {
  const { targets, cases, state, onProgress, stopped = () => false } = options;
  const trials = targets.map((target) => ({ target, trial: new Trial(target, cases) }));
  const total = trials.reduce((sum, { trial }) => sum + trial.size, 0);
  let done = 0;
  const surveys: MutantSurvey[] = [];
  for (const { target, trial } of trials) {
    const unharmed = trial.runUnharmed();
    if (unharmed.kind !== 'survived') throw new Error(`${target.name} is ${unharmed.kind} as it is; mend that first`);
    const key = state?.keyOf(target) ?? '';
    const bytes: ByteOutcomes[] = [];
    for (let offset = 0; offset < trial.size; offset++) {
      let outcomes = state?.found.get(key, target.name, offset);
      if (outcomes === undefined) {
        outcomes = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => trial.run({ offset, bit }));
        state?.found.add(key, target.name, offset, outcomes);
      }
      bytes.push(outcomes);
      onProgress?.(++done, total);
      // Signals need the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      if (stopped()) return undefined;
    }
    surveys.push(sumUp(target, bytes));
  }
  return surveys;
}
