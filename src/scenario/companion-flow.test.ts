/** Companions under the words of control flow: what a contract names stays, and nothing more. */
import { describe, expect, it } from 'vitest';
import { compileContract } from '../contract/compiled.js';
import type { Contract } from '../contract/contract.js';
import { builtInContract } from '../contract/find-contract.js';
import { changeGuestSecrets, changeHostValues } from './companion.js';
import { readSlot, type Scenario, scenarioSlot, writeSlot } from './layout.js';
import { type ScenarioSpace, scenarioSpace } from './space.js';

const SIGN = 1n << 63n;
const ALL = (1n << 64n) - 1n;
const R10 = scenarioSlot('answer.r10');
const KEYS = [0n, 1n, 0x1234_5678n];

function spaceWith(change: Partial<Contract>): ScenarioSpace {
  const { set, contract } = builtInContract('linux-rfc-2021/__tdx_hypercall');
  return scenarioSpace(compileContract({ ...contract, ...change }, set.name), new Int32Array(2), 10);
}

/** R10 of companion H, for each key. */
function hostValues(space: ScenarioSpace, value: bigint): bigint[] {
  return KEYS.map((key) => {
    const scenario = space.neutral.slice();
    writeSlot(scenario, R10, value);
    writeSlot(scenario, scenarioSlot('companion.key'), key);
    const companion = space.neutral.slice();
    changeHostValues(scenario, space, companion);
    return readSlot(companion, R10);
  });
}

describe('companion H', () => {
  const space = spaceWith({
    outputs: { fields: {}, when: [] },
    stopsOn: [{ answer: 'r10', is: ['0x8000000000000000'], mask: '0x8000000000000000' }],
    branchesOn: [{ answer: 'r10', is: ['0x1'] }],
  });

  it.each([0n, 2n, 5n, SIGN - 1n, SIGN, SIGN | 1n, ALL])(
    'keeps the bit of %x that decides, and changes the others',
    (value) => {
      for (const changed of hostValues(space, value)) {
        expect(changed & SIGN).toBe(value & SIGN);
        expect(changed).not.toBe(value);
        expect(changed).not.toBe(1n);
      }
    },
  );

  it('keeps a value that is named as a whole', () => {
    expect(hostValues(space, 1n)).toEqual([1n, 1n, 1n]);
  });
});

describe('companion G', () => {
  const guestOf = (space: ScenarioSpace, exposed: number, change: (scenario: Scenario) => void): Scenario => {
    const scenario = space.neutral.slice();
    change(scenario);
    const companion = space.neutral.slice();
    changeGuestSecrets(scenario, space, exposed, companion);
    return companion;
  };
  const R12 = scenarioSlot('entry.rsi');

  it('changes the bits of a parameter that no exposed register has', () => {
    const space = spaceWith({
      inputs: {
        rax: { constant: '0x0' },
        rcx: { constant: '0xfc00' },
        r12: { low: { parameter: 'r12' }, bits: 16 },
      },
    });
    const set = (scenario: Scenario): void => writeSlot(scenario, R12, 0x1234_5678n);
    expect(readSlot(guestOf(space, 0xfc00, set), R12) & 0xffffn).toBe(0x5678n);
    expect(readSlot(guestOf(space, 0xfc00, set), R12) >> 16n).toBe((0x1234n ^ (ALL >> 16n)) & (ALL >> 16n));
    expect(readSlot(guestOf(space, 0x0800, set), R12)).toBe(0x1234_5678n ^ ALL);
  });

  it('keeps whether a parameter is 0 that decides', () => {
    const space = spaceWith({
      inputs: { rax: { constant: '0x0' }, rcx: { constant: '0xfc00' } },
      sti: { when: [{ nonzero: 'r12' }] },
    });
    for (const [value, changed] of [
      [0n, 0n],
      [ALL, 1n],
      [1n, ALL - 1n],
    ])
      expect(
        readSlot(
          guestOf(space, 0xfc00, (scenario) => writeSlot(scenario, R12, value)),
          R12,
        ),
      ).toBe(changed);
  });
});
