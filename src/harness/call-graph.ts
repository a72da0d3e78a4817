/** The functions of an image that a function reaches by direct calls and jumps, itself included. */
import type { Image } from '../image/image.js';
import { functionExtent, symbolAt } from '../stage/functions.js';
import { findFunction } from '../image/symbols.js';
import type { DecodedInstruction } from '../x86/decode.js';
import { functionCode } from './function-code.js';

export interface CodeOfFunction {
  symbol: string;
  address: bigint;
  /** In bytes. */
  size: number;
  instructions: readonly DecodedInstruction[];
}

/** No sound target reaches so many; a hostile image is not followed for ever. */
const MOST_FUNCTIONS = 1000;

/**
 * @param symbol the function to begin with, which comes first; the others follow by address
 * @throws ImageError if the image has no such function
 */
export function reachedFunctions(image: Image, symbol: string): CodeOfFunction[] {
  const first = codeOf(image, symbol, functionExtent(image, findFunction(image, symbol)));
  const found = new Map<bigint, CodeOfFunction>([[first.address, first]]);
  const left = [first];
  for (let next = left.pop(); next !== undefined && found.size < MOST_FUNCTIONS; next = left.pop()) {
    for (const target of targetsOf(next)) {
      const callee = functionAround(image, target);
      if (callee === undefined || found.has(callee.address)) continue;
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

/** Decoded once: many targets of an image reach the same functions, and are asked for them again and again. */
const DECODED = new WeakMap<Image, Map<string, CodeOfFunction>>();

function codeOf(image: Image, symbol: string, { address, size }: { address: bigint; size: number }): CodeOfFunction {
  let decoded = DECODED.get(image);
  if (decoded === undefined) DECODED.set(image, (decoded = new Map()));
  const key = `${address} ${size} ${symbol}`;
  let code = decoded.get(key);
  if (code === undefined)
    decoded.set(key, (code = { symbol, address, size, instructions: functionCode(image, address, size).instructions }));
  return code;
}

/** Where direct calls and jumps lead that leave the function. */
function targetsOf({ instructions, address, size }: CodeOfFunction): bigint[] {
  return instructions.flatMap(({ target }) =>
    target === undefined || (target >= address && target < address + BigInt(size)) ? [] : [target],
  );
}
