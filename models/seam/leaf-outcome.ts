import { P_SEAMLDR_LEAVES } from '../abi/p-seamldr.js';
import { GPR, GPR_COUNT, gprMask, type GprName } from '../abi/registers.js';
import { SEAMCALL_LEAVES, type SeamcallLeaf } from '../abi/seamcall-leaves.js';
import { SEAMCALL_LEAF } from '../abi/seamcall.js';
import { CLASS_SECURE_EPT, statusClassOf, statusHigh } from '../abi/status.js';
import { leafIsImplemented, versionPasses } from './dispatch.js';

/**
 * What one SEAMCALL leaf may change in the host's registers, module 1.5.01. Everything outside the masks is restored.
 * RAX is not in the masks: it always holds the status. "Error" is a status with bit 63.
 */
export interface LeafOutcome {
  readonly leaf: number;
  readonly version: number;
  /** False where the handler refuses the version itself: only the error side applies. */
  readonly canSucceed: boolean;
  /**
   * One bit for each general register that a status without bit 63 writes. TDH.VP.ENTER: all but RAX and RSP; which of
   * them hold what after which exit is docs/abi/seamcall.md#tdhvpenter-outputs.
   */
  readonly successMask: number;
  /** One bit for each general register that an error after dispatch writes. */
  readonly errorMask: number;
  /** Register file (16 pairs): the value of each register in `errorMask`. Read only. */
  readonly errorValues: Int32Array;
  /** Registers that describe the secure EPT entry instead, with an error of that class. */
  readonly septMask: number;
  /** Registers that say how far the leaf came, with TDX_INTERRUPTED_RESUMABLE; then `errorMask` does not apply. */
  readonly interruptedMask: number;
  readonly xmm: XmmEffect;
  /** Upper halves (unsigned) of the error statuses (bit 63 set) that the handler itself gives. */
  readonly errorStatusHighs: readonly number[];
}

/**
 * What becomes of XMM0 to XMM15. `zeroed`: the leaf runs cryptography that clears them; an error may come before that
 * and leave them. `written`: TDH.VP.ENTER, the guest's values or zero; an error leaves them.
 */
export type XmmEffect = 'preserved' | 'zeroed' | 'written';

const INTERRUPTED_RESUMABLE_HIGH = statusHigh('TDX_INTERRUPTED_RESUMABLE');
const MAX_VERSION = 0xff;

/** RCX is the entry and RDX its level and state; both are zeroed first (docs/abi/seamcall.md#secure-ept-walks). */
const SEPT_DETAILS: readonly GprName[] = ['RCX', 'RDX'];

/**
 * The leaves that walk the secure EPT of a GPA in RCX: those of a TD's memory and TDH.EXPORT.UNBLOCKW that zero both
 * detail registers.
 */
function walksSecureEpt(row: SeamcallLeaf): boolean {
  const changed = row.operandError?.changed;
  const named = row.name.startsWith('TDH.MEM.') || row.name.startsWith('TDH.MR.') || row.name === 'TDH.EXPORT.UNBLOCKW';
  return named && changed !== undefined && SEPT_DETAILS.every((register) => register in changed);
}

/** The leaves that seal or open a migration bundle: its address is in R8, the stream's index in R10. */
function runsCryptography(row: SeamcallLeaf): boolean {
  const migrates = row.name.startsWith('TDH.EXPORT.') || row.name.startsWith('TDH.IMPORT.');
  return migrates && row.inputs.includes('R8') && row.inputs.includes('R10');
}

/**
 * Registers that an error sets, and to what: those that were seen with version 0, and from version 1 on the next field's
 * id and the pages handed back, of which there are none: all ones (handlers of TDH.MNG.RD and TDH.MEM.PAGE.PROMOTE,
 * intel/tdx-module at 1666adc). TDH.MEM.SEPT.ADD hands the pages back that it was given: nothing changes.
 */
function errorValuesOf(row: SeamcallLeaf, version: number): [GprName, 0n | -1n][] {
  const seen = Object.entries(row.operandError?.changed ?? {}) as [GprName, 0n | -1n][];
  if (version === 0 || row.leaf === SEAMCALL_LEAF.MEM_SEPT_ADD) return seen;
  return [...seen, ...row.outputsFromVersion1.map((register): [GprName, -1n] => [register, -1n])];
}

