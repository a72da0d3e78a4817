/**
 * Error numbers that Linux's TDX code returns, negated, and that userspace writes to `struct kvm_run` as they are
 * (docs/abi/linux-seamcall.md, docs/abi/linux-helpers.md, docs/abi/kvm-dispatcher.md; the numbers are x86 Linux's).
 */
export const ERRNO = {
  EIO: 5n,
  ENXIO: 6n,
  EAGAIN: 11n,
  EACCES: 13n,
  EFAULT: 14n,
  EBUSY: 16n,
  ENODEV: 19n,
  EINVAL: 22n,
  EOPNOTSUPP: 95n,
} as const;

/** Name of an error number. */
export type ErrnoName = keyof typeof ERRNO;
