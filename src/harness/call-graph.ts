/**
 * The functions of an image that a function reaches by direct calls and jumps, itself included; none that the world answers for
 * or ends a run at, and none that only those reach: what a kernel does when it prints or panics never runs.
 */
import type { Image } from '../image/image.js';
import { functionExtent, symbolAt } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import { segmentAt } from '../image/segments.js';
import type { DecodedInstruction } from '../x86/decode.js';
import { type Outline, outline } from '../x86/outline.js';
import { surroundingOf, surroundings } from '../world/surroundings.js';
import { functionCode } from './function-code.js';

export interface CodeOfFunction {
  symbol: string;
  address: bigint;
  /** In bytes. */
  size: number;
  /** As far as the image has bytes. */
  bytes: Uint8Array;
  outline: Outline;
  /** Decoded when they are asked for. */
  readonly instructions: readonly DecodedInstruction[];
}

/** No sound target reaches so many; a hostile image is not followed for ever. */
const MOST_FUNCTIONS = 1000;

/**
 * @param symbol the function to begin with, which comes first; the others follow by address
 * @throws ImageError if the image has no such function
 */
export function reachedFunctions(image: Image, symbol: string): CodeOfFunction[] {
  return reached(image, codeOf(image, symbol, functionExtent(image, findFunction(image, symbol))));
}

/** The same of whatever function an address belongs to; nothing where the image has no code. */
export function reachedFrom(image: Image, address: bigint): CodeOfFunction[] {
  const first = functionAround(image, address);
  return first === undefined ? [] : reached(image, first);
}

function reached(image: Image, first: CodeOfFunction): CodeOfFunction[] {
  const found = new Map<bigint, CodeOfFunction>([[first.address, first]]);
  const left = [first];
  for (let next = left.pop(); next !== undefined && found.size < MOST_FUNCTIONS; next = left.pop()) {
    for (const callee of calleesOf(image, next)) {
      if (found.has(callee.address)) continue;
      found.set(callee.address, callee);
      left.push(callee);
    }
  }
  const others = [...found.values()].filter((code) => code !== first);
  return [first, ...others.sort((a, b) => (a.address < b.address ? -1 : 1))];
}

/** The function that an address belongs to, or undefined where the image has no code. */
export function functionAround(image: Image, address: bigint): CodeOfFunction | undefined {
  const found = symbolAt(image, address);
  if (found === undefined || found.symbol.kind === 'object') return undefined;
  return codeOf(image, found.symbol.name, functionExtent(image, found.symbol));
}

/** Looked through once: many targets of an image reach the same functions, and are asked for them again and again. */
const DECODED = new WeakMap<Image, Map<string, CodeOfFunction>>();

function codeOf(image: Image, symbol: string, { address, size }: { address: bigint; size: number }): CodeOfFunction {
  let decoded = DECODED.get(image);
  if (decoded === undefined) DECODED.set(image, (decoded = new Map()));
  const key = `${address} ${size} ${symbol}`;
  let code = decoded.get(key);
  if (code === undefined) decoded.set(key, (code = new OutlinedFunction(image, symbol, address, size)));
  return code;
}

class OutlinedFunction implements CodeOfFunction {
  readonly bytes: Uint8Array;
  readonly outline: Outline;
  private decoded: readonly DecodedInstruction[] | undefined;

  constructor(
    private readonly image: Image,
    readonly symbol: string,
    readonly address: bigint,
    readonly size: number,
  ) {
    const segment = segmentAt(image.segments, address);
    const at = segment === undefined ? 0 : Number(address - segment.address);
    this.bytes = segment === undefined ? new Uint8Array() : segment.bytes.subarray(at, at + size);
    this.outline = outline(this.bytes, address);
  }

  get instructions(): readonly DecodedInstruction[] {
    return (this.decoded ??= functionCode(this.image, this.address, this.size).instructions);
  }
}

/** Of each function once an image: a kernel's targets share most of what they reach. */
const CALLEES = new WeakMap<CodeOfFunction, { table: unknown; callees: readonly CodeOfFunction[] }>();

function calleesOf(image: Image, code: CodeOfFunction): readonly CodeOfFunction[] {
  const table = surroundings();
  let known = CALLEES.get(code);
  if (known?.table !== table) {
    const callees = targetsOf(code)
      .filter((target) => !isAnswered(image, target))
      .map((target) => functionAround(image, target))
      .filter((callee) => callee !== undefined);
    CALLEES.set(code, (known = { table, callees }));
  }
  return known.callees;
}

/** Whether something else happens where a function of the image would run. */
function isAnswered(image: Image, address: bigint): boolean {
  const found = symbolAt(image, address);
  return found?.offset === 0 && surroundingOf(found.symbol.name) !== undefined;
}

/** Where direct calls and jumps lead that leave the function. */
function targetsOf({ outline: { targets }, address, size }: CodeOfFunction): bigint[] {
  return targets.filter((target) => target < address || target >= address + BigInt(size));
}
