/** Values that the stories of several helpers have, and what a hostile host answers. */
import { statusHigh } from '../../../models/abi/status.js';
import { TDCALL_LEAVES } from '../../../models/abi/tdcall-leaves.js';
import { STATUS_CODES } from '../../../models/abi/status-codes.js';
import { TDVMCALL_STATUS } from '../../../models/abi/tdvmcall.js';
import {
  type Draw,
  anyValue,
  below,
  either,
  mostly,
  oneBitOff,
  oneOf,
  uniform,
  upperHalfAdded,
} from '../../story/draws.js';
import { speaking, type StorySlot } from '../../story/story.js';

export type Slots = Readonly<Record<string, StorySlot>>;

export function slot(meaning: string, draw: Draw, neutral = 0n): StorySlot {
  return { meaning, draw, neutral };
}

/** Any argument or register of which all bits may matter. */
export function anything(meaning: string, neutral = 0n): StorySlot {
  return slot(meaning, anyValue, neutral);
}

const statusWord = oneOf(...STATUS_CODES.map(({ value }) => value));
/** Whatever is not 0 is a failure: words of the module, their halves, and single bits. */
const failure: Draw = either(statusWord, upperHalfAdded(oneOf(0n)), anyValue, oneBitOff(oneOf(0n)));

/** RAX behind TDCALL. */
export const statusSlot = speaking('tdcall-status', slot('RAX behind TDCALL', mostly(oneOf(0n), failure, 8)));

/** Errors of a leaf of TDCALL as its handler and their helpers give them, with details in the lower half; and what lies beside them. */
export function leafErrors(leaf: number): Draw {
  const names = TDCALL_LEAVES.filter((row) => row.leaf === leaf).flatMap((row) => [
    ...row.statuses,
    ...(row.helperStatuses ?? []),
  ]);
  const words = names.map((name) => BigInt(statusHigh(name)) << 32n).filter((value) => value !== 0n);
  const named: Draw = (dice) =>
    oneOf(...words)(dice) | mostly(below(32), (other) => uniform(other) & 0xffffffffn)(dice);
  return mostly(named, either(oneBitOff(named), failure), 4);
}

/** RAX behind a leaf of TDCALL: an error once in so many answers. */
export function leafStatusSlot(leaf: number, times = 8): StorySlot {
  return speaking('tdcall-status', slot('RAX behind TDCALL', mostly(oneOf(0n), leafErrors(leaf), times)));
}

const hostStatus = oneOf(...Object.values(TDVMCALL_STATUS));

/** R10 behind a TDVMCALL. */
export const r10Slot = speaking(
  'tdvmcall-status',
  slot('R10 that the host answers', mostly(oneOf(0n), either(hostStatus, oneBitOff(oneOf(0n)), anyValue), 3)),
);

/** What the host answers to the only TDVMCALL of a helper. */
export function hostSlots(...results: readonly string[]): Slots {
  const given = results.map((name) => [`host.${name}`, anything(`${name.toUpperCase()} that the host answers`)]);
  return {
    'host.status': statusSlot,
    'host.r10': r10Slot,
    ...(Object.fromEntries(given) as Record<string, StorySlot>),
    'host.others': slot('the other registers that the host answers', uniform),
  };
}

/** What the caller's registers hold that are no parameters. */
export const graffitiSlot = slot('registers that nobody reads', uniform, 0x6c0ffee0_5eedn);

export const interruptsSlot = slot('RFLAGS.IF at the entry', oneOf(0n, 1n));
