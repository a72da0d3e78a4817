import { describe } from 'vitest';
import { GPR } from '../abi/registers.js';
import { RECORDED_GPRS } from '../vectors/vector-fields.js';
import { ASYNC_EXITS, type AsyncExit, type AsyncExitCase, type AsyncExitRow } from './async-exits.js';
import { itNoticesWrongSeamRules, type SeamMutation } from './mutations.test.helper.js';
import { asyncHostView } from './vp-enter.js';

/** Every way an exit can end. */
const endings = new Map<string, AsyncExit>();
for (const { cases } of ASYNC_EXITS.values()) for (const { exit } of cases) endings.set(JSON.stringify(exit), exit);

/** Each case ending as any other does, with another second entry, and applying where it does not. */
function exitMutations(): SeamMutation[] {
  return [...ASYNC_EXITS.values()].flatMap((row) => row.cases.flatMap((_, index) => caseMutations(row, index)));
}

function caseMutations(row: AsyncExitRow, index: number): SeamMutation[] {
  const right = row.cases[index];
  const name = `reason ${row.reason}, ${right.when}`;
  const wrong = (change: Partial<AsyncExitCase>): SeamMutation[1] => {
    const cases = row.cases.map((one) => (one === right ? { ...one, ...change } : one));
    return { asyncExits: new Map([...ASYNC_EXITS, [row.reason, { ...row, cases }]]) };
  };
  const others = [...endings.values()].filter((ending) => ending !== right.exit);
  const reentries = [undefined, 'TDX_VCPU_STATE_INCORRECT', 'TDX_TD_FATAL'].filter(
    (status) => right.exit.ends === 'to_host' && status !== right.exit.reentryStatus,
  );
  const isChoice = index < row.cases.length - 1;
  return [
    ...others.map((ending): SeamMutation => [
      `${name}: ${ending.ends} ${ending.status} RIP+${ending.ripDelta}`,
      wrong({ exit: ending }),
    ]),
    ...reentries.map((reentryStatus): SeamMutation => [
      `${name}: then ${reentryStatus ?? 'back into the TD'}`,
      wrong({ exit: { ...right.exit, reentryStatus } }),
    ]),
    ...(isChoice
      ? [
          [`${name}: never`, wrong({ applies: () => false })] as const,
          [`${name}: always`, wrong({ applies: () => true })] as const,
        ]
      : []),
  ];
}

/** Each register of the host's view another, or kept; each XMM another; the VM index. */
function viewMutations(): SeamMutation[] {
  const changed = (change: (out: Int32Array, xmm: Int32Array, before: Int32Array) => void): SeamMutation[1] => ({
    asyncHostView: (low, high, vm, information, out, xmm) => {
      const before = Int32Array.from(out);
      asyncHostView(low, high, vm, information, out, xmm);
      change(out, xmm, before);
    },
  });
  return [
    ...RECORDED_GPRS.flatMap((name): SeamMutation[] => {
      const at = 2 * GPR[name];
      return [
        [`${name} of the host's view is another`, changed((out) => (out[at] ^= 1))],
        [`the host keeps ${name}`, changed((out, _xmm, before) => out.set(before.subarray(at, at + 2), at))],
      ];
    }),
    ...Array.from({ length: 16 }, (_, register): SeamMutation => [
      `XMM${register} of the host's view is not zero`,
      changed((_out, xmm) => (xmm[4 * register + 3] = 1)),
    ]),
    ...[1, 2].map((bit): SeamMutation => [
      `bit ${bit} of the VM index is another`,
      changed((out) => (out[2 * GPR.RCX + 1] ^= bit)),
    ]),
  ];
}

/** No vector among the 152 recorded ones stands there; the rules are docs/abi/seamcall.md#exit-reasons. */
const NOT_COVERED = [
  ...[26, 27, 48].map((reason) => `reason ${reason}, always: *`),
  ...[14, 29, 35, 37, 40, 43, 47, 57, 61, 62, 71].flatMap((reason) => [
    `reason ${reason}, debug TD: always`,
    `reason ${reason}, otherwise: *`,
  ]),
  ...[5, 35, 51, 58, 62, 66, 67, 71].flatMap((reason) =>
    ['to_td *', 'to_host *', 'stops *', 'then *', 'never'].map((wrong) => `reason ${reason}, debug TD: ${wrong}`),
  ),
  ...['NMI: *', 'another exception, debug TD: always', 'another exception: *'].map((rule) => `reason 0, ${rule}`),
  ...['reason 0, machine check', 'reason 28, LMSW', 'reason 28, a legal MOV to CR0 or CR4'].flatMap((rule) =>
    ['to_*', 'stops *', 'never'].map((wrong) => `${rule}: ${wrong}`),
  ),
  'reason 0, machine check: then *',
  'reason 49, *',
  // What describes the exit comes from unrecorded state: an input.
  ...['RCX', 'RDX', 'R8', 'R9'].flatMap((name) => [`${name} of the host's view is another`, `the host keeps ${name}`]),
];

describe('the vectors of asynchronous exits', () => {
  itNoticesWrongSeamRules('async', [...exitMutations(), ...viewMutations()], NOT_COVERED);
});
