/** Functions of the images that have the name of a contract and are judged by none: said, and no pass. */
import type { Selection } from '../campaign/targets/select-targets.js';

/** One line on stderr for each. */
export function tellUnjudged({ unjudged }: Selection): void {
  for (const line of unjudged) process.stderr.write(`tdxfuzz: not judged: ${line}\n`);
}

/** The exit status of a run whose selection left functions without a verdict: 2 at least, like any target without one. */
export function statusOf({ unjudged }: Selection, status: number): number {
  const isWithout = unjudged.length > 0 && status < 2;
  return isWithout ? 2 : status;
}
