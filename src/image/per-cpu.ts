/** Per-CPU data of a kernel, and the thread block of a user program: what lies at the GS and FS base. */
import type { ElfFile } from './elf-file.js';
import type { Image, Segment } from './image.js';

/** FS base of every run, and GS base where the image does not say another. Stack protectors read their canary at offset 0x28 of one of them (System V psABI; Linux before v6.15). */
export const PERCPU_BASE = 0xffff88813bc00000n;

/**
 * Section of x86-64 kernels (arch/x86/kernel/vmlinux.lds.S). Before v6.15 it is linked at address 0, and a copy for each CPU
 * lies at its GS base; from then on it is linked where it lies, and the GS base is how far a CPU's copy is from there.
 */
const PERCPU_SECTION = '.data..percpu';

/** The per-CPU segment of a kernel at the GS base, every other segment as it is: nothing of an image lies at NULL. */
export function placePerCpu(file: ElfFile, segment: Segment): Segment {
  const perCpu =
    segment.address === 0n && file.sections.some(({ name, address }) => name === PERCPU_SECTION && address === 0n);
  return perCpu ? { ...segment, address: PERCPU_BASE } : segment;
}

/** GS base with which per-CPU data of a linked kernel is reached at its own address; undefined where PERCPU_BASE does. */
export function ownGsBase(file: ElfFile): bigint | undefined {
  const linked = file.sections.some(({ name, address }) => name === PERCPU_SECTION && address !== 0n);
  return linked ? 0n : undefined;
}

export function gsBaseOf({ gsBase = PERCPU_BASE }: Image): bigint {
  return gsBase;
}
