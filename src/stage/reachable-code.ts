/** Where the code of a function ends whose symbol has no size: followed from its entry, as a processor would go. */
import type { Image } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import { disassemble, type Flow } from '../x86/decode.js';
import { externalModel } from '../world/externals.js';

/** The longest x86 instruction has 15 bytes. */
const LONGEST = 15;

/** What of an instruction says where control goes from it. */
export interface FlowStep {
  /** Address of the next instruction. */
  readonly next: bigint;
  readonly flow: Flow;
  /** Of a direct branch or call. */
  readonly target?: bigint | undefined;
}

/**
 * The instructions that control reaches from some addresses without a call and without leaving a range.
 *
 * @param decode the instruction at an address of the range, or at its end; undefined where there is none
 * @returns by address
 */
export function reachableCode<Step extends FlowStep>(
  image: Image,
  starts: readonly bigint[],
  { from, to }: { from: bigint; to: bigint },
  decode: (address: bigint) => Step | undefined,
): ReadonlyMap<bigint, Step> {
  const continued = fixupsOf(image);
  const stops = stopsOf(image);
  const reached = new Map<bigint, Step>();
  const left = [...starts];
  const reach = (address: bigint): void => {
    if (address >= from && address < to) left.push(address);
  };
  for (let address = left.pop(); address !== undefined; address = left.pop()) {
    const here = reached.has(address) ? undefined : decode(address);
    if (here === undefined) continue;
    reached.set(address, here);
    const { next, flow, target } = here;
    const goesOn = flow === 'next' || flow === 'conditional' || flow === 'environment';
    if (goesOn || (flow === 'call' && (target === undefined || !stops.has(target)))) left.push(next);
    if (target !== undefined && flow !== 'call') reach(target);
    const fixup = continued.get(address);
    if (fixup !== undefined) reach(fixup);
  }
  return reached;
}

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
  const reached = reachableCode(image, [entry], { from: entry, to: limit }, (address) => {
    const at = Number(address - base);
    if (at >= bound) return undefined;
    const { length, flow, target } = disassemble(bytes.subarray(at, Math.min(at + LONGEST, bound)), address);
    return { next: address + BigInt(length), flow, target };
  });
  let end = entry + 1n;
  for (const { next } of reached.values()) if (next > end) end = next;
  return end;
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
