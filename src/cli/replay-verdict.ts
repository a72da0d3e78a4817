/** What a replay says of a case, and how it was asked to say it. */
import type { CaseFile } from '../stored/case-schema.js';
import { type Signature, signatureKey } from '../finding/signature.js';

export interface ReplayFlags {
  image?: string[];
  symbol?: string;
  format: 'text' | 'json';
}

/** `other violation`: it fails, but not in the way that the case expects. */
export type Verdict = 'reproduced' | 'still broken' | 'fixed' | 'no longer reached' | 'other violation';

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
