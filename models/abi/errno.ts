/** Error numbers of x86 Linux that kernel, guest and userspace give each other, positive (facts/linux.md 1.4, 2 and 3). */
export const ERRNO = { EIO: 5, ENXIO: 6, EAGAIN: 11, EFAULT: 14, EBUSY: 16, EINVAL: 22 } as const;
