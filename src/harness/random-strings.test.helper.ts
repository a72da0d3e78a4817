/** Random byte strings run as code: the same test for both suites, small and large. */
import { describe, expect, it } from 'vitest';
import { Random } from '../bench/random.js';
import { drawScenarios } from '../scenario/batch.js';
import { dictionary } from '../scenario/dictionary.js';
import { type Scenario, SLOT, writeSlot } from '../scenario/layout.js';
import { scenarioSpace } from '../scenario/space.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { INSTRUCTION_BUDGET } from './harness.js';
import { HostilePair } from './hostile-code.test.helper.js';
import { jumpThrough, madeImage, TEXT } from './made-function.test.helper.js';
import { REGIONS } from '../stage/layout.js';

const { stack, readOnly, block } = REGIONS[0];

/** Bytes of one string. */
const LENGTH = 64;
/** One opcode map's worth of bytes that are often instructions: uniform bytes seldom get beyond the first. */
const STARTS = [0x48, 0x49, 0x4c, 0x0f, 0x66, 0xf3, 0xf2, 0x89, 0x8b, 0x01, 0x31, 0xff, 0x50, 0xc3, 0xe8, 0xeb, 0x75];

/** Makes the test of that many strings. */
export function runRandomStrings(count: number): void {
  describe(`${count} random byte strings run as code`, () => {
    const largest = count * LENGTH + 16;
    const random = new Random();
    random.seed(0x686f7374, 0x696c65, count, LENGTH);

    const bytes = new Uint8Array(largest);
    // The first instruction goes where the scenario's R11 says: every string is a function of the one image.
    bytes.set(jumpThrough('r11'));
    for (let at = 16; at < largest; at++) {
      const biased = at - 16 >= (count * LENGTH) / 2 && random.chance(128);
      bytes[at] = biased ? STARTS[random.below(STARTS.length)] : random.next() >>> 24;
    }
    const pieces = Array.from({ length: largest / 16 }, (_, index) => [...bytes.subarray(16 * index, 16 * index + 16)]);
    const pair = new HostilePair(madeImage(pieces));
    const space = scenarioSpace(pair.compiled, dictionary('tdcall', []), 16);
    const addresses = [stack.address + 0x2000n, block.address + 0x800n, readOnly.address + 0x800n, TEXT + 0x4000n];

    /** A drawn scenario, interrupts included; in half of them some registers point to memory that is there. */
    function scenarioFor(index: number): Scenario {
      const scenario = drawScenarios(space, [random.next(), random.next(), random.next(), random.next()], 1)[0];
      for (let register = 0; register < 16; register++) {
        if (SLOT.entry[register] < 0 || !random.chance(index % 2 === 0 ? 0 : 160)) continue;
        const base = addresses[random.below(addresses.length)];
        writeSlot(scenario, SLOT.entry[register], base + BigInt(random.below(0x1000)) - 0x800n);
      }
      writeSlot(scenario, SLOT.entry[REGISTER_INDEX.r11], TEXT + BigInt(16 + index * LENGTH));
      return scenario;
    }

    it('every one ends, classified, the same on both engines, and leaves no trace', () => {
      const ends = new Map<string, number>();
      let longest = 0;
      for (let index = 0; index < count; index++) {
        const { end, instructions } = pair.run(scenarioFor(index), index & 1 ? 1 : 0);
        ends.set(end, (ends.get(end) ?? 0) + 1);
        longest = Math.max(longest, instructions);
        if (index % 100 === 99) pair.expectRestored();
      }
      pair.expectRestored();
      expect([...ends.values()].reduce((sum, count) => sum + count)).toBe(count);
      // The strings reach what they are for: every way to end but the ones that need symbols.
      for (const end of ['faulted', 'unknown', 'trapped', 'budget'])
        expect(ends.get(end) ?? 0, end).toBeGreaterThan(count / 2000);
      expect(longest).toBe(INSTRUCTION_BUDGET);
      expect(pair.translatedEntries).toBeGreaterThan(count / 2);
    });
  });
}
