/** Per-CPU data of a kernel, and the thread block of a user program: what lies at the GS and FS base. */
import type { ElfFile } from './elf-file.js';
import type { Segment } from './image.js';

/** GS and FS base of every run. Stack protectors read their canary at offset 0x28 of one of them (System V psABI; Linux before v6.15). */
export const PERCPU_BASE = 0xffff88813bc00000n;

/** Section that x86-64 kernels before v6.15 link at address 0 (arch/x86/kernel/vmlinux.lds.S); a copy for each CPU lies at its GS base. */
const PERCPU_SECTION = '.data..percpu';

/** The per-CPU segment of a kernel at the GS base, every other segment as it is: nothing of an image lies at NULL. */
export function placePerCpu(file: ElfFile, segment: Segment): Segment {
  const perCpu =
    segment.address === 0n && file.sections.some(({ name, address }) => name === PERCPU_SECTION && address === 0n);
  return perCpu ? { ...segment, address: PERCPU_BASE } : segment;
}
