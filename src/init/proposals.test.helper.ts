/** Proposals for the idioms: silent on the clean function, and not on the broken one. */
import { fuzz } from '../campaign/fuzz.js';
import type { TargetResult } from '../campaign/records/result.js';
import type { Contract, ContractSet } from '../contract/contract.js';
import type { Idiom } from '../corpus/idioms.js';
import type { StubTarget } from '../run/target.js';
import { propose } from './propose.js';
import type { Proposal } from './proposal.js';
import { tryOut } from './trial.js';

const OPTIONS = { source: 'a test', library: [] };

/** What is proposed for the clean function of an idiom, after its trial run. */
export async function proposedFor({ clean, cleanTarget }: Idiom, runs: number): Promise<Contract> {
  const proposed = propose(cleanTarget.image, clean, OPTIONS);
  if (proposed.kind === 'none') throw new Error(`${clean}: ${proposed.reason}`);
  const { contract } = await tryOut(cleanTarget.image, proposed, { runs, workers: 1 });
  return contract;
}

/** What is proposed for a function as it is, without a run. */
export function proposedBy(
  target: Pick<StubTarget, 'image' | 'symbol'>,
  library: readonly ContractSet[] = [],
): Proposal {
  const proposed = propose(target.image, target.symbol, { ...OPTIONS, library });
  if (proposed.kind === 'none') throw new Error(`${target.symbol}: ${proposed.reason}`);
  return proposed;
}

export async function judged(target: StubTarget, contract: Contract, runs: number): Promise<TargetResult> {
  const changed = { ...target, set: 'proposed', contract: { ...contract, symbol: target.symbol } };
  const { result } = await fuzz({
    targets: [changed],
    seed: 'proposals',
    budget: { runs },
    workers: 1,
    examine: false,
  });
  return result.targets[0];
}

/**
 * Idioms whose proposal has to be edited, and why: each is said on the screen, as a finding or a question.
 */
export const EDITED: Readonly<Record<string, string>> = {
  port_write: 'R10 and R11 stay, and R11 is no result',
  port_read: 'R10 and R11 stay, and R10 is no result',
  adjust: 'R10 and R11 stay, and R11 is no result',
  msr_low: 'R10 and R11 stay, and R10 is no result',
  shared: 'R10 and R11 stay',
  halted: 'R10 and R11 stay',
  report: 'R10 and R11 stay',
  read_or_status: 'R10 and R11 stay, and R10 is no result',
  identify: 'R10 and R11 stay',
  counted: 'R10 and R11 stay, and R11 is no result',
  map_gpa: 'what it returns after the last try is not followed',
};
