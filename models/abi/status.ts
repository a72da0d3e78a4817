import { SOFTWARE_STATUS_CODES, TDX_SW_ERROR_HIGH } from './linux-constants.js';
import { OPERAND_IDS } from './operand-ids.js';
import { STATUS_CODES } from './status-codes.js';

/** The fields of a status word (docs/abi/status-codes.md#layout). Bits 59:48 are zero in every word of the module. */
export interface StatusFields {
  readonly error: boolean;
  readonly nonRecoverable: boolean;
  readonly fatal: boolean;
  readonly hostRecoverabilityHint: boolean;
  /** Bits 47:40; 0xFF is for software. */
  readonly statusClass: number;
  /** Bits 39:32. */
  readonly detailsL1: number;
  /** Bits 31:0: an operand id, an exit reason, or a level. */
  readonly detailsL2: number;
}

const CLASS_GENERAL = 0x00;
const CLASS_OPERAND_INVALID = 0x01;
const CLASS_RESOURCE_BUSY = 0x02;
const CLASS_SOFTWARE = 0xff;
/** Errors of a walk of the secure EPT. */
export const CLASS_SECURE_EPT = 0x0b;

const nameByHigh = new Map<number, string>();
const highByName = new Map<string, number>();
for (const code of STATUS_CODES) {
  // UNINITIALIZE_ERROR alone has a lower half; it is matched as a whole word below.
  if ((code.value & 0xffffffffn) !== 0n) continue;
  const high = Number(code.value >> 32n);
  nameByHigh.set(high, code.name);
  highByName.set(code.name, high);
}
const operandNames = new Map<number, string>(Object.entries(OPERAND_IDS).map(([name, id]) => [id, name]));
const softwareNames = new Map<number, string>(
  SOFTWARE_STATUS_CODES.map((code) => [Number(code.value & 0xffffffffn), code.name]),
);

/**
 * The class of a status word, bits 47:40.
 *
 * @param high Bits 63:32, signed or unsigned.
 */
export function statusClassOf(high: number): number {
  return (high >>> 8) & 0xff;
}

/**
 * Splits a status word.
 *
 * @param low Bits 31:0, signed or unsigned.
 * @param high Bits 63:32, signed or unsigned.
 */
export function statusFields(low: number, high: number): StatusFields {
  return {
    error: high >>> 31 === 1,
    nonRecoverable: ((high >>> 30) & 1) === 1,
    fatal: ((high >>> 29) & 1) === 1,
    hostRecoverabilityHint: ((high >>> 28) & 1) === 1,
    statusClass: statusClassOf(high),
    detailsL1: high & 0xff,
    detailsL2: low >>> 0,
  };
}

/**
 * The name of a status word, details level 2 (bits 31:0) masked away; for software errors (class 0xFF) the lower half
 * counts too. `undefined` for a word that no table knows.
 *
 * @param low Bits 31:0, signed or unsigned.
 * @param high Bits 63:32, signed or unsigned.
 */
export function statusName(low: number, high: number): string | undefined {
  const unsignedHigh = high >>> 0;
  if (unsignedHigh === TDX_SW_ERROR_HIGH) return softwareNames.get(low >>> 0);
  if (unsignedHigh === 0xffffffff && low >>> 0 === 0xffffffff) return 'UNINITIALIZE_ERROR';
  return nameByHigh.get(unsignedHigh);
}

/**
 * The upper half (unsigned) of a named status word; its lower half is details level 2.
 *
 * @throws Error if no status code has this name: a mistake in the calling table.
 */
export function statusHigh(name: string): number {
  const high = highByName.get(name);
  if (high === undefined) throw new Error(`no status code is named ${name}`);
  return high;
}

/** Name of an operand id of module 1.5.01 (`RCX`, `TDR`...), or `undefined`. */
export function operandName(id: number): string | undefined {
  return operandNames.get(id >>> 0);
}

/**
 * A status word for people: `TDX_OPERAND_INVALID (RCX)`, `TDX_SUCCESS (exit reason 77)`, `unknown status 0x...`.
 *
 * @param value The 64-bit word.
 */
export function describeStatus(value: bigint): string {
  const low = Number(value & 0xffffffffn);
  const high = Number((value >> 32n) & 0xffffffffn);
  const name = statusName(low, high);
  if (name === undefined) return `unknown status 0x${(value & 0xffffffffffffffffn).toString(16).padStart(16, '0')}`;
  const fields = statusFields(low, high);
  // Software errors and the poison value are named by the whole word: nothing is left to describe.
  if (fields.statusClass === CLASS_SOFTWARE) return name;
  if (takesOperandId(fields)) return `${name} (${operandName(low) ?? `operand ${low}`})`;
  if (low === 0) return name;
  if (fields.statusClass !== CLASS_GENERAL) return `${name} (details 0x${low.toString(16)})`;
  const modifiers = low >>> 16 === 0 ? '' : `, modifier bits 0x${((low & 0xffff0000) >>> 0).toString(16)}`;
  return `${name} (exit reason ${low & 0xffff}${modifiers})`;
}

/** Class 1 names an operand always; of class 2 only OPERAND_BUSY and OPERAND_BUSY_HOST_PRIORITY do. */
function takesOperandId(fields: StatusFields): boolean {
  if (fields.statusClass === CLASS_OPERAND_INVALID) return true;
  return fields.statusClass === CLASS_RESOURCE_BUSY && (fields.detailsL1 === 0 || fields.detailsL1 === 4);
}
