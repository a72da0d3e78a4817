/** VMX exit reasons and the status words around them, as TDH.VP.ENTER gives them to the host. */

/** Basic exit reasons (bits 15:0) that a dispatcher meets or makes up (docs/abi/kvm-dispatcher.md#exit-reason-map). */
export const EXIT_REASON = {
  EXTERNAL_INTERRUPT: 1,
  TRIPLE_FAULT: 2,
  EPT_VIOLATION: 48,
  EPT_MISCONFIG: 49,
  TDCALL: 77,
} as const;

/** Modifier bits of an exit reason: bits 31:16; bit 26 says that a bus lock was detected (docs/abi/linux-fixes.md#bc335ce04408). */
export const EXIT_REASON_MODIFIERS = 0xffff0000n;

/**
 * Upper halves of the status words whose lower half KVM takes as an exit reason (docs/abi/kvm-dispatcher.md#exit-reason-map). Two of them
 * are not the module's own words, which are 0x60000002 and 0xe0000007 (docs/abi/status-codes.md#known-disagreements).
 */
export const KVM_EXIT_REASON_STATUSES = [
  0x00000000_00000000n,
  0x40000001_00000000n,
  0x40000002_00000000n,
  0x60000005_00000000n,
  0x60000007_00000000n,
] as const;
