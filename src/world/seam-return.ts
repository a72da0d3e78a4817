/**
 * What a SEAMCALL that the CPU takes comes back with: the SEAM model decides who answers and what may change, the caller
 * says what the module's state, or the TD behind TDH.VP.ENTER, would have chosen. The module is READY.
 */
import { OPERAND_IDS } from '../../models/abi/operand-ids.js';
import { P_SEAMLDR_STATUS_CODES } from '../../models/abi/p-seamldr.js';
import { GPR, GPR_COUNT, GPR_NAMES } from '../../models/abi/registers.js';
import { SEAMCALL_LEAF, SEAMCALL_RAX, SYSTEM_STATE } from '../../models/abi/seamcall.js';
import { statusHigh } from '../../models/abi/status.js';
import type { Values } from '../../models/exchange/exchange.js';
import { DISPATCH_CHECKS, leafOf, refusal, versionOf } from '../../models/seam/dispatch.js';
import { leafOutcome, leafReturn, openRegisters, seamldrLeafExists } from '../../models/seam/leaf-outcome.js';
import { highHalf, lowHalf, readHalves, writeHalves } from '../halves.js';

export interface SeamReturn {
  /** Who answered: behind a TDH.VP.ENTER that entered, the TD chose the values. */
  by: 'module' | 'TD' | 'P-SEAMLDR';
  /** The registers that were written, one bit each. */
  wrote: number;
}

/**
 * Answers one call. A module without NO_RBP_MOD is the caller's business: RBP counts as any other register.
 *
 * @param host register file (16 pairs) at SEAMCALL, changed in place
 * @param status the 64-bit word that the module's state would have given, where the dispatcher lets the call pass
 * @param chosen register file: values of the registers that the status leaves open
 */
export function seamReturn(host: Int32Array, status: bigint, chosen: Int32Array): SeamReturn {
  const low = host[2 * GPR.RAX];
  const high = host[2 * GPR.RAX + 1];
  // Bit 63 of RAX: the P-SEAMLDR has no output but RAX.
  if ((high & SEAMCALL_RAX.seamldrHighBit) !== 0) {
    setRax(host, seamldrLeafExists(low, high) ? status : P_SEAMLDR_STATUS_CODES.EBADPARAM);
    return { by: 'P-SEAMLDR', wrote: 1 << GPR.RAX };
  }
  const refused = refusal(DISPATCH_CHECKS, SYSTEM_STATE.READY, low, high);
  if (refused !== undefined) {
    setRax(host, statusWord(refused.status, refused.operand));
    return { by: 'module', wrote: 1 << GPR.RAX };
  }
  const outcome = leafOutcome(leafOf(low), versionOf(low));
  if (outcome === undefined) throw new Error(`SEAMCALL leaf ${leafOf(low)} is not refused, and has no outcome`);
  const isError = highHalf(status) < 0;
  // A version that the handler refuses never succeeds.
  const word = outcome.canSucceed || isError ? status : statusWord('TDX_OPERAND_INVALID', 'RAX');
  leafReturn(outcome, lowHalf(word), highHalf(word), chosen, host);
  const wrote = openRegisters(outcome, highHalf(word)) | (highHalf(word) < 0 ? outcome.errorMask : 0);
  const entered = outcome.leaf === SEAMCALL_LEAF.VP_ENTER && highHalf(word) >= 0;
  return { by: entered ? 'TD' : 'module', wrote: (1 << GPR.RAX) | wrote };
}

function setRax(host: Int32Array, value: bigint): void {
  writeHalves(host, 2 * GPR.RAX, value);
}

function statusWord(name: string, operand: keyof typeof OPERAND_IDS | undefined): bigint {
  return (BigInt(statusHigh(name)) << 32n) | BigInt(operand === undefined ? 0 : OPERAND_IDS[operand]);
}

const NAMES = GPR_NAMES.map((name) => name.toLowerCase());

/** Registers that stubs take results from, whether or not the leaf has written them. */
const FEW = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;

/**
 * The same by name, for programs: everything that an exchange needs to be answered with (module-calls.ts).
 *
 * @param at the registers at SEAMCALL
 * @param told `vector` or `carry` if the module is not reached; else `status`, and the registers as the module's state
 *   would have chosen them. RBP is preserved: the module has NO_RBP_MOD.
 */
export function seamAnswer(at: Values, told: Values): Values {
  const { vector = 0n, carry = 0n, status = 0n } = told;
  if (vector !== 0n) return { vector };
  if (carry !== 0n) return { carry };
  const host = registerFile(at);
  const { wrote } = seamReturn(host, status, registerFile({ ...told, rbp: at['rbp'] }));
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
