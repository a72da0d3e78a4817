/** Where the code of a function ends whose symbol has no size: followed from its entry, as a processor would go. */
import type { Image } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import { disassemble } from '../x86/decode.js';
import { externalModel } from '../world/externals.js';

/** The longest x86 instruction has 15 bytes. */
const LONGEST = 15;

/**
 * The end of the last instruction that control reaches from an entry without a call and without leaving the range.
 *
 * @param limit nothing from here on belongs to the function
 * @returns more than `entry`, at most `limit`
 */
export function reachableEnd(image: Image, entry: bigint, limit: bigint): bigint {
  const segment = segmentAt(image.segments, entry);
  if (segment === undefined) return limit;
  const { address: base, bytes } = segment;
  const bound = Math.min(Number(limit - base), bytes.length);
  const continued = fixupsOf(image);
  const stops = stopsOf(image);
  const seen = new Set<number>();
  const left = [Number(entry - base)];
  let end = left[0] + 1;
  const reach = (address: bigint): void => {
    if (address >= entry && address < limit) left.push(Number(address - base));
  };
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (seen.has(at) || at >= bound) continue;
    seen.add(at);
    const { address, length, flow, target } = disassemble(
      bytes.subarray(at, Math.min(at + LONGEST, bound)),
      base + BigInt(at),
    );
    end = Math.max(end, at + length);
    const goesOn = flow === 'next' || flow === 'conditional' || flow === 'environment';
    if (goesOn || (flow === 'call' && (target === undefined || !stops.has(target)))) left.push(at + length);
    if (target !== undefined && flow !== 'call') reach(target);
    const fixup = continued.get(address);
    if (fixup !== undefined) reach(fixup);
  }
  return base + BigInt(end);
}

const FIXUPS = new WeakMap<Image, ReadonlyMap<bigint, bigint>>();

function fixupsOf(image: Image): ReadonlyMap<bigint, bigint> {
  let fixups = FIXUPS.get(image);
  if (fixups === undefined) FIXUPS.set(image, (fixups = new Map(image.fixups.map(({ from, to }) => [from, to]))));
  return fixups;
}

const STOPS = new WeakMap<Image, ReadonlySet<bigint>>();

/** Functions from which no call comes back. */
function stopsOf(image: Image): ReadonlySet<bigint> {
  let stops = STOPS.get(image);
  if (stops === undefined) {
    // Which local labels are functions is not known before it is known where functions end.
    const functions = image.symbols.filter(({ kind, global }) => kind === 'function' || (kind === 'untyped' && global));
    const stopping = [...image.externals, ...functions].filter(({ name }) => externalModel(name).kind === 'noreturn');
    stops = new Set(stopping.map(({ address }) => address));
    STOPS.set(image, stops);
  }
  return stops;
}
