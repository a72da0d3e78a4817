/** Damaged kernel images: seeded mutants of boot images, where the frame, the packed bytes or the names are wrong. */
import { check, orRefused } from './hostile.test.helper.js';
import {
  type KallsymsLayout,
  kernelSymbols,
  PACKED,
  writeBootImage,
  writeKallsyms,
  writeKernel,
} from './kernel-writer.test.helper.js';
import { parseImage } from './load.js';

const BEHIND: KallsymsLayout = { form: 'place-relative', addresses: 'behind', alignment: 4, order: true };
const BEFORE: KallsymsLayout = { form: 'absolute-per-cpu', addresses: 'before', alignment: 8, order: true };

const KERNELS = [BEHIND, BEFORE].map((layout) => writeKernel(writeKallsyms(kernelSymbols(300), layout)));

export const KERNEL_SAMPLES: readonly [string, Uint8Array][] = [
  ...Object.keys(PACKED).map((packer): [string, Uint8Array] => [packer, writeBootImage(PACKED[packer](KERNELS[0]))]),
  ['vmlinux', KERNELS[0]],
  ['vmlinux of before 6.4', KERNELS[1]],
];

const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/** One to six changes of a byte, half of them in the first kilobyte; sometimes a cut; sometimes four bytes of ones. */
export function mutatedKernel(original: Uint8Array, below: (limit: number) => number): Uint8Array {
  const bytes = Uint8Array.from(original);
  for (let left = 1 + below(6); left > 0; left--) {
    const at = below(below(2) === 0 ? Math.min(1024, bytes.length) : bytes.length);
    if (below(8) === 0) bytes.fill(0xff, at, at + 4);
    else bytes[at] = below(2) === 0 ? EDGES[below(EDGES.length)] : below(256);
  }
  return below(10) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes;
}

/** Whether the bytes are an image, which then keeps its promises; false if they are refused in one line. */
export function isKernel(bytes: Uint8Array): boolean {
  const image = orRefused(() => parseImage(bytes, 'vmlinuz'));
  if (image === undefined) return false;
  check({ ...image, symbols: image.symbols.slice(0, 40) });
  return true;
}
