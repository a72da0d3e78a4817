/**
 * Whether two runs of one case in different memories accessed the same places before the last exit to the host: the same offsets
 * from RSP at the entry and from the argument blocks, or the same addresses.
 */
import type { Placement } from './placement.js';
import { joinHalves, lowHalf, highHalf } from '../halves.js';
import { FACT } from '../observation/layout.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import type { Machine } from '../x86/machine.js';

const { KIND, SIZE, RIP_LOW, ADDRESS_LOW, ADDRESS_HIGH } = EVENT_WORD;

export class AccessComparison {
  private events = new Int32Array(0);
  private count = 0;
  private stack = 0n;
  private blocks: bigint[] = [];

  /** Keeps what the base run accessed: another run takes its place. */
  remember({ events, eventCount }: Machine, placement: Placement, observation: Int32Array): void {
    this.count = Math.min(eventCount, observation[2 * FACT.eventsToHost]);
    const words = this.count * EVENT_WORDS;
    if (this.events.length < words) this.events = new Int32Array(2 * words);
    this.events.set(events.subarray(0, words));
    this.stack = stackOf(placement);
    this.blocks = blocksOf(placement);
  }

  /** Puts into what was observed of the companion which instruction accessed something else, if any did. */
  compare({ events, eventCount }: Machine, placement: Placement, observation: Int32Array): void {
    const moved = new Set([0n, stackOf(placement) - this.stack]);
    blocksOf(placement).forEach((block, index) => moved.add(block - this.blocks[index]));
    const distances = [...moved].map((distance) => [
      lowHalf(BigInt.asUintN(64, distance)),
      highHalf(BigInt.asUintN(64, distance)),
    ]);
    const count = Math.min(eventCount, observation[2 * FACT.eventsToHost]);
    for (let event = 0; event < Math.max(count, this.count); event++) {
      const at = event * EVENT_WORDS;
      if (event < count && event < this.count && this.isSame(events, at, distances)) continue;
      const from = event < this.count ? this.events : events;
      observation[2 * FACT.addressesToHost] = from[at + RIP_LOW];
      observation[2 * FACT.addressesToHost + 1] = from[at + RIP_LOW + 1];
      return;
    }
  }

  private isSame(events: Int32Array, at: number, distances: readonly (readonly number[])[]): boolean {
    const { events: base } = this;
    if (base[at + KIND] !== events[at + KIND] || base[at + SIZE] !== events[at + SIZE]) return false;
    if (events[at + KIND] > EVENT.Pop) return true;
    for (const [low, high] of distances) {
      const movedLow = (base[at + ADDRESS_LOW] + low) | 0;
      const carry = movedLow >>> 0 < low >>> 0 ? 1 : 0;
      if (
        movedLow === events[at + ADDRESS_LOW] &&
        ((base[at + ADDRESS_HIGH] + high + carry) | 0) === events[at + ADDRESS_HIGH]
      )
        return true;
    }
    return false;
  }
}

function stackOf({ stackLow, stackHigh }: Placement): bigint {
  return joinHalves(stackLow, stackHigh);
}

function blocksOf({ lows, highs }: Placement): bigint[] {
  return Array.from(lows, (low, block) => joinHalves(low, highs[block]));
}
