/** Guest-physical memory as helpers see it: the shared bit, and the direct map. */
import type { Values } from '../../../models/exchange/exchange.js';
import type { ExternalFunctions } from '../../play/call.js';
import { oneOf } from '../../story/draws.js';
import { slot } from './slots.js';

/** The highest bit of a guest-physical address, which is 48 or 52 bits wide (docs/abi/linux-helpers.md#setup). */
const SHARED_MASKS = [1n << 47n, 1n << 51n] as const;

export const SHARED_MASK_SLOT = slot('the shared bit', oneOf(...SHARED_MASKS), SHARED_MASKS[0]);

export function isSharedMask(mask: bigint): boolean {
  return SHARED_MASKS.some((known) => known === mask);
}

/** `u64 tdx_shared_mask(void)` */
export function sharedMaskExternal({ shared_mask: mask }: Values): ExternalFunctions {
  return { tdx_shared_mask: { parameters: [], query: () => mask } };
}

/** `u64 virt_to_phys(const void *pointer)`: kernel memory is mapped as a whole. */
export function virtToPhysExternal({ direct_map: base }: Values): ExternalFunctions {
  return { virt_to_phys: { parameters: ['pointer'], query: ({ pointer }) => BigInt.asUintN(64, pointer - base) } };
}
