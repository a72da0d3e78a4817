/**
 * Code by its address, for images that have no name for it. Of what is linked, `0x1230` is the address as `objdump -d` prints
 * it. Of an object, which has no addresses yet, `.text+0x30` is an offset in a section, and `0x30` alone one in the only
 * section of code that is long enough: that is what `objdump -d` prints of an object.
 */
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { ImageError, type Image, type Segment } from './image.js';
import { segmentAt } from './segments.js';

const PLACE = /^(?:(?<section>.+)\+)?(?<offset>0x[0-9a-f]{1,16})$/is;
/** Ranges of code, or places, that a message has room for. */
const NAMED = 4;

/** `0X01230` as `0x1230`, so that one place has one name; every other text as it is. */
export function placeName(text: string): string {
  const { section, offset } = PLACE.exec(text)?.groups ?? {};
  if (offset === undefined) return text;
  return section === undefined ? hex(BigInt(offset)) : `${section}+${hex(BigInt(offset))}`;
}

/** Whether a name may be that of a place, and not of a symbol. */
export function isPlace(text: string): boolean {
  return PLACE.test(text);
}

/** Whether an image is made of sections that have no addresses of their own yet. */
function isObject({ format }: Image): boolean {
  return format.endsWith('-object');
}

/**
 * The address in memory that a place is.
 * @returns undefined if the text is no place, or one that is not in executable memory
 * @throws ImageError if it is a place in several sections
 */
export function addressOfPlace(image: Image, text: string): bigint | undefined {
  const found = candidates(image, text);
  if (found.length <= 1) return found[0]?.address;
  const names = found.map(({ segment, offset }) => `${shorten(segment.name)}+${hex(offset)}`);
  const distinct = [...new Set(names)];
  throw new ImageError(
    distinct.length === 1
      ? `${image.name}: ${found.length} sections are named ${shorten(found[0].segment.name)}, so ${shorten(text)} may be in any of them; give the object that holds one`
      : `${image.name}: ${shorten(text)} may be ${listed(distinct, 'or')}; say in which section`,
  );
}

/** `a, b, or 3 more`. */
function listed(names: readonly string[], word: 'and' | 'or'): string {
  const shown = names.slice(0, NAMED);
  if (names.length > NAMED) shown.push(`${names.length - NAMED} more`);
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} ${word} ${last}`;
}

interface Candidate {
  address: bigint;
  segment: Segment;
  offset: bigint;
}

function candidates(image: Image, text: string): Candidate[] {
  const { section, offset: digits } = PLACE.exec(text)?.groups ?? {};
  if (digits === undefined) return [];
  const offset = BigInt(digits);
  if (section === undefined && !isObject(image)) {
    const address = BigInt.asUintN(64, offset + (image.moved ?? 0n));
    const segment = segmentAt(image.segments, address);
    return segment?.execute === true ? [{ address, segment, offset }] : [];
  }
  return image.segments
    .filter(({ name, execute }) => execute && (section === undefined || name === section))
    .filter(({ bytes }) => offset < BigInt(bytes.length))
    .map((segment) => ({ address: segment.address + offset, segment, offset }));
}

/** What code at an address is called that has no other name. */
export function nameOfPlace(image: Image, address: bigint): string {
  if (!isObject(image)) return hex(BigInt.asUintN(64, address - (image.moved ?? 0n)));
  const segment = segmentAt(image.segments, address);
  return segment === undefined ? hex(address) : `${segment.name}+${hex(address - segment.address)}`;
}

/** Why a place is none of this image. */
export function noSuchPlace(image: Image, text: string): string {
  const code = image.segments.filter(({ execute, bytes }) => execute && bytes.length > 0);
  const ranges = code.map(({ name, address, bytes }) => {
    const size = BigInt(bytes.length);
    if (isObject(image)) return `${shorten(name)}+0x0 to +${hex(size - 1n)}`;
    const from = address - (image.moved ?? 0n);
    return `${hex(from)} to ${hex(from + size - 1n)}`;
  });
  return `${shorten(text)} is not in executable memory, which is ${ranges.length === 0 ? 'none' : listed(ranges, 'and')}; give an address as objdump -d prints it`;
}
