/** What runs touched of an image: all that a case needs to repeat them, whatever the image's size. */
import { readHalves } from '../halves.js';
import type { Step } from '../run/trace.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { PAGE } from './stored-code.js';

export class Touched {
  /** Addresses at which code was executed, or at which a run stopped: what may be named. */
  readonly addresses = new Set<bigint>();
  /** Addresses of pages, of the image or not. */
  readonly pages = new Set<bigint>();

  addSteps(steps: readonly Step[]): void {
    for (const { address, instruction, events } of steps) {
      this.addAddress(address);
      if (instruction !== undefined) this.addPage(address + BigInt(instruction.length) - 1n);
      for (let at = 0; at < events.length; at += EVENT_WORDS) {
        if (events[at + EVENT_WORD.KIND] > EVENT.Pop) continue;
        const first = readHalves(events, at + EVENT_WORD.ADDRESS_LOW);
        this.addPage(first);
        this.addPage(BigInt.asUintN(64, first + BigInt(events[at + EVENT_WORD.SIZE] & 0xff) - 1n));
      }
    }
  }

  /** Where a run stopped, or what an exchange is put down to. */
  addAddress(address: bigint): void {
    this.addresses.add(address);
    this.addPage(address);
  }

  private addPage(address: bigint): void {
    this.pages.add(address - (address % PAGE));
  }
}
