/** Which functions of an image contain TDCALL or SEAMCALL, by the bytes alone. */
import type { Image } from '../../image/image.js';
import { wholeOf } from '../../image/symbols.js';
import { symbolAt } from '../../stage/functions.js';

/** 66 0F 01 CC is TDCALL, 66 0F 01 CF is SEAMCALL (Intel SDM volume 2; iced-x86 decodes both). */
const PREFIX = [0x66, 0x0f, 0x01] as const;
const LAST = [0xcc, 0xcf];

/** Names of the functions, sorted. A constant with these bytes would be taken for one: this is a hint, not a verdict. */
export function functionsWithWrappedInstruction(image: Image): string[] {
  const names = new Set<string>();
  for (const { address, bytes, execute } of image.segments) {
    if (!execute) continue;
    for (let at = nextWrapped(bytes, 0); at >= 0; at = nextWrapped(bytes, at + 1))
      names.add(nameOf(image, address + BigInt(at)));
  }
  return [...names].sort();
}

/** The function that an address belongs to: what is seldom run of it lies elsewhere. */
function nameOf(image: Image, address: bigint): string {
  const name = symbolAt(image, address)?.symbol.name;
  return name === undefined ? `0x${address.toString(16)}` : (wholeOf(image, name) ?? name);
}

/** Whether code has TDCALL or SEAMCALL in it, or a constant with these bytes. */
export function holdsWrappedInstruction(code: Uint8Array): boolean {
  return nextWrapped(code, 0) >= 0;
}

/** Where the next of them begins, or -1. */
function nextWrapped(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(PREFIX[0], from); at >= 0; at = bytes.indexOf(PREFIX[0], at + 1))
    if (bytes[at + 1] === PREFIX[1] && bytes[at + 2] === PREFIX[2] && LAST.includes(bytes[at + 3])) return at;
  return -1;
}
