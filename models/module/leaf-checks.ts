import { GPR, type GprName } from '../abi/registers.js';
import { TDCALL_LEAF } from '../abi/tdcall-leaves.js';
import type { CheckResult, LeafCheck, TdcallInputs } from './leaf-rule.js';
import { guestAccess, isNullFieldId, isSingleElementId, type MetadataContext } from './metadata-id.js';

/**
 * The operand checks of each TDCALL handler of module 1.5.01, in the handler's order, up to the first that needs state a
 * call does not show (a walk of the secure EPT, a lock, the field tables). Orders and layouts: docs/abi/tdcall.md#leaves, and
 * the handlers of intel/tdx-module at tag TDX_1.5.01 (where only a later tree was at hand, the check is the same there
 * and the vectors agree).
 */

/** RTMR.EXTEND takes 64 bytes, aligned to their size. */
const EXTENSION_DATA_ALIGNMENT = 64;
/** TDREPORT_STRUCT. */
const REPORT_ALIGNMENT = 1024;
/** REPORTDATA. */
const REPORT_DATA_ALIGNMENT = 64;
/** REPORTMACSTRUCT. */
const REPORT_MAC_ALIGNMENT = 256;
/** L2_ENTER_GUEST_STATE. */
const L2_STATE_ALIGNMENT = 256;
const PAGE_ALIGNMENT = 4096;

/** Service TDs that a TD can have. */
const MAX_SERVICE_TDS = 1;
/** VM index 0 is the L1 VM; at most three L2 VMs. */
const MAX_VMS = 4;

const LEVEL_2M = 1;
const LEVEL_1G = 2;

const low = (call: TdcallInputs, register: GprName): number => call.registers[2 * GPR[register]];
const high = (call: TdcallInputs, register: GprName): number => call.registers[2 * GPR[register] + 1];
const failIf = (fails: boolean): CheckResult => (fails ? 'fails' : 'passes');

function invalidOperand(rule: string, operand: 'RAX' | GprOperand, fails: (call: TdcallInputs) => boolean): LeafCheck {
  return { rule, check: (call) => failIf(fails(call)), status: 'TDX_OPERAND_INVALID', operand };
}

type GprOperand = 'RCX' | 'RDX' | 'R8';

function aligned(register: GprOperand, bytes: number): LeafCheck {
  return invalidOperand(
    `${register} is aligned to ${bytes} bytes`,
    register,
    (call) => (low(call, register) & (bytes - 1)) !== 0,
  );
}

/** Bits of the upper half from MAXPA or the GPA width on must be zero, the shared bit too unless it is allowed. */
function gpaIsInvalid(call: TdcallInputs, gpaHigh: number, sharedAllowed: boolean): boolean {
  const width = Math.min(call.config.maxPhysicalAddressBits, call.config.td.gpaw);
  let mustBeZero = -1 << (width - 32);
  if (sharedAllowed) mustBeZero &= ~(1 << (call.config.td.gpaw - 1 - 32));
  else mustBeZero |= 1 << (call.config.td.gpaw - 1 - 32);
  return (gpaHigh & mustBeZero) !== 0;
}

function privateGpa(register: GprOperand): LeafCheck {
  return invalidOperand(`${register} is a private GPA`, register, (call) =>
    gpaIsInvalid(call, high(call, register), false),
  );
}

/** A GPA with its level in bits 2:0: bits 11:3 and 63:52 zero, the level in range, the GPA aligned to it. */
function pageInformation(highestLevel: number): LeafCheck {
  return invalidOperand(`RCX is a GPA aligned to its level, at most ${highestLevel}`, 'RCX', (call) => {
    const value = low(call, 'RCX');
    const level = value & 7;
    if ((value & 0xff8) !== 0 || high(call, 'RCX') >>> 20 !== 0 || level > highestLevel) return true;
    const offset = 2 ** (12 + 9 * level) - PAGE_ALIGNMENT;
    return (value & offset) !== 0;
  });
}

/** VM index in bits 53:52, not 0 and an L2 VM that exists; bits 63:54 and those of `reservedLow` up to 51 zero. */
function l2VmIndex(reservedLow: number): LeafCheck {
  return invalidOperand('RCX names an L2 VM of the TD', 'RCX', (call) => {
    const upper = high(call, 'RCX');
    const vm = (upper >>> 20) & 3;
    return (
      vm === 0 || vm > call.config.td.numL2Vms || (low(call, 'RCX') & reservedLow) !== 0 || (upper & ~(3 << 20)) !== 0
    );
  });
}

const rcxIsZero = invalidOperand('RCX is zero', 'RCX', (call) => low(call, 'RCX') !== 0 || high(call, 'RCX') !== 0);

const wellFormedFieldId: LeafCheck = {
  rule: 'RDX can name one element',
  check: (call) => failIf(!isSingleElementId(low(call, 'RDX'), high(call, 'RDX'))),
  status: 'TDX_METADATA_FIELD_ID_INCORRECT',
};

const firstFieldAsked: LeafCheck = {
  rule: 'RDX is not the null id (which asks for the first field)',
  check: (call) => failIf(isNullFieldId(low(call, 'RDX'), high(call, 'RDX'))),
  status: 'TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT',
  unrecorded: ['RDX'],
};

function fieldExists(context: MetadataContext): LeafCheck {
  return {
    rule: 'the field exists',
    check: (call) => failIf(guestAccess(context, low(call, 'RDX'), high(call, 'RDX')) === 'absent'),
    status: 'TDX_METADATA_FIELD_ID_INCORRECT',
  };
}

