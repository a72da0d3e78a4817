/** What a stripped kernel says of itself: its names, and by them the tables whose section headers somebody took away. */
import { BUG_SECTION, readBugTable } from './bug-table.js';
import { FIXUP_SECTION, readFixupTable } from './fixups.js';
import type { Fixup, Image } from './image.js';
import { readKallsyms } from './kallsyms.js';
import { PERCPU_BASE } from './per-cpu.js';
import { codeAt, segmentAt } from './segments.js';
import { withListing } from './symbol-listing.js';

const PERCPU_START = '__per_cpu_start';

/** The image with the names that it keeps for its own messages; as it is where it has symbols, or is no kernel. */
export function withKernelNames(image: Image): Image {
  if (image.symbols.length > 0) return image;
  const symbols = readKallsyms(image.segments);
  if (symbols === undefined) return image;
  const addressOf = (name: string): bigint | undefined => symbols.find((symbol) => symbol.name === name)?.address;
  const placed = { ...image, ...perCpuOf(image, addressOf(PERCPU_START)) };
  return withTables(withListing(placed, { symbols }, image.name), addressOf);
}

function withTables(image: Image, addressOf: (name: string) => bigint | undefined): Image {
  const tableOf = (section: string): { bytes: Uint8Array; address: bigint } | undefined => {
    const [start, stop] = [addressOf(`__start_${section}`), addressOf(`__stop_${section}`)];
    const segment = start === undefined ? undefined : segmentAt(image.segments, start);
    if (start === undefined || stop === undefined || stop < start || segment === undefined) return undefined;
    const from = Number(start - segment.address);
    const size = Number(stop - start);
    return from + size > segment.bytes.length
      ? undefined
      : { bytes: segment.bytes.subarray(from, from + size), address: start };
  };
  // With section headers both tables were found by them.
  if (image.fixups.length > 0) return image;
  const fixups: Fixup[] = [];
  const fixupTable = tableOf(FIXUP_SECTION);
  if (fixupTable !== undefined)
    readFixupTable(`${image.name}: ${FIXUP_SECTION}`, fixupTable.bytes, fixupTable.address, fixups);
  const bugTable = tableOf(BUG_SECTION);
  if (bugTable !== undefined)
    readBugTable(bugTable.bytes, bugTable.address, (at, most) => codeAt(image.segments, at, most), fixups);
  return { ...image, fixups };
}

/** Per-CPU data that is not yet where the GS base is, as per-cpu.ts places it by the section headers. */
function perCpuOf(image: Image, start: bigint | undefined): Partial<Image> {
  if (start === undefined) return {};
  if (start !== 0n) return { gsBase: 0n };
  const placed = image.segments.map((segment) =>
    segment.address === 0n ? { ...segment, address: PERCPU_BASE } : segment,
  );
  return { segments: placed.sort((a, b) => (a.address < b.address ? -1 : 1)) };
}
