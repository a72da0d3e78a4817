/** Guest-physical memory as helpers see it: the shared bit, and the direct map. */
import type { Values } from '../../../models/exchange/exchange.js';
import type { ExternalFunctions } from '../../play/call.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import { below, oneOf } from '../../story/draws.js';
import { slot } from './slots.js';

/** The highest bit of a guest-physical address, which is 48 or 52 bits wide (docs/abi/linux-helpers.md#setup). */
export const SHARED_MASKS = [1n << 47n, 1n << 51n] as const;

export const SHARED_MASK_SLOT = slot('the shared bit', oneOf(...SHARED_MASKS), SHARED_MASKS[0]);

/** The base of the direct map, where KASLR may put it (docs/abi/linux-helpers.md#whole-kernels). */
export const DIRECT_MAP_SLOT = slot(
  'the base of the direct map',
  (dice) => 0xffff888000000000n - (below(1 << 16)(dice) << 20n),
  0xffff888000000000n,
);

export function isSharedMask(mask: bigint): boolean {
  return SHARED_MASKS.some((known) => known === mask);
}

/** `u64 tdx_shared_mask(void)` */
export function sharedMaskExternal({ shared_mask: mask }: Values): ExternalFunctions {
  return { tdx_shared_mask: { parameters: [], query: () => mask } };
}

/** CC_VENDOR_INTEL (Linux, include/linux/cc_platform.h, arch/x86/include/asm/coco.h). */
const VENDOR_INTEL = 2n;

/** The same for code that has `cc_mkdec` inlined: the mask, and whose it is (docs/abi/linux-helpers.md#whole-kernels). */
export function laySharedMask(stage: ProgramStage, { shared_mask: mask }: Values): void {
  layDatum(stage, 'cc_mask', mask, 8);
  layDatum(stage, 'cc_vendor', VENDOR_INTEL, 4);
}

/** The base of the direct map, for code that has `virt_to_phys` inlined. */
export function layDirectMap(stage: ProgramStage, { direct_map: base }: Values): void {
  layDatum(stage, 'page_offset_base', base, 8);
}

function layDatum(stage: ProgramStage, name: string, value: bigint, bytes: 4 | 8): void {
  const address = stage.datum(name);
  if (address !== undefined) stage.write(address, value, bytes);
}

/** `u64 virt_to_phys(const void *pointer)`: kernel memory is mapped as a whole. */
export function virtToPhysExternal({ direct_map: base }: Values): ExternalFunctions {
  return { virt_to_phys: { parameters: ['pointer'], query: ({ pointer }) => BigInt.asUintN(64, pointer - base) } };
}
