import { itNoticesWrongRules, type Mutation } from '../vectors/mutations.test.helper.js';
import { MODULE_1_5_01, type ModuleModel } from './model.js';
import { checkVectors, type ModuleVectorKind } from './vectors.js';

/** One wrong rule of the module model. */
export type ModuleMutation = Mutation<ModuleModel>;

/** Tests that each wrong rule turns some vector of `kind` red, but for those that are listed. */
export function itNoticesWrongModuleRules(
  kind: ModuleVectorKind,
  mutations: readonly ModuleMutation[],
  notCovered: readonly string[],
): void {
  itNoticesWrongRules<ModuleModel>(
    kind,
    (wrong, records) => checkVectors(kind, records, kind, { ...MODULE_1_5_01, ...wrong }),
    mutations,
    notCovered,
  );
}
