/** Random bytes as code of both engines: the same test for both suites, small and large. */
import { fc, test as property } from '@fast-check/vitest';
import { describe } from 'vitest';
import { DATA, high, low, start } from '../testing/run-code.js';
import { bothWith, expectSame, runAll } from './both-engines.test.helper.js';

/** Makes the test of that many programs. */
export function runRandomCode(numRuns: number): void {
  describe('random bytes as code', () => {
    property.prop(
      [
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { minLength: 16, maxLength: 16 }),
      ],
      {
        numRuns,
      },
    )('end alike', (bytes, values) => {
      const machines = bothWith(bytes, { memoryBytes: 1 << 16 });
      for (let i = 0; i < 3; i++) {
        machines.both((machine) => {
          start(machine);
          values.forEach((value, r) => {
            if (r !== 4 && (r !== 7 || value % 3n === 0n)) {
              machine.state[2 * r] = value % 5n === 0n ? low(DATA) + (low(value) & 0xfff) : low(value);
              machine.state[2 * r + 1] = value % 5n === 0n ? high(DATA) : high(value);
            }
          });
        });
        runAll(machines, [60], 300, 'random bytes');
      }
      expectSame(machines.interpreted, machines.translated, 'at the end');
    });
  });
}
