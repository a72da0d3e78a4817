/** Gives the thunks from outside the image the code that they are, and data from outside memory. */
import type { Image } from '../image/image.js';
import { externalModel } from '../world/externals.js';
import type { Machine } from '../x86/machine.js';

const PAGE = 0x1000n;
const INT3 = 0xcc;

/** A symbol from outside the image that has no code. */
export interface CodelessExternal {
  name: string;
  address: bigint;
  kind: 'noreturn' | 'unmodelled';
}

/**
 * Maps the thunks that the world lends, page by page; between them every byte traps.
 *
 * @returns the other symbols from outside the image, in its order: nothing is mapped where they are
 */
export function mapThunks(machine: Machine, image: Image): CodelessExternal[] {
  const others: CodelessExternal[] = [];
  const pages = new Map<bigint, Uint8Array>();
  const readable = new Set<bigint>();
  for (const { name, address } of image.externals) {
    const model = externalModel(name);
    if (model.kind !== 'code' && model.kind !== 'data') {
      others.push({ name, address, kind: model.kind });
      continue;
    }
    const page = address - (address % PAGE);
    if (model.kind === 'data') readable.add(page);
    const bytes = pages.get(page) ?? new Uint8Array(Number(PAGE)).fill(INT3);
    // Data is what it begins with until a program lays it out; no code under test writes to it.
    bytes.set(model.bytes, Number(address - page));
    pages.set(page, bytes);
  }
  // Where no data lies nothing may be read: what is not modelled would read as the bytes between thunks.
  for (const [page, bytes] of pages)
    machine.map(page, bytes.length, { read: readable.has(page), write: false, execute: true }, bytes);
  return others;
}
