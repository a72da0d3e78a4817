/**
 * What a story may carry beside its exchanges: interrupts and NMIs, RFLAGS, a TD without NO_RBP_MOD. An action that has these
 * slots has them drawn, shrunk and stored like any other; in one that has not, nothing of it happens.
 */
import type { Values } from '../../models/exchange/exchange.js';
import { FAULT, FAULT_NAMES, KERNEL_FLAGS } from '../scenario/layout.js';
import type { Disturbance } from '../stage/program-stage.js';
import { below, type Draw, either, mostly, oneOf, uniform } from '../story/draws.js';
import { speaking, type StoryAction, type StorySlot } from '../story/story.js';
import { FLAG, flagsText } from '../x86/flags.js';

/** The names of the slots. Values of `event.kind` are those of FAULT (src/scenario/layout.ts). */
export const DISTURBANCE = {
  kind: 'event.kind',
  /** Instructions of the call from which on it is pending; bits 15:0 count. */
  at: 'event.at',
  /** What its handler leaves below RSP; HANDLER_GRAFFITI where it is 0, so that 0 has not to be told from what was there. */
  value: 'event.value',
  /** KERNEL_FLAGS (src/scenario/layout.ts), IF apart. */
  flags: 'entry.rflags',
  /** Not 0: without NO_RBP_MOD. */
  rbpMod: 'td.rbp_mod',
} as const;

const AT_MASK = 0xffffn;
const HANDLER_GRAFFITI = 0x4a9d1e55_4a9d1e55n;

/** Boundaries from the entry on: most calls execute up to 130 instructions, those of 2021 up to 50, the longest sound ones 750. */
const boundary: Draw = either(below(48), below(128), below(128), below(768));
const callerFlags: Draw = (dice) => uniform(dice) & BigInt(KERNEL_FLAGS & ~FLAG.IF);

function control(meaning: string, draw: Draw): StorySlot {
  return { meaning, draw, neutral: 0n, role: 'control' };
}

const SLOTS: Readonly<Record<string, StorySlot>> = {
  [DISTURBANCE.kind]: speaking(
    { of: (value) => FAULT_NAMES[Number(BigInt.asUintN(8, value))] },
    control(
      `what comes during the call (${FAULT.interrupt}: an interrupt, ${FAULT.nmi}: an NMI, 0: nothing)`,
      mostly(oneOf(BigInt(FAULT.none)), oneOf(BigInt(FAULT.interrupt), BigInt(FAULT.nmi)), 4),
    ),
  ),
  [DISTURBANCE.at]: control('the instructions of the call behind which it is pending', boundary),
  [DISTURBANCE.value]: control('what its handler leaves below RSP (0: a value of its own)', uniform),
  [DISTURBANCE.flags]: speaking(
    { of: (value) => flagsText(Number(BigInt.asUintN(32, value))) || undefined },
    control('RFLAGS at the entry, IF apart', mostly(oneOf(0n), callerFlags, 2)),
  ),
};

const GUEST_SLOTS: typeof SLOTS = {
  ...SLOTS,
  [DISTURBANCE.rbpMod]: control('1: the TD is without NO_RBP_MOD', mostly(oneOf(0n), oneOf(1n))),
};

/**
 * An action in which it may happen. Its own values are drawn as without.
 *
 * @param side whether the code under test runs in a TD, which has a configuration
 */
export function disturbed(action: StoryAction, side: 'guest' | 'host'): StoryAction {
  return { ...action, slots: { ...action.slots, ...(side === 'guest' ? GUEST_SLOTS : SLOTS) } };
}

/** What the values of a step say of it. */
export function disturbanceOf(values: Values): Disturbance {
  const kind = values[DISTURBANCE.kind] ?? 0n;
  const flags = values[DISTURBANCE.flags];
  if (kind === 0n && flags === undefined && !hasRbpMod(values)) return UNDISTURBED;
  return {
    flags: flags ?? 0n,
    event: {
      kind: Number(BigInt.asUintN(8, kind)),
      at: Number((values[DISTURBANCE.at] ?? 0n) & AT_MASK),
      value: (values[DISTURBANCE.value] ?? 0n) || HANDLER_GRAFFITI,
    },
    rbpMod: hasRbpMod(values),
  };
}

const UNDISTURBED: Disturbance = {};

/** Whether the TD and its module are without NO_RBP_MOD. */
export function hasRbpMod(values: Values): boolean {
  return (values[DISTURBANCE.rbpMod] ?? 0n) !== 0n;
}
