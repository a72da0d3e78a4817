/** How well a contract fits what a function's code is. */
import type { CodeShape } from '../../code/code-shape.js';
import type { Contract } from '../../contract/contract.js';
import { compareInputs, compareParameters } from './compare-inputs.js';
import { compareConditions, compareOutputs, compareReturns } from './compare-outputs.js';
import { compareFailure, compareNotEntered, compareScrubbing, compareStack, compareSti } from './compare-policy.js';
import { type Aspect, type Comparison, comparison, type Difference } from './difference.js';

export interface Fit {
  /** The share of the contract that the code keeps to, 0 to 1. */
  readonly share: number;
  readonly differences: readonly Difference[];
  /** Aspects with a difference. */
  readonly aspects: readonly Aspect[];
  /** No difference, in code that could be read to all its ends. */
  readonly isExact: boolean;
}

export function fitOf(contract: Contract, shape: CodeShape): Fit {
  const comparisons = wraps(contract, shape)
    ? [
        compareInputs(contract, shape),
        compareParameters(contract, shape),
        compareOutputs(contract, shape),
        compareConditions(contract, shape),
        compareReturns(contract, shape),
        compareFailure(contract, shape),
        compareSti(contract, shape),
        compareNotEntered(contract, shape),
        compareScrubbing(contract, shape),
        compareStack(contract, shape),
      ]
    : [comparison('instruction', 1, [[`it reaches no ${contract.instruction.toUpperCase()}`, 1]])];
  const differences = comparisons.flatMap((each) => each.differences);
  const total = comparisons.reduce((sum, { weight }) => sum + weight, 0);
  const lost = comparisons.reduce((sum, each) => sum + lostIn(each), 0);
  return {
    share: Math.max(0, 1 - lost / total),
    differences,
    aspects: comparisons.filter((each) => each.differences.length > 0).map(({ aspect }) => aspect),
    isExact: differences.length === 0 && shape.gap === undefined,
  };
}

function lostIn({ weight, differences }: Comparison): number {
  return Math.min(
    Math.max(weight, 1),
    differences.reduce((sum, difference) => sum + difference.weight, 0),
  );
}

function wraps({ instruction }: Contract, { sites }: CodeShape): boolean {
  return sites.length > 0 && sites.every((site) => site.instruction === instruction);
}
