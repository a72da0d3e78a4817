/** A digest of what happened in a play, so that a replay can say "exactly the same". */
import { createHash } from 'node:crypto';
import type { Entry } from '../play/play.js';
import type { Observed } from '../play/observed.js';
import { hex } from '../text/hex.js';

/**
 * What is looked at at a return and was not when case schema 1 was fixed. A case that is stored keeps its digest: whatever
 * an exchange shows in later versions is left out here, too.
 */
const SHOWN_LATER = /^(?:vector-state|below)$/;

/** What of an entry is hashed. */
export interface DigestedEntry extends Pick<Entry, 'step' | 'answer'> {
  readonly observed: Pick<Observed, 'moment' | 'values' | 'pathLow' | 'pathHigh'> | undefined;
}

/**
 * sha256 over everything that happened: the way of the code, each exchange with its values, each answer. What is hashed is part
 * of case schema 1.
 */
export function playDigest({ entries }: { readonly entries: readonly DigestedEntry[] }): string {
  const digest = createHash('sha256');
  for (const { step, observed, answer } of entries) {
    digest.update(`${step} ${observed?.moment} ${observed?.pathLow} ${observed?.pathHigh}\n`);
    const shown = Object.entries(observed?.values ?? {}).filter(([name]) => !SHOWN_LATER.test(name));
    for (const [name, value] of [...shown, ...Object.entries(answer)]) digest.update(`${name} ${hex(value)}\n`);
  }
  return digest.digest('hex');
}
