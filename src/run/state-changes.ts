/** Parts of the machine's state that differ between two moments of a trace, by name. */
import { readHalves } from '../halves.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_NAMES } from '../x86/registers.js';

/** Every part that traces speak of: general registers in hardware order, flags, control words, the halves of XMM. */
export const STATE_PARTS: readonly { name: string; slot: number }[] = [
  ...REGISTER_NAMES.map((name, index) => ({ name, slot: STATE.GPR + index })),
  { name: 'rflags', slot: STATE.RFLAGS },
  { name: 'mxcsr', slot: STATE.MXCSR },
  { name: 'x87cw', slot: STATE.X87_CW },
  ...Array.from({ length: 32 }, (_, index) => ({
    name: `xmm${index >> 1}.${index & 1 ? 'high' : 'low'}`,
    slot: STATE.XMM + index,
  })),
];

export interface StateChange {
  name: string;
  old: bigint;
  now: bigint;
}

/** @param before state as the machine's slots, two halves each */
export function stateChanges(before: Int32Array, after: Int32Array): StateChange[] {
  const changes: StateChange[] = [];
  for (const { name, slot } of STATE_PARTS) {
    if (before[2 * slot] === after[2 * slot] && before[2 * slot + 1] === after[2 * slot + 1]) continue;
    changes.push({ name, old: readHalves(before, 2 * slot), now: readHalves(after, 2 * slot) });
  }
  return changes;
}
