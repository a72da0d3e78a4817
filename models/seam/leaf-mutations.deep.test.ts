import { describe } from 'vitest';
import { GPR, gprMask } from '../abi/registers.js';
import { RECORDED_GPRS } from '../vectors/vector-fields.js';
import { leafOutcome, type LeafOutcome } from './leaf-outcome.js';
import type { LeafCheck, LeafRule } from './leaf-rule.js';
import { LEAF_RULES } from './leaf-rules.js';
import { itNoticesWrongSeamRules, NEVER_REACHED, type SeamMutation } from './mutations.test.helper.js';

const LEAVES = [...LEAF_RULES.keys()];
const OTHERS = RECORDED_GPRS.filter((name) => name !== 'RAX');
const ALL_BUT_RAX_AND_RSP = gprMask(...OTHERS);

function ruleOf(leaf: number): LeafRule {
  const rule = LEAF_RULES.get(leaf);
  if (rule === undefined) throw new Error(`leaf ${leaf} has no rule`);
  return rule;
}

function outcomeOf(leaf: number): LeafOutcome {
  const outcome = leafOutcome(leaf, 0);
  if (outcome === undefined) throw new Error(`leaf ${leaf} has no outcome`);
  return outcome;
}

/** The model with another rule for one leaf. */
const withRule = (rule: LeafRule): SeamMutation[1] => ({ leafRules: new Map([...LEAF_RULES, [rule.leaf, rule]]) });

/** The model with another outcome of one leaf. */
function withOutcome(leaf: number, change: (right: LeafOutcome) => Partial<LeafOutcome>): SeamMutation[1] {
  return {
    leafOutcome: (number, version) => {
      const right = leafOutcome(number, version);
      return right === undefined || number !== leaf ? right : { ...right, ...change(right) };
    },
  };
}

type Checks = LeafRule['checks'];

/** The model with other checks for every leaf. */
const withChecks = (change: (checks: Checks) => Checks): SeamMutation[1] => ({
  leafRules: new Map(LEAVES.map((leaf) => [leaf, { ...ruleOf(leaf), checks: change(ruleOf(leaf).checks) }])),
});

/** What is one rule for many leaves, by the end of its name. */
const SHARED = ['is aligned to 4096 bytes', 'is below MAXPA', 'is in a TDMR', 'the version is 0 or 1'];
const isShared = ({ rule }: LeafCheck): boolean => SHARED.some((shared) => rule.endsWith(shared));

/** A shared rule left out everywhere, with another status or operand; and what it is about, leaf by leaf. */
function sharedMutations(): SeamMutation[] {
  const shared = SHARED.flatMap((name): SeamMutation[] => {
    const change = (other: Partial<LeafCheck>) => (checks: Checks) =>
      checks.map((check) => (check.rule.endsWith(name) ? { ...check, ...other } : check));
    return [
      [`${name}: not checked`, withChecks((checks) => checks.filter(({ rule }) => !rule.endsWith(name)))],
      [`${name}: another status`, withChecks(change({ status: 'TDX_SYS_BUSY' }))],
      [`${name}: another operand`, withChecks(change({ operand: 'R9' }))],
    ];
  });
  const leaves = LEAVES.filter((leaf) => ruleOf(leaf).checks.some(isShared)).flatMap((leaf): SeamMutation[] => {
    const rule = ruleOf(leaf);
    const blamed = rule.checks.map((check) => (isShared(check) ? { ...check, operand: 'R9' as const } : check));
    return [
      [`leaf ${leaf}: its operand is not checked`, withRule({ ...rule, checks: [] })],
      [`leaf ${leaf}: another operand is checked`, withRule({ ...rule, checks: blamed })],
    ];
  });
  return [...shared, ['all checks in reverse', withChecks((checks) => checks.toReversed())], ...leaves];
}

/** The checks that a leaf has for itself: each left out, turned round, and with another status or operand. */
function ownMutations(): SeamMutation[] {
  return LEAVES.flatMap((leaf) => {
    const rule = ruleOf(leaf);
    return [...rule.checks.entries()].flatMap(([index, check]): SeamMutation[] => {
      if (isShared(check)) return [];
      const name = `leaf ${leaf}: ${check.rule}`;
      const other = (change: Partial<LeafCheck>): SeamMutation[1] =>
        withRule({ ...rule, checks: rule.checks.with(index, { ...check, ...change }) });
      return [
        [`${name}: not checked`, withRule({ ...rule, checks: rule.checks.toSpliced(index, 1) })],
        [`${name}: turned round`, other({ check: (call) => (check.check(call) === 'passes' ? 'fails' : 'passes') })],
        [`${name}: another status`, other({ status: 'TDX_SYS_BUSY' })],
        [`${name}: another operand`, other({ operand: 'R9' })],
      ];
    });
  });
}

