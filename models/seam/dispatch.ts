import { SEAMCALL_LEAVES } from '../abi/seamcall-leaves.js';
import { SEAMCALL_LEAF, SEAMCALL_RAX, SYSTEM_STATE, type SystemState } from '../abi/seamcall.js';
import { type RuleStatus, writeRuleStatus } from './rule-status.js';

/**
 * The dispatcher of SEAMCALL, module 1.5.01 (docs/abi/seamcall.md#check-order), as a list of checks in their order. A refusal changes
 * RAX alone; RIP advances.
 */

/** One check of the dispatcher. */
export interface DispatchCheck extends RuleStatus {
  /** The rule in a few words. */
  readonly rule: string;
  /** Whether the call is refused, from the module's state and the two halves of RAX. */
  readonly refuses: (state: SystemState, raxLow: number, raxHigh: number) => boolean;
}

const implemented = new Set<number>();
const versioned = new Set<number>();
const beforeReady = new Set<number>();
for (const row of SEAMCALL_LEAVES) {
  if (!row.implementedIn1501) continue;
  implemented.add(row.leaf);
  if (row.versions.some((version) => version > 0)) versioned.add(row.leaf);
  if (row.beforeReady) beforeReady.add(row.leaf);
}

/** RAX bits 15:0. */
export function leafOf(raxLow: number): number {
  return raxLow & SEAMCALL_RAX.leafMask;
}

/** RAX bits 23:16. */
export function versionOf(raxLow: number): number {
  return (raxLow & SEAMCALL_RAX.versionMask) >>> SEAMCALL_RAX.versionShift;
}

/** Whether the CPU gives the call to the P-SEAMLDR instead of the module: RAX bit 63. */
export function goesToSeamldr(raxHigh: number): boolean {
  return (raxHigh & SEAMCALL_RAX.seamldrHighBit) !== 0;
}

/** Whether 1.5.01 has a handler for the leaf. */
export function leafIsImplemented(leaf: number): boolean {
  return implemented.has(leaf);
}

/** Whether the dispatcher takes the version. For a leaf that has several it takes any: the handler refuses the unknown. */
export function versionPasses(leaf: number, version: number): boolean {
  return version === 0 || versioned.has(leaf);
}

/** The checks, first to last. */
export const DISPATCH_CHECKS: readonly DispatchCheck[] = [
  {
    rule: 'RAX bits 31:24 and 63:32 are zero',
    refuses: (_state, raxLow, raxHigh) =>
      (raxLow & SEAMCALL_RAX.reservedLowMask) !== 0 || (raxHigh & SEAMCALL_RAX.reservedHighMask) !== 0,
    status: 'TDX_OPERAND_INVALID',
    operand: 'RAX',
  },
  {
    rule: 'the leaf has versions, or the version is 0',
    refuses: (_state, raxLow) => !versionPasses(leafOf(raxLow), versionOf(raxLow)),
    status: 'TDX_OPERAND_INVALID',
    operand: 'RAX',
  },
  {
    rule: 'the module is not shut down',
    refuses: (state, raxLow) => state === SYSTEM_STATE.SHUTDOWN && leafOf(raxLow) !== SEAMCALL_LEAF.SYS_LP_SHUTDOWN,
    status: 'TDX_SYS_SHUTDOWN',
  },
  {
    rule: 'the module is READY',
    refuses: (state, raxLow) => state !== SYSTEM_STATE.READY && !beforeReady.has(leafOf(raxLow)),
    status: 'TDX_SYS_NOT_READY',
  },
  {
    rule: 'the leaf exists',
    refuses: (_state, raxLow) => !leafIsImplemented(leafOf(raxLow)),
    status: 'TDX_OPERAND_INVALID',
    operand: 'RAX',
  },
];

/**
 * The first check that a call fails, or `undefined` if it reaches its handler.
 *
 * @param raxLow RAX bits 31:0.
 * @param raxHigh RAX bits 63:32.
 */
export function refusal(
  checks: readonly DispatchCheck[],
  state: SystemState,
  raxLow: number,
  raxHigh: number,
): DispatchCheck | undefined {
  for (const check of checks) if (check.refuses(state, raxLow, raxHigh)) return check;
  return undefined;
}

/** The host after a refusal: RAX = the status, nothing else changes. */
export function refusalReturn(refused: DispatchCheck, hostOut: Int32Array): void {
  writeRuleStatus(refused, hostOut);
}