function outcomeOf(row: SeamcallLeaf, version: number): LeafOutcome {
  const canSucceed = row.versions.includes(version);
  const outputs = gprMask(...row.outputs, ...(version > 0 ? row.outputsFromVersion1 : []));
  const errors = errorValuesOf(row, version);
  const errorValues = new Int32Array(2 * GPR_COUNT);
  for (const [register, value] of errors) {
    errorValues.fill(Number(value), 2 * GPR[register], 2 * GPR[register] + 2);
  }
  const septMask = canSucceed && walksSecureEpt(row) ? gprMask(...SEPT_DETAILS) : 0;
  const resumable = row.statuses.includes('TDX_INTERRUPTED_RESUMABLE');
  return {
    leaf: row.leaf,
    version,
    canSucceed,
    successMask: canSucceed ? outputs : 0,
    errorMask: gprMask(...errors.map(([register]) => register)),
    errorValues,
    septMask,
    interruptedMask: canSucceed && resumable ? outputs & ~septMask : 0,
    xmm: row.leaf === SEAMCALL_LEAF.VP_ENTER ? 'written' : runsCryptography(row) ? 'zeroed' : 'preserved',
    errorStatusHighs: row.statuses.map(statusHigh).filter((high) => high >>> 31 === 1),
  };
}

const outcomes = new Map<number, LeafOutcome>();
for (const row of SEAMCALL_LEAVES) {
  if (!row.implementedIn1501) continue;
  const last = versionPasses(row.leaf, 1) ? MAX_VERSION : 0;
  for (let version = 0; version <= last; version++) outcomes.set((row.leaf << 8) | version, outcomeOf(row, version));
}

/**
 * What a leaf may change once the module is READY, or `undefined` where the dispatcher refuses leaf or version: then
 * RAX = OPERAND_INVALID|RAX and nothing else changes. The same object is returned every time; nothing is allocated.
 *
 * @param leaf RAX bits 15:0. The reserved bits of RAX are the caller's to check (dispatch.ts).
 * @param version RAX bits 23:16.
 */
export function leafOutcome(leaf: number, version: number): LeafOutcome | undefined {
  if (!versionPasses(leaf, version) || !leafIsImplemented(leaf)) return undefined;
  return outcomes.get((leaf << 8) | version);
}

/**
 * The registers, one bit each, that hold a value of the module's choice after a leaf ended with this status.
 *
 * @param statusHighHalf RAX bits 63:32, signed or unsigned.
 */
export function openRegisters(outcome: LeafOutcome, statusHighHalf: number): number {
  if (statusHighHalf >>> 31 === 0) return outcome.successMask;
  if (statusHighHalf >>> 0 === INTERRUPTED_RESUMABLE_HIGH) return outcome.interruptedMask;
  return statusClassOf(statusHighHalf) === CLASS_SECURE_EPT ? outcome.septMask : 0;
}

/**
 * Whether a leaf that ended with this status may have changed XMM0 to XMM15.
 *
 * @param statusHighHalf RAX bits 63:32, signed or unsigned.
 */
export function xmmIsOpen(outcome: LeafOutcome, statusHighHalf: number): boolean {
  return outcome.xmm === 'zeroed' || (outcome.xmm === 'written' && statusHighHalf >>> 31 === 0);
}

/**
 * The host's registers after a leaf returned. Nothing is allocated.
 *
 * @param statusLow RAX bits 31:0.
 * @param statusHighHalf RAX bits 63:32.
 * @param answered Register file: where the values of {@link openRegisters} come from.
 * @param hostOut Register file: the host's registers at SEAMCALL, changed in place.
 */
export function leafReturn(
  outcome: LeafOutcome,
  statusLow: number,
  statusHighHalf: number,
  answered: Int32Array,
  hostOut: Int32Array,
): void {
  const open = openRegisters(outcome, statusHighHalf);
  const isError = statusHighHalf >>> 31 === 1 && statusHighHalf >>> 0 !== INTERRUPTED_RESUMABLE_HIGH;
  const fixed = isError ? outcome.errorMask & ~open : 0;
  for (let register = 0; register < GPR_COUNT; register++) {
    const from = (open >>> register) & 1 ? answered : (fixed >>> register) & 1 ? outcome.errorValues : hostOut;
    hostOut[2 * register] = from[2 * register];
    hostOut[2 * register + 1] = from[2 * register + 1];
  }
  hostOut[2 * GPR.RAX] = statusLow;
  hostOut[2 * GPR.RAX + 1] = statusHighHalf;
}

const seamldrLeaves = new Set<number>();
for (const { rax, name } of P_SEAMLDR_LEAVES) {
  if (!name.endsWith('(newer)')) seamldrLeaves.add(Number(rax & 0xffffffffn));
}

/** RAX bits 63:32 of every P-SEAMLDR leaf. */
const SEAMLDR_HIGH = Number(P_SEAMLDR_LEAVES[0].rax >> 32n);

/**
 * Whether the P-SEAMLDR has this leaf; the whole of RAX counts, and anything else ends with EBADPARAM. Its leaves have
 * no output but RAX, as far as docs/abi/seamcall.md#p-seamldr lists any; no recorded vector reaches them.
 *
 * @param raxLow RAX bits 31:0.
 * @param raxHigh RAX bits 63:32, signed or unsigned.
 */
export function seamldrLeafExists(raxLow: number, raxHigh: number): boolean {
  return raxHigh >>> 0 === SEAMLDR_HIGH && seamldrLeaves.has(raxLow >>> 0);
}
