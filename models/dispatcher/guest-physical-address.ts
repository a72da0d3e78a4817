import type { TdConfiguration } from './contract.js';

/** The bit of a guest physical address that tells shared from private memory: the uppermost (docs/abi/kvm-dispatcher.md#mmio). */
export function sharedBit({ gpaWidth }: TdConfiguration): bigint {
  return 1n << BigInt(gpaWidth - 1);
}

export function isShared(td: TdConfiguration, gpa: bigint): boolean {
  return (gpa & sharedBit(td)) !== 0n;
}

/** Whether no bit beyond the width of an address is set. */
export function isLegal({ gpaWidth }: TdConfiguration, gpa: bigint): boolean {
  return gpa >> BigInt(gpaWidth) === 0n;
}

/** The address as KVM and userspace know it. */
export function withoutSharedBit(td: TdConfiguration, gpa: bigint): bigint {
  return gpa & ~sharedBit(td);
}
