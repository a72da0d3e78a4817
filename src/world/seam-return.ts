/**
 * What a SEAMCALL that the CPU takes comes back with: the SEAM model decides who answers and what may change, the caller
 * says what the module's state, or the TD behind TDH.VP.ENTER, would have chosen. The module is READY.
 */
import { OPERAND_IDS } from '../../models/abi/operand-ids.js';
import { P_SEAMLDR_STATUS_CODES } from '../../models/abi/p-seamldr.js';
import { GPR, GPR_COUNT, GPR_NAMES } from '../../models/abi/registers.js';
import { SEAMCALL_LEAF, SYSTEM_STATE } from '../../models/abi/seamcall.js';
import { statusHigh } from '../../models/abi/status.js';
import type { Values } from '../../models/exchange/exchange.js';
import {
  DISPATCH_CHECKS,
  goesToSeamldr,
  leafOf,
  refusal,
  refusalReturn,
  versionOf,
} from '../../models/seam/dispatch.js';
import { leafOutcome, leafReturn, openRegisters, seamldrLeafExists } from '../../models/seam/leaf-outcome.js';
import { highHalf, lowHalf, readHalves, writeHalves } from '../halves.js';
import { FLAG } from '../x86/flags.js';

/** An error behind which the handler's error values do not stand. */
const INTERRUPTED_HIGH = statusHigh('TDX_INTERRUPTED_RESUMABLE') | 0;

export interface SeamReturn {
  /** Who answered: behind a TDH.VP.ENTER that entered, the TD chose the values. */
  by: 'module' | 'TD' | 'P-SEAMLDR';
  /** The registers that were written, one bit each. */
  wrote: number;
}

/**
 * Answers one call.
 *
 * @param host register file (16 pairs) at SEAMCALL, changed in place
 * @param low RAX bits 31:0 that the module's state would have given, where the dispatcher lets the call pass
 * @param high RAX bits 63:32, signed
 * @param chosen register file: values of the registers that the status leaves open
 * @param modifiesRbp whether TDH.VP.ENTER gives RBP: a module without NO_RBP_MOD
 */
export function seamReturn(
  host: Int32Array,
  low: number,
  high: number,
  chosen: Int32Array,
  modifiesRbp: boolean,
): SeamReturn {
  const raxLow = host[2 * GPR.RAX];
  const raxHigh = host[2 * GPR.RAX + 1];
  // Bit 63 of RAX: the P-SEAMLDR has no output but RAX.
  if (goesToSeamldr(raxHigh)) {
    if (seamldrLeafExists(raxLow, raxHigh)) setRax(host, low, high);
    else setRax(host, lowHalf(P_SEAMLDR_STATUS_CODES.EBADPARAM), highHalf(P_SEAMLDR_STATUS_CODES.EBADPARAM));
    return { by: 'P-SEAMLDR', wrote: 1 << GPR.RAX };
  }
  const refused = refusal(DISPATCH_CHECKS, SYSTEM_STATE.READY, raxLow, raxHigh);
  if (refused !== undefined) {
    refusalReturn(refused, host);
    return { by: 'module', wrote: 1 << GPR.RAX };
  }
  const outcome = leafOutcome(leafOf(raxLow), versionOf(raxLow));
  if (outcome === undefined) throw new Error(`SEAMCALL leaf ${leafOf(raxLow)} is not refused, and has no outcome`);
  // A version that the handler refuses never succeeds.
  if (!outcome.canSucceed && high >= 0) [low, high] = [OPERAND_IDS.RAX, statusHigh('TDX_OPERAND_INVALID') | 0];
  const rbpLow = host[2 * GPR.RBP];
  const rbpHigh = host[2 * GPR.RBP + 1];
  leafReturn(outcome, low, high, chosen, host);
  const failed = high < 0 && high !== INTERRUPTED_HIGH;
  let wrote = (1 << GPR.RAX) | openRegisters(outcome, high) | (failed ? outcome.errorMask : 0);
  if (!modifiesRbp) {
    host[2 * GPR.RBP] = rbpLow;
    host[2 * GPR.RBP + 1] = rbpHigh;
    wrote &= ~(1 << GPR.RBP);
  }
  return { by: outcome.leaf === SEAMCALL_LEAF.VP_ENTER && high >= 0 ? 'TD' : 'module', wrote };
}

/** What VMfailInvalid clears beside setting CF (Intel SDM volume 3C, 30.2 Conventions). */
const VMFAIL_CLEARS = FLAG.PF | FLAG.AF | FLAG.ZF | FLAG.SF | FLAG.OF;

/**
 * RFLAGS behind a SEAMCALL. Of a call that was answered only CF is known to be 0 (docs/abi/seamcall.md#registers).
 *
 * @param flags bits 31:0 before
 * @param failed VMfailInvalid: the module was not entered
 */
export function seamFlags(flags: number, failed: boolean): number {
  return failed ? (flags & ~VMFAIL_CLEARS) | FLAG.CF : flags & ~FLAG.CF;
}

function setRax(host: Int32Array, low: number, high: number): void {
  host[2 * GPR.RAX] = low;
  host[2 * GPR.RAX + 1] = high;
}

const NAMES = GPR_NAMES.map((name) => name.toLowerCase());

/** Registers that stubs take results from, whether or not the leaf has written them. */
const FEW = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;

/**
 * The same by name, for programs: everything that an exchange needs to be answered with (module-calls.ts).
 *
 * @param at the registers at SEAMCALL
 * @param told `vector` or `carry` if the module is not reached; else `status`, and the registers as the module's state
 *   would have chosen them
 * @param modifiesRbp as of `seamReturn`
 */
export function seamAnswer(at: Values, told: Values, modifiesRbp = false): Values {
  const { vector = 0n, carry = 0n, status = 0n } = told;
  if (vector !== 0n) return { vector };
  if (carry !== 0n) return { carry };
  const host = registerFile(at);
  const { wrote } = seamReturn(host, lowHalf(status), highHalf(status), registerFile(told), modifiesRbp);
  const answer: Record<string, bigint> = { status: readHalves(host, 2 * GPR.RAX) };
  for (const name of FEW) answer[name] = at[name];
  for (const [register, name] of NAMES.entries())
    if (((wrote >>> register) & 1) === 1 && register !== GPR.RAX) answer[name] = readHalves(host, 2 * register);
  return answer;
}

function registerFile(values: Values): Int32Array {
  const file = new Int32Array(2 * GPR_COUNT);
  for (const [register, name] of NAMES.entries()) writeHalves(file, 2 * register, values[name] ?? 0n);
  return file;
}
