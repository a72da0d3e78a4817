/** Tells code from data in a segment that is writable and executable at once, by the section headers. */
import { SECTION, SECTION_FLAG } from './elf-constants.js';
import type { ElfFile } from './elf-file.js';
import type { Segment } from './image.js';

/**
 * Cuts a writable segment into pieces: executable sections stay as they are, everything else becomes plain data. Kernels
 * (.init) and firmware are linked so. A segment that no executable section lies in is not cut. Linux from 6.15 on has its
 * .init.text in a segment that is not executable: there, sections count that are not writable themselves.
 */
export function separateCode(file: ElfFile, segment: Segment): Segment[] {
  if (!segment.write) return [segment];
  const end = segment.address + BigInt(segment.size);
  const code = file.sections
    .filter(
      ({ flags, address, size, type }) =>
        flags & SECTION_FLAG.alloc &&
        flags & SECTION_FLAG.execute &&
        (segment.execute || !(flags & SECTION_FLAG.write)) &&
        type !== SECTION.nobits &&
        size > 0 &&
        address >= segment.address &&
        address + BigInt(size) <= end,
    )
    .sort((a, b) => (a.address < b.address ? -1 : 1));
  if (code.length === 0) return [segment];
  const pieces: Segment[] = [];
  let next = segment.address;
  const take = (until: bigint, execute: boolean): void => {
    if (until <= next) return;
    const from = Number(next - segment.address);
    const to = Number(until - segment.address);
    pieces.push({
      ...segment,
      address: next,
      size: to - from,
      bytes: segment.bytes.subarray(from, Math.max(from, Math.min(to, segment.bytes.length))),
      execute,
    });
    next = until;
  };
  for (const { address, size } of code) {
    take(address, false);
    take(address + BigInt(size), true);
  }
  take(end, false);
  return pieces;
}
