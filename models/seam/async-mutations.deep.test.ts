import { describe } from 'vitest';
import { GPR } from '../abi/registers.js';
import { RECORDED_GPRS } from '../vectors/vector-fields.js';
import { ASYNC_EXITS, type AsyncExit, type AsyncExitRow } from './async-exits.js';
import { itNoticesWrongSeamRules, type SeamMutation } from './mutations.test.helper.js';
import { asyncHostView } from './vp-enter.js';

const TDS = ['production', 'debug'] as const;

/** Every way an exit can end. */
const endings = new Map<string, AsyncExit>();
for (const row of ASYNC_EXITS.values()) {
  for (const td of TDS) endings.set(JSON.stringify(row[td]), row[td]);
}

const withRow = (row: AsyncExitRow): SeamMutation[1] => ({ asyncExits: new Map([...ASYNC_EXITS, [row.reason, row]]) });

/** Each exit ending as any other does, and with another second entry or another advance of RIP. */
function exitMutations(): SeamMutation[] {
  return [...ASYNC_EXITS.values()].flatMap((row) =>
    TDS.flatMap((td): SeamMutation[] => {
      const right = row[td];
      const others = [...endings.values()].filter((ending) => ending !== right);
      const reentries = [undefined, 'TDX_VCPU_STATE_INCORRECT', 'TDX_TD_FATAL'].filter(
        (status) => right.ends === 'to_host' && status !== right.reentryStatus,
      );
      return [
        ...others.map((ending): SeamMutation => [
          `reason ${row.reason}, ${td}: ${ending.ends} ${ending.status} RIP+${ending.ripDelta}`,
          withRow({ ...row, [td]: ending }),
        ]),
        ...reentries.map((reentryStatus): SeamMutation => [
          `reason ${row.reason}, ${td}: then ${reentryStatus ?? 'back into the TD'}`,
          withRow({ ...row, [td]: { ...right, reentryStatus } }),
        ]),
      ];
    }),
  );
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

/** No vector among the 152 recorded ones has this exit; the rules are docs/abi/seamcall.md#exit-reasons. */
const NOT_COVERED = [
  ...[0, 3, 8, 10, 14, 20, 26, 27, 29, 32, 35, 36, 37, 40, 43, 47, 49, 55, 57, 61, 62, 71, 73].map(
    (reason) => `reason ${reason}, production: *`,
  ),
  ...[5, 13, 21, 22, 23, 25, 26, 27, 35, 39, 49, 51, 58, 62, 65, 66, 67, 71, 74].map(
    (reason) => `reason ${reason}, debug: *`,
  ),
  // What describes the exit comes from unrecorded state: an input.
  ...['RCX', 'RDX', 'R8', 'R9'].flatMap((name) => [`${name} of the host's view is another`, `the host keeps ${name}`]),
];

describe('the vectors of asynchronous exits', () => {
  itNoticesWrongSeamRules('async', [...exitMutations(), ...viewMutations()], NOT_COVERED);
});
