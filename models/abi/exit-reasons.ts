/** VMX exit reasons and the status words around them, as TDH.VP.ENTER gives them to the host. */

/** Basic exit reasons (bits 15:0) that a dispatcher meets or makes up (docs/abi/kvm-dispatcher.md#exit-reason-map). */
export const EXIT_REASON = {
  EXCEPTION_OR_NMI: 0,
  EXTERNAL_INTERRUPT: 1,
  TRIPLE_FAULT: 2,
  OTHER_SMI: 6,
  EPT_VIOLATION: 48,
  EPT_MISCONFIG: 49,
  BUS_LOCK: 74,
  NOTIFY: 75,
  TDCALL: 77,
} as const;

/** Modifier bits of an exit reason: bits 31:16; bit 26 says that a bus lock was detected (docs/abi/linux-fixes.md#bc335ce04408). */
export const EXIT_REASON_MODIFIERS = 0xffff0000n;

/** Modifier bit: a bus lock was detected. */
export const BUS_LOCK_DETECTED = 1n << 26n;
/** Modifier bit: the VM entry failed (docs/abi/kvm-dispatcher.md#exits-that-are-no-tdvmcall). */
export const FAILED_ENTRY = 1n << 31n;

/**
 * Basic reasons by which KVM names the instruction that a TDVMCALL stands for, and HLT, VMCALL. The module never reports one: it
 * serves the instruction, or gives the TD a #VE (docs/abi/seamcall.md#exit-reasons).
 */
export const INSTRUCTION_REASONS: readonly bigint[] = [10n, 12n, 18n, 30n, 31n, 32n];

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
