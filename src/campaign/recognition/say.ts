/** What recognition has to say, one line each. */
import { shorten } from '../../text/escape.js';
import type { Candidate } from './stub-recognition.js';

/** More differences than these are no help. */
const MOST_DIFFERENCES = 3;
const MOST_CANDIDATES = 3;

export function idOf({ set, contract }: Candidate): string {
  return `${set}/${contract.symbol}`;
}

/** `96 %: R12 is [rdi+0x18], not [rdi+0x10]`. */
export function fitText({ fit: { share, differences } }: Candidate): string {
  if (differences.length === 0) return 'nothing differs';
  const shown = differences.slice(0, MOST_DIFFERENCES).map(({ text }) => text);
  const more = differences.length - shown.length;
  const rest = more > 0 ? `; ${more} more difference${more === 1 ? '' : 's'}` : '';
  // What is not the same is never said to be.
  return `${Math.min(99, Math.floor(100 * share))} %: ${shorten(shown.join('; '))}${rest}`;
}

/** `SET/FUNCTION (96 %: ...)`, joined. */
export function candidatesText(candidates: readonly Candidate[]): string {
  const shown = candidates.slice(0, MOST_CANDIDATES).map((candidate) => `${idOf(candidate)} (${fitText(candidate)})`);
  const more = candidates.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** How to have a function judged by a contract all the same. */
export function bindingText(symbol: string, candidate: Candidate): string {
  return `--target ${shorten(symbol)}=${idOf(candidate)}`;
}
