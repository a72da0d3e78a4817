/** Bytes of an image that nobody knows: what a relocation that cannot be applied should have written there, and the like. */
import type { BadPlace } from './image.js';
import { fail } from './elf-file.js';

/** Reasons that are kept, each some 200 characters. A file with more has one of them for all the others. */
const MOST_REASONS = 10_000;
/** A hundred times what real files have. */
const MOST_PLACES = 1 << 20;

/** Collects them. Nobody need care for a place that no run comes to. */
export class BadPlaces {
  private readonly places: BadPlace[] = [];
  private common = '';

  constructor(private readonly file: { name: string }) {}

  /**
   * @param reason one line: what, where, what to do
   * @throws ImageError for more of them than any build makes
   */
  add(address: bigint, size: number, reason: () => string): void {
    if (size <= 0) return;
    if (this.places.length >= MOST_PLACES)
      fail(
        this.file,
        `more than ${MOST_PLACES} relocations cannot be applied; build for x86-64 with GNU or LLVM tools`,
      );
    if (this.places.length < MOST_REASONS) this.common = reason();
    this.places.push({ address, size, reason: this.common });
  }

  /** By address. Of those that overlap each is there. */
  sorted(): BadPlace[] {
    return this.places.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.size - b.size));
  }
}

/** Finds the bad place that a range has bytes of. */
export class BadRanges {
  /** For each place the one, of it and all before it, that reaches furthest. */
  private readonly furthest: BadPlace[] = [];

  /** @param places by address */
  constructor(private readonly places: readonly BadPlace[]) {
    for (const place of places) {
      const before = this.furthest.at(-1);
      this.furthest.push(before !== undefined && endOf(before) > endOf(place) ? before : place);
    }
  }

  at(address: bigint, size: number): BadPlace | undefined {
    const end = address + BigInt(size);
    let low = 0;
    let high = this.places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.places[middle].address < end) low = middle + 1;
      else high = middle;
    }
    const place = this.furthest[low - 1];
    return place !== undefined && endOf(place) > address ? place : undefined;
  }
}

function endOf({ address, size }: BadPlace): bigint {
  return address + BigInt(size);
}

/** What an image has of them, as a field that is left away where it has none. */
export function badPlacesField(places: BadPlaces): { badPlaces?: readonly BadPlace[] } {
  const sorted = places.sorted();
  return sorted.length === 0 ? {} : { badPlaces: sorted };
}
