/** What runs touched of an image: all that a case needs to repeat them, whatever the image's size. */
import { readHalves } from '../halves.js';
import type { Image } from '../image/image.js';
import type { Step } from '../run/trace.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { MAX_CODE } from './case-schema.js';
import { isInImage, PAGE } from './stored-code.js';

type Machines = readonly (readonly Step[])[];

/** Entries of the fixup table for instructions of the function, and for those that any run executed. */
export function usedFixups({ fixups }: Image, entry: bigint, size: number, machines: Machines): Image['fixups'] {
  const executed = new Set(machines.flat().map(({ address }) => address));
  const end = entry + BigInt(size);
  return fixups
    .filter(({ from }) => executed.has(from) || (from >= entry && from < end))
    .slice(0, MAX_CODE);
}

/** Pages of the image that the function lies in or that any run executed, read or wrote. */
export function touchedBy(image: Image, entry: bigint, size: number, machines: Machines): bigint[] {
  const pages = new Set<bigint>();
  const touch = (address: bigint): void => {
    pages.add(address - (address % PAGE));
  };
  for (let offset = 0n; offset < BigInt(size); offset += PAGE) touch(entry + offset);
  touch(entry + BigInt(size) - 1n);
  for (const { address, instruction, events } of machines.flat()) {
    touch(address);
    if (instruction !== undefined) touch(address + BigInt(instruction.length) - 1n);
    for (let at = 0; at < events.length; at += EVENT_WORDS) {
      if (events[at + EVENT_WORD.KIND] > EVENT.Pop) continue;
      touch(readHalves(events, at + EVENT_WORD.ADDRESS_LOW));
    }
  }
  return [...pages].filter((page) => isInImage(image, page)).sort((a, b) => (a < b ? -1 : 1));
}