/** Each register that an error sets, kept or set to something else; each that it does not set, zeroed. */
function errorMutations(): SeamMutation[] {
  // What always succeeds has no error side.
  return LEAVES.filter((leaf) => !ruleOf(leaf).succeeds).flatMap((leaf) => {
    const right = outcomeOf(leaf);
    return OTHERS.flatMap((name): SeamMutation[] => {
      const isSet = (right.errorMask & gprMask(name)) !== 0;
      const at = 2 * GPR[name];
      const inverted = Int32Array.from(right.errorValues).fill(~right.errorValues[at], at, at + 2);
      const flipped = withOutcome(leaf, () => ({ errorMask: right.errorMask ^ gprMask(name) }));
      if (!isSet) return [[`leaf ${leaf}, error: ${name} is 0`, flipped]];
      return [
        [`leaf ${leaf}, error: ${name} is kept`, flipped],
        [`leaf ${leaf}, error: ${name} is inverted`, withOutcome(leaf, () => ({ errorValues: inverted }))],
      ];
    });
  });
}

/** Success: each output lost, each register that is none taken for one; who succeeds always; details; XMM. */
function successMutations(): SeamMutation[] {
  const everywhere = (change: (right: LeafOutcome) => Partial<LeafOutcome>): SeamMutation[1] => ({
    leafOutcome: (leaf, version) => {
      const right = leafOutcome(leaf, version);
      return right === undefined ? right : { ...right, ...change(right) };
    },
  });
  const outputs = LEAVES.flatMap((leaf): SeamMutation[] => {
    const { successMask } = outcomeOf(leaf);
    const none: SeamMutation = [`leaf ${leaf}, success: no output`, withOutcome(leaf, () => ({ successMask: 0 }))];
    const all = ALL_BUT_RAX_AND_RSP;
    return [
      ...(successMask === 0 ? [] : [none]),
      ...(successMask === all
        ? []
        : [[`leaf ${leaf}, success: all outputs`, withOutcome(leaf, () => ({ successMask: all }))] as const]),
    ];
  });
  return [
    ...outputs,
    ...LEAVES.filter((leaf) => ruleOf(leaf).succeeds).map((leaf): SeamMutation => [
      `leaf ${leaf} does not always succeed`,
      withRule({ ...ruleOf(leaf), succeeds: false }),
    ]),
    [
      'every leaf succeeds once its operand is good',
      { leafRules: new Map(LEAVES.map((leaf) => [leaf, { ...ruleOf(leaf), succeeds: true }])) },
    ],
    ['no details of the secure EPT', everywhere(() => ({ septMask: 0 }))],
    ['no details of an interruption', everywhere(() => ({ interruptedMask: 0 }))],
    ['every leaf clears XMM', everywhere(() => ({ xmm: 'zeroed' }))],
    ['no leaf clears XMM', everywhere(() => ({ xmm: 'preserved' }))],
  ];
}

/** The host's registers were zero in every recorded call, but for RCX = 1: setting another to 0 does not show. */
const ZERO_REGISTERS = [7, 10, 11, 12, 13, 26, 39, 40, 45];
/** All recorded calls of the other leaves fail. */
const SUCCESS_RECORDED = [27, 31, 34, 44];

/** These rules stand on docs/abi/seamcall.md#leaves and the handlers' source alone: no recorded vector reaches them. */
const NOT_COVERED = [
  // The recorded addresses are misaligned or 0.
  'is below MAXPA: *',
  // No recorded call has a version above 0 that the dispatcher takes.
  'the version is 0 or 1: *',
  ...NEVER_REACHED.filter((leaf) => ruleOf(leaf).checks.some(isShared)).flatMap((leaf) => [
    `leaf ${leaf}: its operand is not checked`,
    `leaf ${leaf}: another operand is checked`,
  ]),
  // The one recorded operand fails an earlier check.
  'leaf 0: another operand is checked',
  'leaf 32: another operand is checked',
  // The recorded logical processor is initialised, and no call was made where it must not be.
  ...[32, 34].flatMap((leaf) =>
    ['not checked', 'another status', 'another operand'].map(
      (wrong) => `leaf ${leaf}: the logical processor is initialised: ${wrong}`,
    ),
  ),
  'leaf 35: the logical processor is not yet initialised: *',
  // No recorded command is wrong, and no recorded TDH.SYS.CONFIG comes too late.
  ...['not checked', 'another status', 'another operand'].flatMap((wrong) => [
    `leaf 40: RCX is a command: ${wrong}`,
    `leaf 45: the module is in state SYSINIT_DONE: ${wrong}`,
  ]),
  ...NEVER_REACHED.map((leaf) => `leaf ${leaf}, error: *`),
  ...ZERO_REGISTERS.flatMap((leaf) =>
    OTHERS.filter((name) => name !== 'RCX').map(
      (name) => `leaf ${leaf}, error: ${name} is ${(outcomeOf(leaf).errorMask & gprMask(name)) === 0 ? '0' : 'kept'}`,
    ),
  ),
  // TDH.SYS.RD succeeds in all records.
  'leaf 34, error: *',
  ...LEAVES.filter((leaf) => !SUCCESS_RECORDED.includes(leaf)).map((leaf) => `leaf ${leaf}, success: *`),
  // No recorded call walked a secure EPT, was interrupted, or ran cryptography.
  'no details of the secure EPT',
  'no details of an interruption',
  'no leaf clears XMM',
];

describe('the SEAMCALL vectors and the leaves', () => {
  const mutations = [...sharedMutations(), ...ownMutations(), ...errorMutations(), ...successMutations()];
  itNoticesWrongSeamRules('seamcall', mutations, NOT_COVERED);
});
