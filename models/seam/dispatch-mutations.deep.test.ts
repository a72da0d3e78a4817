import { describe } from 'vitest';
import { GPR } from '../abi/registers.js';
import { SEAMCALL_LEAVES } from '../abi/seamcall-leaves.js';
import { SYSTEM_STATE, type SystemState } from '../abi/seamcall.js';
import { RECORDED_GPRS } from '../vectors/vector-fields.js';
import { DISPATCH_CHECKS, type DispatchCheck, leafOf, refusalReturn, versionOf, versionPasses } from './dispatch.js';
import { leafOutcome } from './leaf-outcome.js';
import { LEAF_RULES } from './leaf-rules.js';
import { itNoticesWrongSeamRules, NEVER_REACHED, type SeamMutation } from './mutations.test.helper.js';

const [RESERVED, VERSION, SHUTDOWN, READY, EXISTS] = DISPATCH_CHECKS.keys();

/** The dispatcher with one check answering otherwise. */
function answering(index: number, refuses: DispatchCheck['refuses']): SeamMutation[1] {
  return { dispatchChecks: DISPATCH_CHECKS.with(index, { ...DISPATCH_CHECKS[index], refuses }) };
}

const known = SEAMCALL_LEAVES.filter((row) => row.implementedIn1501).map(({ leaf }) => leaf);
const versioned = known.filter((leaf) => versionPasses(leaf, 1));
const early = SEAMCALL_LEAVES.filter((row) => row.beforeReady).map(({ leaf }) => leaf);
/** Up to the highest number that was tried on the module. */
const unknown = Array.from({ length: 110 }, (_, leaf) => leaf).filter((leaf) => !known.includes(leaf));

function bitMutations(): SeamMutation[] {
  const reserved = Array.from({ length: 40 }, (_, index): SeamMutation => {
    const bit = 24 + index;
    const [low, high] = bit < 32 ? [1 << bit, 0] : [0, 1 << (bit - 32)];
    const { refuses } = DISPATCH_CHECKS[RESERVED];
    return [
      `RAX bit ${bit} is ignored`,
      answering(RESERVED, (state, raxLow, raxHigh) => refuses(state, raxLow & ~low, raxHigh & ~high)),
    ];
  });
  const version = Array.from({ length: 8 }, (_, bit): SeamMutation => {
    const { refuses } = DISPATCH_CHECKS[VERSION];
    return [
      `version bit ${bit} is ignored`,
      answering(VERSION, (state, raxLow, raxHigh) => refuses(state, raxLow & ~(1 << (16 + bit)), raxHigh)),
    ];
  });
  return [...reserved, ...version];
}

/** The check says the opposite for one leaf. */
function exceptFor(index: number, leaf: number, states: readonly SystemState[]): SeamMutation[1] {
  const { refuses } = DISPATCH_CHECKS[index];
  return answering(index, (state, low, high) => {
    const isMeant = leafOf(low) === leaf && states.includes(state);
    return isMeant !== refuses(state, low, high);
  });
}

function leafMutations(): SeamMutation[] {
  const { SYSINIT_PENDING, SYSINIT_DONE, SYSCONFIG_DONE, SHUTDOWN: SHUT_DOWN } = SYSTEM_STATE;
  const beforeReady = [SYSINIT_PENDING, SYSINIT_DONE, SYSCONFIG_DONE];
  const { refuses: wrongVersion } = DISPATCH_CHECKS[VERSION];
  return [
    ...known.map((leaf): SeamMutation => [
      `leaf ${leaf} takes ${versioned.includes(leaf) ? 'version 0 alone' : 'any version'}`,
      answering(VERSION, (state, low, high) =>
        leafOf(low) === leaf ? versioned.includes(leaf) && versionOf(low) !== 0 : wrongVersion(state, low, high),
      ),
    ]),
    ...known.map((leaf): SeamMutation => [
      `leaf ${leaf} ${early.includes(leaf) ? 'has to wait' : 'does not have to wait'} for READY`,
      exceptFor(READY, leaf, beforeReady),
    ]),
    ...known.map((leaf): SeamMutation => [
      `leaf ${leaf} is ${leaf === 44 ? 'refused' : 'taken'} in SHUTDOWN`,
      exceptFor(SHUTDOWN, leaf, [SHUT_DOWN]),
    ]),
    ...known.map((leaf): SeamMutation => [
      `leaf ${leaf} is not implemented`,
      exceptFor(EXISTS, leaf, Object.values(SYSTEM_STATE)),
    ]),
    // The rule of a leaf that the module does not have: it succeeds and changes nothing.
    ...unknown.map((leaf): SeamMutation => [
      `leaf ${leaf} is implemented`,
      {
        ...exceptFor(EXISTS, leaf, Object.values(SYSTEM_STATE)),
        leafRules: new Map([...LEAF_RULES, [leaf, { leaf, checks: [], succeeds: true }]]),
        leafOutcome: (number, version) => leafOutcome(number === leaf ? 1 : number, version),
      },
    ]),
  ];
}

