import { describe } from 'vitest';
import { GPR } from '../abi/registers.js';
import { leafOf, rejectRax, versionOf } from './dispatch.js';
import type { LeafRule } from './leaf-rule.js';
import { LEAF_RULES } from './leaf-rules.js';
import { MODULE_1_5_01 } from './model.js';
import { RECORDED_GPRS } from '../vectors/vector-fields.js';
import { itNoticesWrongModuleRules, type ModuleMutation } from './mutations.test.helper.js';

/** Wrong dispatchers. */
function dispatchMutations(): ModuleMutation[] {
  const reserved = [
    ...Array.from({ length: 8 }, (_, bit) => 24 + bit),
    ...Array.from({ length: 32 }, (_, b) => 32 + b),
  ];
  const unknown = [...Array.from({ length: 6 }, (_, i) => 13 + i).filter((leaf) => leaf !== 18), 19, 21].concat(
    Array.from({ length: 12 }, (_, i) => 28 + i),
  );
  const known = [...LEAF_RULES.keys(), 0];
  const unversioned = known.filter((leaf) => leaf !== 7);
  // The rule of a leaf that the module does not have: it succeeds and changes nothing.
  const everyLeaf = (leaf: number): ReadonlyMap<number, LeafRule> =>
    new Map([...LEAF_RULES, [leaf, { leaf, checks: [], outputs: [], values: () => {}, statusHighs: [0] }]]);
  return [
    ...reserved.map((bit): ModuleMutation => [
      `RAX bit ${bit} is ignored`,
      {
        rejectRax: (config, low, high) =>
          bit < 32 ? rejectRax(config, low & ~(1 << bit), high) : rejectRax(config, low, high & ~(1 << (bit - 32))),
      },
    ]),
    ...Array.from({ length: 8 }, (_, bit): ModuleMutation => [
      `version bit ${bit} is ignored`,
      { rejectRax: (config, low, high) => rejectRax(config, low & ~(1 << (16 + bit)), high) },
    ]),
    ...unversioned.map((leaf): ModuleMutation => [
      `leaf ${leaf} takes any version`,
      {
        rejectRax: (config, low, high) => rejectRax(config, leafOf(low) === leaf ? low & ~0xff0000 : low, high),
      },
    ]),
    [
      'leaf 7 takes version 0 alone',
      { rejectRax: (config, low, high) => versionOf(low) !== 0 || rejectRax(config, low, high) },
    ],
    ...known.map((leaf): ModuleMutation => [
      `leaf ${leaf} is not implemented`,
      { rejectRax: (config, low, high) => leafOf(low) === leaf || rejectRax(config, low, high) },
    ]),
    ...unknown.map((leaf): ModuleMutation => [
      `leaf ${leaf} is implemented`,
      {
        rejectRax: (config, low, high) => low !== leaf && rejectRax(config, low, high),
        leafRules: everyLeaf(leaf),
      },
    ]),
    ['the mask of TDG.VP.VMCALL is not examined', { vmcallMaskIsLegal: () => true }],
    ...RECORDED_GPRS.map((name): ModuleMutation => [
      `a refused RAX changes ${name}`,
      {
        operandInvalidRax: (out) => {
          MODULE_1_5_01.operandInvalidRax(out);
          out[2 * GPR[name]] ^= 1;
        },
      },
    ]),
  ];
}

/** No vector among the 82 recorded ones has this bit, leaf or version; the rules are docs/abi/tdcall.md#check-order. */
const NOT_COVERED = [
  ...[25, 26, 27, 28, 29, 30, 31, 41, 42, 43, 44, 46, 54, 55, 56, 57, 58, 61, 62, 63].map(
    (bit) => `RAX bit ${bit} is ignored`,
  ),
  ...[3, 4].map((bit) => `version bit ${bit} is ignored`),
  ...[6, 11, 20, 22].map((leaf) => `leaf ${leaf} takes any version`),
  ...[2, 8, 20, 22, 23, 24, 25, 26].map((leaf) => `leaf ${leaf} is not implemented`),
  ...[15, 16, 19, 21, 31, 37, 39].map((leaf) => `leaf ${leaf} is implemented`),
];

describe('the TDCALL vectors and the dispatcher', () => {
  itNoticesWrongModuleRules('tdcall', dispatchMutations(), NOT_COVERED);
});
