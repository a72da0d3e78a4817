/** What a replay says of a case, and how it was asked to say it. */
import type { CaseFile } from '../stored/case-schema.js';
import { type Signature, signatureKey } from '../finding/signature.js';

export interface ReplayFlags {
  image?: string[];
  symbol?: string;
  /** For `git bisect run`: what cannot be said is to be skipped. */
  bisect?: boolean;
  format: 'text' | 'json';
}

/** `other violation`: it fails, but not in the way that the case expects. */
export type Verdict = 'reproduced' | 'still broken' | 'fixed' | 'no longer reached' | 'other violation';

/** What `git bisect run` takes for "this commit cannot be tested" (git-bisect(1)). */
export const BISECT_SKIP = 125;

/** The exit status of `replay`: 1 where something is violated. */
export function replayStatus(verdict: Verdict, { bisect }: Pick<ReplayFlags, 'bisect'>): number {
  if (verdict === 'fixed') return 0;
  if (bisect === true) return verdict === 'still broken' ? 1 : BISECT_SKIP;
  return verdict === 'no longer reached' ? 0 : 1;
}

/**
 * @param newBuild whether another image than the stored one was run: then the place may have moved
 * @param called whether the code got as far as its first exchange
 * @param identical whether everything happened as when the case was stored: what is blamed for it may be another instruction
 *   in another version
 */
export function verdictOf(
  { expect }: CaseFile,
  accounts: readonly { signature: Signature }[],
  newBuild: boolean,
  called: boolean,
  identical: boolean,
): Verdict {
  const same = accounts.some(({ signature }) =>
    newBuild || identical
      ? signature.property === expect?.property && signature.slot === expect.slot
      : expect !== null && signatureKey(signature) === signatureKey(expect),
  );
  if (same) return newBuild ? 'still broken' : 'reproduced';
  if (accounts.length > 0) return 'other violation';
  return called ? 'fixed' : 'no longer reached';
}
