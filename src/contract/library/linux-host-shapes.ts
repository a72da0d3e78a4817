/** Shapes that the host stubs of several kernel generations share. Facts: docs/abi/linux-stubs.md#host-stubs. */
import { TDX_SEAMCALL_GP, TDX_SEAMCALL_UD, TDX_SEAMCALL_VMFAILINVALID } from '../../../models/abi/linux-constants.js';
import { SEAMCALL_LEAVES } from '../../../models/abi/seamcall-leaves.js';
import type { Contract } from '../contract.js';

/** TDH.VP.ENTER, which may change every register, and TDH.SERVTD.BIND, which writes R12 and R13 (docs/abi/linux-stubs.md#fair-scenarios). */
export const WIDE_HOST_LEAVES = [0, 48];

/** Leaves of the module whose outputs stay within RCX, RDX and R8-R11: any other (docs/abi/linux-stubs.md#fair-scenarios). */
export const NARROW_HOST_LEAVES = SEAMCALL_LEAVES.filter(
  ({ leaf, implementedIn1501 }) => implementedIn1501 && !WIDE_HOST_LEAVES.includes(leaf),
).map(({ leaf }) => leaf);

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** What every Linux stub around SEAMCALL has: the three software error codes, and a module that preserves RBP. */
export const HOST_STUB = {
  instruction: 'seamcall',
  notEntered: {
    vmFailInvalid: hex(TDX_SEAMCALL_VMFAILINVALID),
    generalProtection: hex(TDX_SEAMCALL_GP),
    invalidOpcode: hex(TDX_SEAMCALL_UD),
  },
  assumes: ['no-rbp-mod'],
} satisfies Partial<Contract>;
