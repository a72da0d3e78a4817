import { EVENT_WORDS } from './layout.js';

/** Appends to the event buffer (events.ts) and keeps the running hash over the addresses of all data accesses. */
export class EventLog {
  /** The events; replaced by an array outside the machine's buffer once that one is full. */
  events: Int32Array;
  /** Words in `events`; reading `length` of a typed array is slow. */
  private limit: number;
  private readonly slots: Int32Array;
  private readonly control: Int32Array;

  constructor(buffer: Int32Array, slots: Int32Array, control: Int32Array) {
    this.events = buffer;
    this.limit = buffer.length;
    this.slots = slots;
    this.control = control;
  }

  /**
   * Records one access.
   *
   * @param size - bytes, with EVENT_IMPLICIT for stack accesses that the instruction makes by itself
   */
  record(
    kind: number,
    ripLow: number,
    ripHigh: number,
    addressLow: number,
    addressHigh: number,
    size: number,
    valueLow: number,
    valueHigh: number,
    instructionCount: number,
  ): void {
    const control = this.control;
    const at = control[1 /* EVENT_COUNT */] * 12; /* EVENT_WORDS */
    if (at + 12 /* EVENT_WORDS */ > this.limit) this.grow();
    const events = this.events;
    events[at] = kind;
    events[at + 1] = size;
    events[at + 2] = ripLow;
    events[at + 3] = ripHigh;
    events[at + 4] = addressLow;
    events[at + 5] = addressHigh;
    events[at + 6] = valueLow;
    events[at + 7] = valueHigh;
    events[at + 8] = this.slots[8 /* RSP */];
    events[at + 9] = this.slots[9];
    events[at + 10] = instructionCount;
    events[at + 11] = 0;
    control[1 /* EVENT_COUNT */]++;
  }

  /** Drops the events of the instruction that faulted: those made when this many instructions had been executed. */
  dropInstruction(instructionCount: number): void {
    const control = this.control;
    while (control[1 /* EVENT_COUNT */] > 0) {
      const last = (control[1 /* EVENT_COUNT */] - 1) * 12; /* EVENT_WORDS */
      if (this.events[last + 10 /* EVENT_WORD.INSTRUCTION_COUNT */] !== instructionCount) return;
      control[1 /* EVENT_COUNT */]--;
    }
  }

  /** Brings the hash over kind, address and size of all data accesses (in the control words) up to the last event. */
  hashAddresses(): void {
    const { control, events } = this;
    const count = control[1 /* EVENT_COUNT */];
    let low = control[4 /* ADDRESS_HASH_LOW */];
    let high = control[5 /* ADDRESS_HASH_HIGH */];
    for (let i = control[9 /* HASHED_EVENTS */]; i < count; i++) {
      const at = i * 12; /* EVENT_WORDS */
      const size = events[at + 1];
      if (size === 0) continue;
      const mixed = Math.imul(low ^ events[at + 4], 0x9e3779b1) ^ events[at + 5];
      low = (mixed << 13) | (mixed >>> 19);
      high = (Math.imul(high ^ mixed, 0x85ebca6b) + (events[at] | (size << 4))) | 0;
    }
    control[4 /* ADDRESS_HASH_LOW */] = low;
    control[5 /* ADDRESS_HASH_HIGH */] = high;
    control[9 /* HASHED_EVENTS */] = count;
  }

  private grow(): void {
    const larger = new Int32Array(Math.max(this.events.length * 2, 64 * EVENT_WORDS));
    larger.set(this.events);
    this.events = larger;
    this.limit = larger.length;
  }
}
