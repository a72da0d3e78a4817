import { itNoticesWrongRules, type Mutation } from '../vectors/mutations.test.helper.js';
import { SEAM_1_5_01, type SeamModel } from './model.js';
import { checkSeamVectors, type SeamVectorKind } from './vectors.js';

/** One wrong rule of the SEAM model. */
export type SeamMutation = Mutation<SeamModel>;

/** The leaves of which no recorded call gets past the dispatcher. */
export const NEVER_REACHED = [
  1, 2, 4, 5, 14, 15, 16, 18, 19, 22, 30, 33, 36, 37, 52, 64, 66, 71, 72, 83, 84, 85, 86, 87, 96,
];

/** Tests that each wrong rule turns some vector of `kind` red, but for those that are listed. */
export function itNoticesWrongSeamRules(
  kind: SeamVectorKind,
  mutations: readonly SeamMutation[],
  notCovered: readonly string[],
): void {
  itNoticesWrongRules<SeamModel>(
    kind,
    (wrong, records) => checkSeamVectors(kind, records, kind, { ...SEAM_1_5_01, ...wrong }),
    mutations,
    notCovered,
  );
}
