/** What a contract takes for granted, as values of a scenario. */
import type { Contract } from '../contract/contract.js';

/** The value of `module.rbpMod` that the contract takes for granted; undefined: either may come. */
export function assumedRbpMod({ assumes }: Contract): 0 | 1 | undefined {
  if (assumes?.includes('rbp-mod') === true) return 1;
  return assumes?.includes('no-rbp-mod') === true ? 0 : undefined;
}
