/** Named 64-bit values as flat words: the names stand once, the values lie behind each other, two halves each. */
import { readHalves } from './halves.js';

/** Names of values, in the order in which they lie. */
export class Layout {
  private readonly places: ReadonlyMap<string, number>;

  /** @throws Error if a name is there twice */
  constructor(readonly names: readonly string[]) {
    this.places = new Map(names.map((name, index) => [name, index]));
    if (this.places.size !== names.length) throw new Error(`a name is there twice: ${names.join(' ')}`);
  }

  /** Where a value lies, in values; -1 if there is none of that name. */
  indexOf(name: string): number {
    return this.places.get(name) ?? -1;
  }
}

/** Values that lie somewhere in a buffer. */
export class NamedWords {
  /** @param at index of the first half */
  constructor(
    readonly layout: Layout,
    readonly words: Int32Array,
    readonly at: number,
  ) {}

  /** The values by name, from one place up to another: for people, and for whoever asks by name. */
  record(from = 0, to = this.layout.names.length): Record<string, bigint> {
    const { layout, words, at } = this;
    const values: Record<string, bigint> = {};
    for (let index = from; index < to; index++) values[layout.names[index]] = readHalves(words, at + 2 * index);
    return values;
  }
}

const CHUNK = 1 << 13;
let chunk = new Int32Array(CHUNK);
let used = 0;

/**
 * Room for the values of a layout. Whoever has it keeps it: nothing is used twice, so that what a play showed can still be
 * read when the next one runs. A buffer for each would cost more than what is done with it.
 */
export function makeRoom(layout: Layout): NamedWords {
  const size = 2 * layout.names.length;
  if (used + size > CHUNK) {
    chunk = new Int32Array(Math.max(CHUNK, size));
    used = 0;
  }
  const room = new NamedWords(layout, chunk, used);
  used += size;
  return room;
}