const vcpuFieldIsReadable: LeafCheck = {
  rule: 'the guest may read the field',
  check: (call) => failIf(guestAccess('vcpu', low(call, 'RDX'), high(call, 'RDX')) === 'none'),
  status: 'TDX_METADATA_FIELD_NOT_READABLE',
};

/** The handle is the slot (bits 11:0) and the target's TDR, plus the service TD's UUID: subtract it to get the slot. */
const bindingSlot = invalidOperand('RCX names a binding slot', 'RCX', (call) => {
  const slot = (low(call, 'RCX') - call.config.td.uuidLow[0]) & 0xfff;
  return slot >= MAX_SERVICE_TDS;
});

/** RDX and R8 hold 16 bits for each VM; L1's, and those of VMs that do not exist, must be zero. Per VM RDX comes first. */
function pageAttributes(register: 'RDX' | 'R8'): (call: TdcallInputs) => boolean {
  return (call) => {
    for (let vm = 0; vm < MAX_VMS; vm++) {
      const absent = vm === 0 || vm > call.config.td.numL2Vms;
      const attributes = sixteenBits(call, 'RDX', vm);
      // Bit 15 is VALID; without it all others must be zero.
      if (absent ? attributes !== 0 : attributes !== 0 && attributes < 0x8000) return register === 'RDX';
      if (absent && sixteenBits(call, 'R8', vm) !== 0) return register === 'R8';
    }
    return false;
  };
}

function sixteenBits(call: TdcallInputs, register: GprName, index: number): number {
  const half = index < 2 ? low(call, register) : high(call, register);
  return (half >>> (16 * (index & 1))) & 0xffff;
}

const seamVerifyReport: LeafCheck = {
  rule: 'the platform has SEAMVERIFYREPORT',
  check: ({ config }) => (config.seamVerifyReport === undefined ? 'unrecorded' : failIf(!config.seamVerifyReport)),
  status: 'TDX_OPERAND_INVALID',
  operand: 'RAX',
};

/** Checks by leaf. A leaf without an entry has none. */
export const LEAF_CHECKS: Readonly<Record<number, readonly LeafCheck[]>> = {
  [TDCALL_LEAF.MR_RTMR_EXTEND]: [aligned('RCX', EXTENSION_DATA_ALIGNMENT), privateGpa('RCX')],
  [TDCALL_LEAF.VP_VEINFO_GET]: [
    {
      rule: 'a #VE is pending',
      check: (call) => failIf(call.pendingVe === undefined),
      status: 'TDX_NO_VALID_VE_INFO',
    },
  ],
  [TDCALL_LEAF.MR_REPORT]: [
    aligned('RCX', REPORT_ALIGNMENT),
    aligned('RDX', REPORT_DATA_ALIGNMENT),
    invalidOperand('RDX is a GPA', 'RDX', (call) => gpaIsInvalid(call, high(call, 'RDX'), true)),
  ],
  [TDCALL_LEAF.VP_CPUIDVE_SET]: [
    invalidOperand('RCX bits 63:2 are zero', 'RCX', (call) => low(call, 'RCX') >>> 2 !== 0 || high(call, 'RCX') !== 0),
  ],
  [TDCALL_LEAF.MEM_PAGE_ACCEPT]: [pageInformation(LEVEL_2M), privateGpa('RCX')],
  [TDCALL_LEAF.VM_RD]: [
    invalidOperand('the version is 0 or 1', 'RAX', (call) => call.version > 1),
    rcxIsZero,
    {
      ...firstFieldAsked,
      check: (call) => (call.version === 0 ? 'passes' : firstFieldAsked.check(call)),
    },
    wellFormedFieldId,
    fieldExists('td'),
  ],
  [TDCALL_LEAF.VM_WR]: [rcxIsZero, wellFormedFieldId, fieldExists('td')],
  [TDCALL_LEAF.VP_RD]: [rcxIsZero, firstFieldAsked, wellFormedFieldId, vcpuFieldIsReadable],
  [TDCALL_LEAF.VP_WR]: [rcxIsZero, wellFormedFieldId],
  [TDCALL_LEAF.SYS_RD]: [firstFieldAsked, wellFormedFieldId],
  [TDCALL_LEAF.SYS_RDALL]: [aligned('RDX', PAGE_ALIGNMENT), privateGpa('RDX')],
  [TDCALL_LEAF.SERVTD_RD]: [bindingSlot],
  [TDCALL_LEAF.SERVTD_WR]: [bindingSlot],
  [TDCALL_LEAF.MR_VERIFYREPORT]: [seamVerifyReport, aligned('RCX', REPORT_MAC_ALIGNMENT), privateGpa('RCX')],
  [TDCALL_LEAF.MEM_PAGE_ATTR_RD]: [privateGpa('RCX')],
  [TDCALL_LEAF.MEM_PAGE_ATTR_WR]: [
    invalidOperand('RDX holds attributes of L2 VMs only', 'RDX', pageAttributes('RDX')),
    invalidOperand('R8 holds flags of L2 VMs only', 'R8', pageAttributes('R8')),
    pageInformation(LEVEL_1G),
    privateGpa('RCX'),
  ],
  [TDCALL_LEAF.VP_ENTER]: [aligned('RDX', L2_STATE_ALIGNMENT), privateGpa('RDX'), l2VmIndex(~3)],
  [TDCALL_LEAF.VP_INVEPT]: [
    invalidOperand('RCX names L2 VMs of the TD only', 'RCX', (call) => {
      const mask = low(call, 'RCX');
      return (mask & 1) !== 0 || mask >>> (call.config.td.numL2Vms + 1) !== 0 || high(call, 'RCX') !== 0;
    }),
  ],
  [TDCALL_LEAF.VP_INVVPID]: [l2VmIndex(~1)],
};