function orderMutations(): SeamMutation[] {
  const checks = [...DISPATCH_CHECKS.entries()];
  return [
    ...checks.map(([index, { rule }]): SeamMutation => [
      `${rule}: not checked`,
      { dispatchChecks: DISPATCH_CHECKS.toSpliced(index, 1) },
    ]),
    ...checks.map(([index, check]): SeamMutation => [
      `${check.rule}: another status`,
      { dispatchChecks: DISPATCH_CHECKS.with(index, { ...check, status: 'TDX_SYS_BUSY' }) },
    ]),
    ...checks.map(([index, check]): SeamMutation => [
      `${check.rule}: another operand`,
      { dispatchChecks: DISPATCH_CHECKS.with(index, { ...check, operand: 'RCX' }) },
    ]),
    ...checks
      .slice(1)
      .map(([index, check]): SeamMutation => [
        `${check.rule}: one place too early`,
        { dispatchChecks: DISPATCH_CHECKS.with(index, DISPATCH_CHECKS[index - 1]).with(index - 1, check) },
      ]),
    ...Object.entries(SYSTEM_STATE)
      .filter(([name]) => name !== 'READY')
      .map(([name, meant]): SeamMutation => {
        const { refuses } = DISPATCH_CHECKS[READY];
        return [
          `${name} counts as READY`,
          answering(READY, (state, low, high) => state !== meant && refuses(state, low, high)),
        ];
      }),
    ...RECORDED_GPRS.map((name): SeamMutation => [
      `a refusal changes ${name}`,
      {
        refusalReturn: (refused, out) => {
          refusalReturn(refused, out);
          out[2 * GPR[name]] ^= 1;
        },
      },
    ]),
  ];
}

/** No vector among the 215 recorded ones has this bit, leaf, version or state; the rules are docs/abi/seamcall.md#check-order. */
const NOT_COVERED = [
  ...[24, 26, 28, 32, 34, 38, 41, 42, 43, 45, 46, 48, 53, 57, 59, 61, 62].map((bit) => `RAX bit ${bit} is ignored`),
  ...[1, 2, 3].map((bit) => `version bit ${bit} is ignored`),
  // Versions above 0 were tried on leaf 0 alone.
  ...known.filter((leaf) => leaf !== 0 && !versioned.includes(leaf)).map((leaf) => `leaf ${leaf} takes any version`),
  ...versioned.map((leaf) => `leaf ${leaf} takes version 0 alone`),
  ...[3, 11, 28, 36, 40, 49, 64, 65, 66, 68, 70, 71, 72, 73, 74, 75, 80, 81, 82, 83, 84, 85, 86, 87, 96].map(
    (leaf) => `leaf ${leaf} does not have to wait for READY`,
  ),
  ...[33, 37].map((leaf) => `leaf ${leaf} has to wait for READY`),
  ...[
    2, 4, 8, 10, 11, 12, 13, 18, 21, 23, 24, 32, 34, 36, 37, 39, 41, 43, 64, 65, 66, 68, 70, 71, 72, 73, 74, 75, 80, 81,
    82, 83, 84, 85, 86, 87, 96,
  ].map((leaf) => `leaf ${leaf} is taken in SHUTDOWN`),
  ...NEVER_REACHED.map((leaf) => `leaf ${leaf} is not implemented`),
  ...[47, 55, 56, 57, 58, 60, 62, 69, 76, 78, 79, 90, 91, 93, 94, 95, 99, 103, 105, 107, 108, 109].map(
    (leaf) => `leaf ${leaf} is implemented`,
  ),
  // Both checks give the same status; no recorded call has a wrong version in SHUTDOWN; leaf 44 alone gets past the check
  // before.
  'the leaf has versions, or the version is 0: one place too early',
  'the module is not shut down: one place too early',
  'SHUTDOWN counts as READY',
];

describe('the SEAMCALL vectors and the dispatcher', () => {
  itNoticesWrongSeamRules('seamcall', [...bitMutations(), ...leafMutations(), ...orderMutations()], NOT_COVERED);
});
