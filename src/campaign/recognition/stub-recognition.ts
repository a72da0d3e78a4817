/**
 * Which contract a function around TDCALL or SEAMCALL is judged by, where nobody says so. The code decides; the name is a hint:
 * a function with the name of a contract is taken for it also if its code has a mistake in it, any other only if nothing differs.
 */
import type { CodeShape } from '../../code/code-shape.js';
import type { Contract, ContractSet } from '../../contract/contract.js';
import type { Aspect } from './difference.js';
import { type Fit, fitOf } from './fit.js';

/** A contract of the library, and how well it fits a function. */
export interface Candidate {
  readonly set: string;
  readonly contract: Contract;
  readonly fit: Fit;
}

/** What becomes of a function. Candidates come best first. */
export type Decision =
  /** Judged by `best`. */
  | { readonly kind: 'bound'; readonly best: Candidate }
  /** Near to some, and not judged unless somebody says by which; `isNamed`: one of them has its name. */
  | { readonly kind: 'proposed'; readonly near: readonly Candidate[]; readonly isNamed: boolean }
  /** It has the name of some, and is something else. */
  | { readonly kind: 'other'; readonly nearest: Candidate }
  /** None is near; `like`: one that differs in what sound projects do differently. */
  | { readonly kind: 'none'; readonly like?: Candidate };

/** What code with one mistake keeps of its contract is more: measured on the twins of corpus/bugs, where the least is 0.77. */
const NEAR = 0.7;
/** A contract for a function of another name is proposed from here on. */
const PROPOSED = 0.75;
/** What is less like a contract is not named. */
const LIKE = 0.6;
/** One of two that fit is better by more than this, or they fit alike. */
const CLEARLY = 0.05;

/**
 * What sound projects do in different ways. One mistake changes one of these; code that differs in two was written to another
 * contract.
 */
const POLICY: readonly Aspect[] = ['parameters', 'conditions', 'returns', 'failure', 'sti'];

/** How well each contract of each set fits, best first. */
export function candidatesFor(shape: CodeShape, sets: readonly ContractSet[]): Candidate[] {
  const all = sets.flatMap(({ name, contracts }) =>
    Object.values(contracts).map((contract) => ({ set: name, contract, fit: fitOf(contract, shape) })),
  );
  return all.sort((a, b) => b.fit.share - a.fit.share);
}

/** Whether a contract is near enough that what differs may be a mistake of the code. */
export function isNear({ fit: { share, aspects } }: Candidate, least = NEAR): boolean {
  return share >= least && aspects.filter((aspect) => POLICY.includes(aspect)).length < 2;
}

/**
 * @param candidates of one function, best first
 * @param support how many other functions of the image a set is the best for: it decides between those that fit alike
 */
export function decide(symbol: string, candidates: readonly Candidate[], support: (set: string) => number): Decision {
  const named = candidates.filter(({ contract }) => contract.symbol === symbol);
  if (named.length > 0) return decideNamed(named, support);
  const exact = candidates.filter(({ fit }) => fit.isExact);
  const proposed = exact.length > 0 ? exact : candidates.filter((candidate) => isNear(candidate, PROPOSED));
  if (exact.length > 0 && areAlike(exact)) return { kind: 'bound', best: bestSupported(exact, support) };
  if (proposed.length > 0) return { kind: 'proposed', near: unlikeEachOther(proposed), isNamed: false };
  const [like] = candidates;
  return { kind: 'none', ...(like !== undefined && like.fit.share >= LIKE && { like }) };
}

function decideNamed(named: readonly Candidate[], support: (set: string) => number): Decision {
  const exact = named.filter(({ fit }) => fit.isExact);
  const near = exact.length > 0 ? exact : named.filter((candidate) => isNear(candidate));
  if (near.length === 0) return { kind: 'other', nearest: named[0] };
  const alike = near.filter(({ fit }) => near[0].fit.share - fit.share <= CLEARLY);
  const best = bestSupported(alike, support);
  const rivals = alike.filter(({ set }) => support(set) === support(best.set));
  if (areAlike(rivals)) return { kind: 'bound', best };
  return { kind: 'proposed', near: unlikeEachOther(alike), isNamed: true };
}

/** Of contracts that are the same word for word the first. */
function unlikeEachOther(candidates: readonly Candidate[]): Candidate[] {
  const texts = candidates.map(({ contract }) => JSON.stringify(contract));
  return candidates.filter((_, index) => texts.indexOf(texts[index]) === index);
}

/** Whether it makes no difference which one judges. */
function areAlike(candidates: readonly Candidate[]): boolean {
  return new Set(candidates.map(({ contract }) => JSON.stringify(contract))).size === 1;
}

function bestSupported(candidates: readonly Candidate[], support: (set: string) => number): Candidate {
  const most = Math.max(...candidates.map(({ set }) => support(set)));
  return candidates.find(({ set }) => support(set) === most) ?? candidates[0];
}
