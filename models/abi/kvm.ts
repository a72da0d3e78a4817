/**
 * What KVM and its userspace say to each other when a TDVMCALL leaves the kernel: the exit reasons and the layout of
 * `struct kvm_run` for each. Numbers: docs/abi/kvm-dispatcher.md#exits-to-userspace. Layouts: Linux include/uapi/linux/kvm.h, read at
 * torvalds/linux 01d01d69192e; KVM_EXIT_TDX in the patches cf207eac06f6, 25e8b1dd4883 and 4580dbef5ce0.
 */

/** Where a 32-bit exit reason stands in `struct kvm_run`. */
export const KVM_RUN_EXIT_REASON_OFFSET = 8;
/** The data of a port access stands one page behind the start of `struct kvm_run` (KVM_PIO_PAGE_OFFSET = 1). */
export const KVM_RUN_PIO_DATA_OFFSET = 4096;

/** Exit reasons that a TDVMCALL, or a TD that ends, can give to userspace. */
export const KVM_EXIT = {
  EXCEPTION: 1,
  IO: 2,
  HYPERCALL: 3,
  MMIO: 6,
  SHUTDOWN: 8,
  FAIL_ENTRY: 9,
  INTERNAL_ERROR: 17,
  SYSTEM_EVENT: 24,
  X86_BUS_LOCK: 33,
  NOTIFY: 37,
  TDX: 40,
} as const;

/** Name of an exit reason. */
export type KvmExitName = keyof typeof KVM_EXIT;

/** KVM_EXIT_INTERNAL_ERROR: the exit reason is none that the dispatcher knows. */
export const KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON = 4;
/** In `flags` of `struct kvm_run`: a bus lock was detected (KVM_RUN_X86_BUS_LOCK). */
export const KVM_RUN_BUS_LOCK = 2n;
/** KVM_EXIT_NOTIFY: the vCPU's context is not valid any more (KVM_NOTIFY_CONTEXT_INVALID). */
export const KVM_NOTIFY_CONTEXT_INVALID = 1n;
/** KVM_EXIT_SYSTEM_EVENT: the guest reported a fatal error (docs/abi/kvm-dispatcher.md#reportfatalerror). */
export const KVM_SYSTEM_EVENT_TDX_FATAL = 7;
/** KVM_EXIT_HYPERCALL: the caller runs in 64-bit mode. */
export const KVM_EXIT_HYPERCALL_LONG_MODE = 1;
/** The one KVM hypercall that userspace serves. */
export const KVM_HC_MAP_GPA_RANGE = 12;
/** Attribute of KVM_HC_MAP_GPA_RANGE: the range is to be encrypted, that is private. 0: decrypted, that is shared. */
export const KVM_MAP_GPA_RANGE_ENCRYPTED = 16;
/** What KVM answers to a hypercall that it does not know, or does not serve, negated (KVM_ENOSYS). */
export const KVM_ENOSYS = 1000n;

/** One field of an exit, as userspace finds it in `struct kvm_run`. */
export interface KvmRunField {
  /** Bytes from the start of `struct kvm_run`. */
  readonly offset: number;
  readonly bytes: 1 | 2 | 4 | 8;
}

/** Several 64-bit fields in a row: `args[0]`, `args[1]`... */
function row(name: string, offset: number, count: number): Record<string, KvmRunField> {
  const fields = Array.from({ length: count }, (_, index): [string, KvmRunField] => [
    `${name}[${index}]`,
    { offset: offset + 8 * index, bytes: 8 },
  ]);
  return Object.fromEntries(fields);
}

/** The fields of each exit by name. KVM_EXIT_TDX is a union once more: `nr` selects which of its fields count. */
export const KVM_RUN_FIELDS: Readonly<Record<KvmExitName, Readonly<Record<string, KvmRunField>>>> = {
  IO: {
    direction: { offset: 32, bytes: 1 },
    size: { offset: 33, bytes: 1 },
    port: { offset: 34, bytes: 2 },
    count: { offset: 36, bytes: 4 },
    data_offset: { offset: 40, bytes: 8 },
    data: { offset: KVM_RUN_PIO_DATA_OFFSET, bytes: 8 },
  },
  HYPERCALL: {
    nr: { offset: 32, bytes: 8 },
    // Six in the layout; no hypercall has more than three that goes to userspace.
    ...row('args', 40, 3),
    ret: { offset: 88, bytes: 8 },
    flags: { offset: 96, bytes: 8 },
  },
  MMIO: {
    phys_addr: { offset: 32, bytes: 8 },
    data: { offset: 40, bytes: 8 },
    len: { offset: 48, bytes: 4 },
    is_write: { offset: 52, bytes: 1 },
  },
  SHUTDOWN: {},
  EXCEPTION: {
    exception: { offset: 32, bytes: 4 },
    error_code: { offset: 36, bytes: 4 },
  },
  FAIL_ENTRY: {
    hardware_entry_failure_reason: { offset: 32, bytes: 8 },
    cpu: { offset: 40, bytes: 4 },
  },
  // Of every exit; here alone it is what the exit is about.
  X86_BUS_LOCK: { run_flags: { offset: 14, bytes: 2 } },
  NOTIFY: { flags: { offset: 32, bytes: 4 } },
  INTERNAL_ERROR: {
    suberror: { offset: 32, bytes: 4 },
    ndata: { offset: 36, bytes: 4 },
    // Sixteen in the layout; two are used.
    ...row('data', 40, 2),
  },
  SYSTEM_EVENT: {
    type: { offset: 32, bytes: 4 },
    ndata: { offset: 36, bytes: 4 },
    ...row('data', 40, 16),
  },
  TDX: {
    flags: { offset: 32, bytes: 8 },
    nr: { offset: 40, bytes: 8 },
    ret: { offset: 48, bytes: 8 },
    gpa: { offset: 56, bytes: 8 },
    size: { offset: 64, bytes: 8 },
    vector: { offset: 56, bytes: 8 },
    leaf: { offset: 56, bytes: 8 },
    r11: { offset: 64, bytes: 8 },
    r12: { offset: 72, bytes: 8 },
    r13: { offset: 80, bytes: 8 },
    r14: { offset: 88, bytes: 8 },
  },
};
