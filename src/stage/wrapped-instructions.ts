/** Where TDCALL and SEAMCALL stand in code, by the bytes alone: what follows may be a constant all the same. */
import type { Segment } from '../image/image.js';

/** 66 0F 01 CC is TDCALL, 66 0F 01 CF is SEAMCALL (Intel SDM volume 2; iced-x86 decodes both). */
const PREFIX = [0x66, 0x0f, 0x01] as const;
const NAMES = { 0xcc: 'TDCALL', 0xcf: 'SEAMCALL' } as const;
export type WrappedName = (typeof NAMES)[keyof typeof NAMES];

const nameOf: Readonly<Record<number, WrappedName | undefined>> = NAMES;

/** Offset of the next one from an offset on, and which it is; undefined if there is none. */
function nextWrapped(code: Uint8Array, from: number): { at: number; name: WrappedName } | undefined {
  for (let at = code.indexOf(PREFIX[0], from); at >= 0; at = code.indexOf(PREFIX[0], at + 1)) {
    const name = code[at + 1] === PREFIX[1] && code[at + 2] === PREFIX[2] ? nameOf[code[at + 3]] : undefined;
    if (name !== undefined) return { at, name };
  }
  return undefined;
}

/** Whether code has one in it. */
export function holdsWrapped(code: Uint8Array): boolean {
  return nextWrapped(code, 0) !== undefined;
}

/** All that stand in executable segments, in ascending order. */
export function* wrappedIn(segments: readonly Segment[]): Generator<{ address: bigint; name: WrappedName }> {
  for (const { address, bytes, execute } of segments) {
    if (!execute) continue;
    for (let found = nextWrapped(bytes, 0); found !== undefined; found = nextWrapped(bytes, found.at + 1))
      yield { address: address + BigInt(found.at), name: found.name };
  }
}
