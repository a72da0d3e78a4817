import { GPR } from '../abi/registers.js';
import { SEAMCALL_LEAVES } from '../abi/seamcall-leaves.js';
import { MODULE_1_5_01, STATUS_CODES } from '../abi/status-codes.js';
import { statusHigh } from '../abi/status.js';
import { ALWAYS_SUCCEED, checksOf } from './leaf-checks.js';
import { leafReturn, openRegisters, type LeafOutcome } from './leaf-outcome.js';
import type { LeafRule, SeamcallInputs } from './leaf-rule.js';
import { writeRuleStatus } from './rule-status.js';

/**
 * The exact outcome of a SEAMCALL leaf as far as registers, state and configuration decide it: the handler's checks in
 * their order, then what the leaf leaves in the registers. Where the outcome depends on state that the call does not
 * show (PAMT, TD, locks), the rule says so instead of guessing.
 */

/** The rules of module 1.5.01, by leaf. */
export const LEAF_RULES: ReadonlyMap<number, LeafRule> = new Map(
  SEAMCALL_LEAVES.filter((row) => row.implementedIn1501).map((row) => [
    row.leaf,
    { leaf: row.leaf, checks: checksOf(row), succeeds: ALWAYS_SUCCEED.has(row.name) },
  ]),
);

/** The bit of RAX in a mask of unrecorded registers: the status itself is not decided. */
export const STATUS_UNRECORDED = 1 << GPR.RAX;

/**
 * Runs one leaf.
 *
 * @param outcome What the leaf may change with the call's version.
 * @param out Register file of the host afterwards; must not be the call's own array.
 * @returns One bit for each register of `out` that depends on unrecorded state. 0: all of `out` is decided. With
 *   {@link STATUS_UNRECORDED} set, `out` is the host unchanged, and {@link finishUnrecorded} completes it.
 */
export function runLeaf(rule: LeafRule, outcome: LeafOutcome, call: SeamcallInputs, out: Int32Array): number {
  out.set(call.registers);
  for (const check of rule.checks) {
    const result = check.check(call);
    if (result === 'passes') continue;
    if (result === 'unrecorded') return STATUS_UNRECORDED;
    const high = statusHigh(check.status) | 0;
    leafReturn(outcome, 0, high, call.registers, out);
    writeRuleStatus(check, out);
    return openRegisters(outcome, high);
  }
  if (!rule.succeeds) return STATUS_UNRECORDED;
  leafReturn(outcome, 0, 0, call.registers, out);
  return openRegisters(outcome, 0);
}

/** Upper halves (unsigned) of every status of 1.5.01: the table lists a handler's own, and its helpers have more. */
const moduleStatusHighs: ReadonlySet<number> = new Set(
  STATUS_CODES.filter(({ name, source }) => source === MODULE_1_5_01 && name !== 'UNINITIALIZE_ERROR').map(({ name }) =>
    statusHigh(name),
  ),
);

/**
 * Completes a call whose status came from unrecorded state, now that the host's registers afterwards are known: an error
 * gives the leaf's error values, a success leaves its outputs open.
 *
 * @param recorded Register file of the host afterwards.
 * @param out As {@link runLeaf} left it.
 * @returns The registers that stay open, RAX among them, or `undefined` if 1.5.01 has no such status.
 */
export function finishUnrecorded(outcome: LeafOutcome, recorded: Int32Array, out: Int32Array): number | undefined {
  const high = recorded[2 * GPR.RAX + 1];
  const isKnown = moduleStatusHighs.has(high >>> 0) && (outcome.canSucceed || high < 0);
  if (!isKnown) return undefined;
  leafReturn(outcome, recorded[2 * GPR.RAX], high, recorded, out);
  return STATUS_UNRECORDED | openRegisters(outcome, high);
}
