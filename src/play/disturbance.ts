/**
 * What a story may carry beside its exchanges: interrupts and NMIs, RFLAGS, a TD without NO_RBP_MOD. An action that has these
 * slots has them drawn, shrunk and stored like any other; in one that has not, nothing of it happens.
 */
import type { Values } from '../../models/exchange/exchange.js';
import type { Disturbance } from '../stage/program-stage.js';

/** The names of the slots. Values of `event.kind` are those of FAULT (src/scenario/layout.ts). */
export const DISTURBANCE = {
  kind: 'event.kind',
  /** Instructions of the call from which on it is pending; bits 15:0 count. */
  at: 'event.at',
  /** What its handler leaves below RSP. */
  value: 'event.value',
  /** CALLER_FLAGS (src/scenario/layout.ts), IF apart. */
  flags: 'entry.rflags',
  /** Not 0: without NO_RBP_MOD. */
  rbpMod: 'td.rbp_mod',
} as const;

const AT_MASK = 0xffffn;

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
      value: values[DISTURBANCE.value] ?? 0n,
    },
    rbpMod: hasRbpMod(values),
  };
}

const UNDISTURBED: Disturbance = {};

/** Whether the TD and its module are without NO_RBP_MOD. */
export function hasRbpMod(values: Values): boolean {
  return (values[DISTURBANCE.rbpMod] ?? 0n) !== 0n;
}
