/** Bytes of an image that nobody knows (image/bad-places.ts), and whether a run has read any of them. */
import { BadRanges } from '../image/bad-places.js';
import type { BadPlace } from '../image/image.js';
import { joinHalves } from '../halves.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import type { Machine } from '../x86/machine.js';

/** An access to such bytes. */
export interface BadRead {
  /** Of the instruction. */
  rip: bigint;
  place: BadPlace;
}

export class BadReads {
  private readonly ranges: BadRanges;
  /** Events that were looked at. */
  private seen = 0;
  /** Places that the run itself has written: it knows them from then on. */
  private readonly written = new Set<BadPlace>();

  constructor(places: readonly BadPlace[]) {
    this.ranges = new BadRanges(places);
  }

  reset(): void {
    this.seen = 0;
    this.written.clear();
  }

  /** Why no instruction can be made of some bytes. */
  refusal(address: bigint, size: number): string | undefined {
    return this.ranges.at(address, size)?.reason;
  }

  /** The first read since the last time this was asked. */
  find(machine: Machine): BadRead | undefined {
    const { events, eventCount } = machine;
    const from = this.seen * EVENT_WORDS;
    this.seen = eventCount;
    for (let at = from; at < eventCount * EVENT_WORDS; at += EVENT_WORDS) {
      const kind = events[at + EVENT_WORD.KIND];
      if (kind > EVENT.Pop) continue;
      const address = joinHalves(events[at + EVENT_WORD.ADDRESS_LOW], events[at + EVENT_WORD.ADDRESS_HIGH]);
      const size = events[at + EVENT_WORD.SIZE] & 0xff;
      const place = this.ranges.at(address, size);
      if (place === undefined) continue;
      if (kind === EVENT.Load || kind === EVENT.Pop) {
        if (this.written.has(place)) continue;
        return { rip: joinHalves(events[at + EVENT_WORD.RIP_LOW], events[at + EVENT_WORD.RIP_HIGH]), place };
      }
      const isWhole = address <= place.address && address + BigInt(size) >= place.address + BigInt(place.size);
      if (isWhole) this.written.add(place);
    }
    return undefined;
  }
}
