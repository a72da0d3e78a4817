import { GPR, GPR_COUNT } from '../abi/registers.js';
import { statusHigh } from '../abi/status.js';
import { TDCALL_LEAF, TDCALL_LEAVES, type TdcallLeaf } from '../abi/tdcall-leaves.js';
import type { ModuleConfiguration } from './configuration.js';
import { leafIsImplemented, versionPasses } from './dispatch.js';

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
