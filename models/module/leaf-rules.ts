import { GPR, gprMask } from '../abi/registers.js';
import { OPERAND_IDS } from '../abi/operand-ids.js';
import { statusHigh } from '../abi/status.js';
import { TDCALL_LEAVES } from '../abi/tdcall-leaves.js';
import type { LeafRule, TdcallInputs } from './leaf-rule.js';
import { LEAF_CHECKS } from './leaf-checks.js';
import { LEAF_VALUES } from './leaf-values.js';

/**
 * The exact outcome of a TDCALL leaf other than VMCALL, as far as registers and configuration decide it: the handler's
 * checks in their order, then its outputs. Where the outcome depends on state that the call does not show (guest memory,
 * the field tables, locks), the rule says so instead of guessing.
 */

/** The rules of module 1.5.01, by leaf. Leaf 0 has none: see vmcall.ts. */
export const LEAF_RULES: ReadonlyMap<number, LeafRule> = new Map(
  TDCALL_LEAVES.filter((row) => row.leaf !== 0).map((row) => [
    row.leaf,
    {
      leaf: row.leaf,
      checks: LEAF_CHECKS[row.leaf] ?? [],
      outputs: row.outputs,
      values: LEAF_VALUES[row.leaf],
      statusHighs: [...row.statuses, ...(row.helperStatuses ?? [])].map(statusHigh),
    },
  ]),
);

/** The bit of RAX in a mask of unrecorded registers: the status itself is not decided. */
export const STATUS_UNRECORDED = 1 << GPR.RAX;

/**
 * Runs one leaf.
 *
 * @param out Register file of the guest afterwards; must not be the call's own array.
 * @returns One bit for each register of `out` that depends on unrecorded state. 0: all of `out` is decided.
 *   With {@link STATUS_UNRECORDED} set, `out` is the guest unchanged, and {@link finishUnrecorded} completes it.
 */
export function runLeaf(rule: LeafRule, call: TdcallInputs, out: Int32Array): number {
  out.set(call.registers);
  for (const check of rule.checks) {
    const result = check.check(call);
    if (result === 'passes') continue;
    if (result === 'unrecorded') return STATUS_UNRECORDED;
    writeErrorOutputs(rule, call.version, out);
    out[2 * GPR.RAX] = check.operand === undefined ? 0 : OPERAND_IDS[check.operand];
    out[2 * GPR.RAX + 1] = statusHigh(check.status);
    return gprMask(...(check.unrecorded ?? []));
  }
  if (rule.values === undefined) return STATUS_UNRECORDED;
  rule.values(call, out);
  out[2 * GPR.RAX] = 0;
  out[2 * GPR.RAX + 1] = 0;
  return 0;
}

/**
 * Completes a call whose status came from unrecorded state, now that the status is known: an error gives the leaf's
 * error values, a success leaves its outputs open.
 *
 * @param statusLow RAX bits 31:0, as recorded.
 * @param statusHighHalf RAX bits 63:32, as recorded.
 * @param out As {@link runLeaf} left it.
 * @returns The registers that stay open, RAX among them, or `undefined` if the leaf cannot end with this status.
 */
export function finishUnrecorded(
  rule: LeafRule,
  version: number,
  statusLow: number,
  statusHighHalf: number,
  out: Int32Array,
): number | undefined {
  const high = statusHighHalf >>> 0;
  if (!rule.statusHighs.includes(high)) return undefined;
  out[2 * GPR.RAX] = statusLow;
  out[2 * GPR.RAX + 1] = statusHighHalf;
  let open = STATUS_UNRECORDED;
  const isError = high >>> 31 === 1;
  if (isError) writeErrorOutputs(rule, version, out);
  for (const output of rule.outputs) {
    if (version < (output.sinceVersion ?? 0)) continue;
    const conditional = output.onlyWithStatus === undefined ? !isError : statusHigh(output.onlyWithStatus) === high;
    // TDG.MEM.PAGE.ATTR.WR reports the actual attributes with this error.
    if (conditional || (high === PAGE_ATTR_INVALID_HIGH && output.register === 'RDX'))
      open |= 1 << GPR[output.register];
  }
  return open;
}

const PAGE_ATTR_INVALID_HIGH = statusHigh('TDX_PAGE_ATTR_INVALID');

function writeErrorOutputs(rule: LeafRule, version: number, out: Int32Array): void {
  for (const output of rule.outputs) {
    if (output.onError === 'preserved' || version < (output.sinceVersion ?? 0)) continue;
    const at = 2 * GPR[output.register];
    out.fill(output.onError, at, at + 2);
  }
}
