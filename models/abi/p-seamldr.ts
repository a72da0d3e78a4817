/**
 * Status words of the P-SEAMLDR (RAX bit 63 = 1 at SEAMCALL). They share their upper half with nothing of the module,
 * but are a numbering of their own. Source: docs/abi/status-codes.md#p-seamldr-statuses.
 */
export const P_SEAMLDR_STATUS_CODES = {
  EBADPARAM: 0x80000000_00000000n,
  EBADCALL: 0x80000000_00000003n,
  EBADHANDOFF: 0x80000000_00000004n,
  ECLEANUPREQ: 0x80000000_00000005n,
  EUNSUPPORTED: 0x80000000_00000006n,
  ENOMEM: 0x80000000_00010002n,
  EUNSPECERR: 0x80000000_00010003n,
  EUNSUPCPU: 0x80000000_00010004n,
  EBADSIG: 0x80000000_00020000n,
  EBADHASH: 0x80000000_00020001n,
  EINTERRUPT: 0x80000000_00030000n,
  ENOENTROPY: 0x80000000_00030001n,
} as const;

/** P-SEAMLDR leaves. The whole 64-bit RAX is compared; anything else is EBADPARAM. */
export const P_SEAMLDR_LEAVES = [
  { rax: 0x80000000_00000000n, name: 'SEAMLDR.INFO', input: 'RCX' },
  { rax: 0x80000000_00000001n, name: 'SEAMLDR.INSTALL', input: 'RCX' },
  { rax: 0x80000000_00000002n, name: 'SEAMLDR.SHUTDOWN', input: '' },
  { rax: 0x80000000_00000003n, name: 'SEAMLDR.SEAMINFO', input: 'RCX' },
  { rax: 0x80000000_00000004n, name: 'SEAMLDR.CLEANUP (newer)', input: '' },
] as const;
