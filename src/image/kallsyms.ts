/** Names of a stripped kernel, from the table that it keeps for its own messages. */
import { findKallsyms, type KallsymsTables, nameAt, roundUp } from './kallsyms-tables.js';
import { NAME_LIMIT, type Segment } from './image.js';
import { isOfData, isOfLocal, type ListedSymbol } from './listing-formats.js';
import { segmentAt } from './segments.js';

/** How addresses are stored: facts as in kallsyms-tables.ts. */
type Form =
  /** 64 bits each; CONFIG_KALLSYMS_BASE_RELATIVE off (until 6.15). */
  | 'plain'
  /** 32 bits, to be added to a base. */
  | 'based'
  /** As based; but what is not negative is the address itself, and -1 - n stands for the base + n (CONFIG_KALLSYMS_ABSOLUTE_PERCPU, until 6.14). */
  | 'absolute-per-cpu'
  /** 32 bits with a sign, to be added to where they stand. */
  | 'place-relative';

/** Names that the addresses of a form must put into code, of those whose letter says so: without section headers .init.text is none. */
const LEAST_SHARE = 0.75;
/** Characters of all names. */
const MOST_TEXT = 2 ** 28;

/** @returns undefined where the image has no such table */
export function readKallsyms(segments: readonly Segment[]): ListedSymbol[] | undefined {
  for (const segment of segments) {
    const tables = findKallsyms(segment.bytes);
    const names = tables && readNames(segment.bytes, tables);
    const addresses = names && readAddresses(segment, tables, names, segments);
    if (addresses !== undefined) return list(names as string[], addresses);
  }
  return undefined;
}

function readNames(bytes: Uint8Array, tables: KallsymsTables): string[] | undefined {
  const names: string[] = [];
  let left = MOST_TEXT;
  for (let index = 0; index < tables.count; index++) {
    const name = nameAt(bytes, tables, index, NAME_LIMIT);
    // One that is too long, or has a letter and nothing else.
    if (name === undefined || name.length < 2 || !/[A-Za-z]/.test(name[0])) return undefined;
    left -= name.length;
    if (left < 0) return undefined;
    names.push(name);
  }
  return names;
}

/** Addresses in the form that puts names of code into code, in ascending order as the kernel keeps them. */
function readAddresses(
  segment: Segment,
  tables: KallsymsTables,
  names: readonly string[],
  segments: readonly Segment[],
): BigUint64Array | undefined {
  const code = names.flatMap((name, index) => (/[Tt]/.test(name[0]) ? [index] : []));
  for (const { at, baseAt, form } of places(tables)) {
    const addresses = addressesAt(segment, tables.count, at, baseAt, form);
    if (addresses === undefined) continue;
    const hits = code.filter((index) => segmentAt(segments, addresses[index])?.execute === true).length;
    if (hits > 0 && hits >= code.length * LEAST_SHARE) return addresses;
  }
  return undefined;
}

interface AddressPlace {
  at: number;
  /** Of the base; unused where there is none. */
  baseAt: number;
  form: Form;
}

/** Where addresses may lie: behind all other tables, or in front of them. */
function places({ count, countAt, end, alignment }: KallsymsTables): AddressPlace[] {
  const words = roundUp(count * 4, 8);
  const behind = roundUp(end, alignment);
  const baseBehind = roundUp(behind + count * 4, 8);
  const baseBefore = countAt - 8;
  const before = baseBefore - words;
  return [
    { at: behind, baseAt: 0, form: 'place-relative' },
    { at: behind, baseAt: baseBehind, form: 'based' },
    { at: behind, baseAt: baseBehind, form: 'absolute-per-cpu' },
    { at: behind, baseAt: 0, form: 'plain' },
    { at: before, baseAt: baseBefore, form: 'based' },
    { at: before, baseAt: baseBefore, form: 'absolute-per-cpu' },
    { at: countAt - count * 8, baseAt: 0, form: 'plain' },
  ];
}

function addressesAt(
  { bytes, address }: Segment,
  count: number,
  at: number,
  baseAt: number,
  form: Form,
): BigUint64Array | undefined {
  const isPlain = form === 'plain';
  if (at < 0 || at + count * (isPlain ? 8 : 4) > bytes.length || baseAt + 8 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const base = isPlain || form === 'place-relative' ? 0n : view.getBigUint64(baseAt, true);
  const addresses = new BigUint64Array(count);
  for (let index = 0; index < count; index++) {
    if (isPlain) addresses[index] = view.getBigUint64(at + index * 8, true);
    else if (form === 'based') addresses[index] = base + BigInt(view.getUint32(at + index * 4, true));
    else {
      const offset = BigInt(view.getInt32(at + index * 4, true));
      if (form === 'place-relative') addresses[index] = address + BigInt(at + index * 4) + offset;
      else addresses[index] = offset >= 0n ? offset : base - 1n - offset;
    }
    if (index > 0 && addresses[index] < addresses[index - 1]) return undefined;
  }
  return addresses;
}

function list(names: readonly string[], addresses: BigUint64Array): ListedSymbol[] {
  return names.map((text, index) => ({
    name: text.slice(1),
    address: addresses[index],
    size: 0,
    local: isOfLocal(text[0]),
    kind: isOfData(text[0]) ? 'object' : 'function',
  }));
}
