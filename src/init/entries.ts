/** Where functions with TDCALL or SEAMCALL begin, also where no symbol says so. */
import { functionsWithWrappedInstruction } from '../campaign/targets/wrapped-instructions.js';
import { withFunctionsAt } from '../harness/code-by-address.js';
import type { Image, Segment } from '../image/image.js';
import { nameOfPlace } from '../image/places.js';
import { segmentAt } from '../image/segments.js';
import { reachableEnd } from '../stage/reachable-code.js';

/** A function, and the image in which it has a name. */
export interface Entry {
  readonly symbol: string;
  readonly image: Image;
  /** Found by its code alone. */
  readonly isNameless: boolean;
}

/** The most code without symbols that is gone through, in bytes: a second or two. */
const MOST_CODE = 8 << 20;
/** What lies between functions: INT3, NOP in its forms, zeros. */
const INT3 = 0xcc;
const NOP = 0x90;

/** Functions of an image, by name. */
export function entriesOf(image: Image, own: Image = image): Entry[] {
  const names = functionsWithWrappedInstruction(own);
  const known = new Set(own.symbols.map(({ name }) => name));
  const named = names.filter((name) => known.has(name)).map((symbol) => ({ symbol, image, isNameless: false }));
  const addresses = names.filter((name) => !known.has(name)).map(BigInt);
  const starts = [...new Set(addresses.flatMap((address) => entryBefore(image, address) ?? []))];
  const places = starts.map((address) => nameOfPlace(image, address));
  const whole = withFunctionsAt(image, places);
  return [...named, ...places.map((symbol) => ({ symbol, image: whole, isNameless: true }))];
}

/** The function that an address lies in, when all before it are followed from the last place that is known to begin one. */
function entryBefore(image: Image, address: bigint): bigint | undefined {
  const segment = segmentAt(image.segments, address);
  if (segment === undefined) return undefined;
  const end = segment.address + BigInt(segment.bytes.length);
  let at = lastSymbol(image, segment, address) ?? segment.address;
  if (address - at > BigInt(MOST_CODE)) at = address - BigInt(MOST_CODE);
  while (at <= address) {
    at = behindPadding(segment, at);
    if (at > address) return undefined;
    const next = reachableEnd(image, at, end);
    if (address < next) return at;
    at = next > at ? next : at + 1n;
  }
  return undefined;
}

function lastSymbol({ symbols }: Image, segment: Segment, address: bigint): bigint | undefined {
  const before = symbols.filter(
    (symbol) => symbol.kind !== 'object' && symbol.address >= segment.address && symbol.address <= address,
  );
  return before.reduce<bigint | undefined>((last, symbol) => {
    const to = symbol.address + BigInt(symbol.size);
    return last === undefined || to > last ? to : last;
  }, undefined);
}

/** The first byte that is no padding. */
function behindPadding({ address, bytes }: Segment, from: bigint): bigint {
  let at = Number(from - address);
  for (;;) {
    const length = paddingAt(bytes, at);
    if (length === 0) return address + BigInt(at);
    at += length;
  }
}

/** Bytes of padding, 0 for code: the forms of NOP that as, gcc, clang and link use (Intel SDM volume 2B, NOP). */
function paddingAt(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x66 || bytes[at] === 0x2e) at++;
  if (bytes[at] === 0x0f && bytes[at + 1] === 0x1f) {
    const modrm = bytes[at + 2] ?? 0;
    const hasSib = (modrm & 7) === 4 && modrm >> 6 !== 3;
    const displacement = [0, 1, 4, 0][modrm >> 6];
    return at + 3 + (hasSib ? 1 : 0) + displacement - from;
  }
  if (bytes[at] === NOP) return at + 1 - from;
  if (at > from) return 0;
  if (bytes[at] === INT3) return 1;
  // No function begins with ADD to memory.
  return bytes[at] === 0 ? 1 : 0;
}
