import { GPR, GPR_COUNT } from '../abi/registers.js';
import { statusHigh } from '../abi/status.js';
import { TDCALL_LEAF, TDCALL_LEAVES, type TdcallLeaf } from '../abi/tdcall-leaves.js';
import type { ModuleConfiguration } from './configuration.js';
import { leafIsImplemented, versionPasses } from './dispatch.js';
import { operandInvalidRax } from './status.js';

/**
 * Which registers the outcome of one leaf may change; everything outside the masks is preserved, XMM too. RAX is not in
 * the masks: it always holds the status. For TDG.VP.VMCALL the masks are empty (see vmcall.ts).
 */
export interface LeafOutcome {
  readonly leaf: number;
  readonly version: number;
  /** False where the handler refuses the version itself (TDG.VM.RD from version 2 on): only the error side applies. */
  readonly canSucceed: boolean;
  /** One bit for each general register that success writes. */
  readonly successMask: number;
  /** One bit for each general register that an error after dispatch writes. */
  readonly errorMask: number;
  /** Register file (16 pairs): the value of each register in `errorMask`. Read only. */
  readonly errorValues: Int32Array;
  /** Registers written only together with `conditionalStatusHigh`; not in the other masks. */
  readonly conditionalMask: number;
  /** Upper half (unsigned) of the status that goes with `conditionalMask`; 0 where that mask is empty. */
  readonly conditionalStatusHigh: number;
  /** Upper halves (unsigned) of the error statuses (bit 63 set) of the handler and its helpers. */
  readonly errorStatusHighs: readonly number[];
}

const MAX_VERSION = 0xff;

function outcomeOf(row: TdcallLeaf, version: number): LeafOutcome {
  let successMask = 0;
  let errorMask = 0;
  let conditionalMask = 0;
  let conditionalStatusHigh = 0;
  const errorValues = new Int32Array(2 * GPR_COUNT);
  const canSucceed = row.versions.includes(version);
  for (const output of row.outputs) {
    if (version < (output.sinceVersion ?? 0)) continue;
    const register = GPR[output.register];
    if (output.onlyWithStatus !== undefined) {
      conditionalMask |= 1 << register;
      conditionalStatusHigh = statusHigh(output.onlyWithStatus);
      continue;
    }
    if (canSucceed) successMask |= 1 << register;
    if (output.onError === 'preserved') continue;
    errorMask |= 1 << register;
    errorValues.fill(output.onError, 2 * register, 2 * register + 2);
  }
  const statuses = [...row.statuses, ...(row.helperStatuses ?? [])];
  const errorStatusHighs = statuses.map(statusHigh).filter((high) => high >>> 31 === 1);
  return {
    leaf: row.leaf,
    version,
    canSucceed,
    successMask,
    errorMask,
    errorValues,
    conditionalMask,
    conditionalStatusHigh,
    errorStatusHighs,
  };
}

const outcomes = new Map<number, LeafOutcome>();
for (const row of TDCALL_LEAVES) {
  const last = row.leaf === TDCALL_LEAF.VM_RD ? MAX_VERSION : 0;
  for (let version = 0; version <= last; version++) outcomes.set((row.leaf << 8) | version, outcomeOf(row, version));
}

/**
 * What a leaf may change, or `undefined` where the dispatcher refuses leaf or version (then only RAX changes). The same
 * object is returned every time; nothing is allocated.
 *
 * @param leaf RAX bits 15:0.
 * @param version RAX bits 23:16.
 */
export function leafOutcome(config: ModuleConfiguration, leaf: number, version: number): LeafOutcome | undefined {
  if (!versionPasses(config, leaf, version) || !leafIsImplemented(config, leaf)) return undefined;
  return outcomes.get((leaf << 8) | version);
}

/**
 * The guest's registers after a leaf returned. Where the handler refuses the version itself, a status without bit 63
 * cannot be: it becomes OPERAND_INVALID|RAX. Nothing is allocated.
 *
 * @param statusLow RAX bits 31:0.
 * @param statusHighHalf RAX bits 63:32, signed or unsigned.
 * @param answered Register file: where the values of the outputs come from.
 * @param guestOut Register file: the guest's registers at TDCALL, changed in place.
 * @returns The registers that were written, RAX among them, one bit each.
 */
export function leafReturn(
  outcome: LeafOutcome,
  statusLow: number,
  statusHighHalf: number,
  answered: Int32Array,
  guestOut: Int32Array,
): number {
  const isError = statusHighHalf >>> 31 === 1;
  const refused = !isError && !outcome.canSucceed;
  const conditional = statusHighHalf >>> 0 === outcome.conditionalStatusHigh ? outcome.conditionalMask : 0;
  const open = conditional | (isError ? 0 : outcome.successMask);
  const fixed = isError || refused ? outcome.errorMask & ~open : 0;
  for (let register = 0; register < GPR_COUNT; register++) {
    const from = (open >>> register) & 1 ? answered : (fixed >>> register) & 1 ? outcome.errorValues : guestOut;
    guestOut[2 * register] = from[2 * register];
    guestOut[2 * register + 1] = from[2 * register + 1];
  }
  guestOut[2 * GPR.RAX] = statusLow;
  guestOut[2 * GPR.RAX + 1] = statusHighHalf;
  if (refused) operandInvalidRax(guestOut);
  return (1 << GPR.RAX) | open | fixed;
}
