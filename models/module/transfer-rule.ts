/**
 * TDCALL as one rule in data: what the guest's general registers are behind the instruction, given what they were, the
 * status that the scenario chose and the values that the host (or the trusted module's state) answers. It is built from
 * the tables and functions of this folder; whoever wants it as code of another kind (WebAssembly) generates that from here.
 */
import { GPR, gprMask } from '../abi/registers.js';
import { TDCALL_LEAVES, TDCALL_RAX } from '../abi/tdcall-leaves.js';
import type { ModuleConfiguration } from './configuration.js';
import { leafOutcome } from './leaf-outcome.js';
import { vmcallMaskIsLegal, vmcallReject } from './vmcall.js';
import { operandInvalidRax } from './status.js';

/** A leaf that the module answers alone, for a range of versions. */
export interface LeafTransfer {
  leaf: number;
  /** RAX bits 23:16, inclusive. */
  minVersion: number;
  maxVersion: number;
  /** False: every status without bit 63 is refused as RAX is. */
  canSucceed: boolean;
  /** Registers that take the answered value, one bit each: on success, and with `conditionalStatusHigh`. */
  successMask: number;
  conditionalMask: number;
  /** Upper half, unsigned. */
  conditionalStatusHigh: number;
  /** Registers that an error sets to 0, and to all ones. */
  errorZeroMask: number;
  errorOnesMask: number;
}

export interface TransferRule {
  /** RAX bits that must be 0, low half; of the high half all must be. */
  raxReservedLow: number;
  leafMask: number;
  versionMask: number;
  versionShift: number;
  /** RAX when it is refused itself: leaf, version or reserved bits. */
  refusedRax: readonly [low: number, high: number];
  /** TDG.VP.VMCALL: bits of RCX that must be 0, low half; of the high half all must be. RAX when they are not. */
  vmcallReservedLow: number;
  refusedMask: readonly [low: number, high: number];
  /** The other leaves; a leaf and version that is not here is refused. */
  leaves: readonly LeafTransfer[];
}

const VERSIONS = 256;

export function transferRule(config: ModuleConfiguration): TransferRule {
  return {
    raxReservedLow: TDCALL_RAX.reservedLowMask,
    leafMask: TDCALL_RAX.leafMask,
    versionMask: TDCALL_RAX.versionMask,
    versionShift: TDCALL_RAX.versionShift,
    refusedRax: raxAfter(operandInvalidRax),
    vmcallReservedLow: refusedMaskBits(config),
    refusedMask: raxAfter((registers) => vmcallReject(registers, registers)),
    leaves: TDCALL_LEAVES.filter(({ leaf }) => leaf !== 0).flatMap(({ leaf }) => versionsOf(config, leaf)),
  };
}

/** Each bit of the mask that is illegal alone is illegal always. */
function refusedMaskBits(config: ModuleConfiguration): number {
  let bits = 0;
  for (let bit = 0; bit < 32; bit++) if (!vmcallMaskIsLegal(config, 1 << bit, 0)) bits |= 1 << bit;
  return bits;
}

/** RAX that something which writes nothing else leaves. */
function raxAfter(write: (registers: Int32Array) => void): [number, number] {
  const registers = new Int32Array(32);
  write(registers);
  return [registers[2 * GPR.RAX], registers[2 * GPR.RAX + 1]];
}

function versionsOf(config: ModuleConfiguration, leaf: number): LeafTransfer[] {
  const found: LeafTransfer[] = [];
  for (let version = 0; version < VERSIONS; version++) {
    const outcome = leafOutcome(config, leaf, version);
    if (outcome === undefined) continue;
    const { canSucceed, successMask, errorMask, errorValues, conditionalMask, conditionalStatusHigh } = outcome;
    let ones = 0;
    for (let register = 0; register < 16; register++)
      if (((errorMask >>> register) & 1) === 1 && errorValues[2 * register] === -1) ones |= 1 << register;
    const row = {
      leaf,
      minVersion: version,
      maxVersion: version,
      canSucceed,
      successMask,
      conditionalMask,
      conditionalStatusHigh,
      errorZeroMask: errorMask & ~ones,
      errorOnesMask: ones,
    };
    const last = found.at(-1);
    const same = last !== undefined && last.maxVersion === version - 1 && equalBut(last, row);
    if (same) last.maxVersion = version;
    else found.push(row);
  }
  return found;
}

function equalBut(a: LeafTransfer, b: LeafTransfer): boolean {
  const strip = (row: LeafTransfer): string => JSON.stringify({ ...row, minVersion: 0, maxVersion: 0 });
  return strip(a) === strip(b);
}

/** RSP and RAX are never answered. */
export const ANSWERED = 0xffff & ~gprMask('RAX', 'RSP');
