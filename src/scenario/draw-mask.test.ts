import { beforeAll, describe, expect, it } from 'vitest';
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { vmcallMaskIsLegal } from '../../models/module/vmcall.js';
import { drawScenarios } from './batch.js';
import type { Scenario } from './layout.js';
import { spaceOf } from './spaces.test.helper.js';

const space = spaceOf('linux-6.7/__tdcall_saved_ret');
const WIDEST = 0xffcc;

/** Whether the module lets a TDG.VP.VMCALL with this RCX through to the host. */
function accepted(low: number, high: number): boolean {
  return vmcallMaskIsLegal({ ...REFERENCE_CONFIGURATION, noRbpMod: true }, low, high);
}

describe('the mask of a caller', () => {
  let drawn: Scenario[] = [];
  beforeAll(() => {
    drawn = drawScenarios(space, [1, 1, 1, 1], 20_000);
  });
  const leaf = (scenario: Scenario): number => scenario[2 * space.leafSlot];
  const mask = (scenario: Scenario): [number, number] => [
    scenario[2 * space.maskSlot],
    scenario[2 * space.maskSlot + 1],
  ];

  it('is the widest of the contract, a part of it, or one that the module refuses', () => {
    const calls = drawn.filter((scenario) => (leaf(scenario) & 0xffff) === 0).map(mask);
    const widest = calls.filter(([low, high]) => low === WIDEST && high === 0).length;
    const refused = calls.filter(([low, high]) => !accepted(low, high)).length;
    const parts = calls.filter(([low, high]) => accepted(low, high) && low !== WIDEST);
    expect(parts.filter(([low]) => (low & ~WIDEST) !== 0)).toEqual([]);
    expect(calls.length).toBeGreaterThan(9000);
    expect(Math.abs(widest / calls.length - 4 / 8)).toBeLessThan(0.03);
    expect(Math.abs(refused / calls.length - 2 / 8)).toBeLessThan(0.03);
    expect(Math.abs(parts.length / calls.length - 2 / 8)).toBeLessThan(0.03);
  });

  it('exposes each register, and hides each', () => {
    const parts = drawn.filter((scenario) => leaf(scenario) === 0 && accepted(...mask(scenario))).map(mask);
    for (const register of [2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]) {
      const exposed = parts.filter(([low]) => ((low >>> register) & 1) === 1).length;
      expect(exposed, `register ${register}`).toBeGreaterThan(500);
      expect(parts.length - exposed, `register ${register}`).toBeGreaterThan(500);
    }
  });

  it('is refused for RCX, for high bits, and for the other registers that are never shared', () => {
    const calls = drawn.filter((scenario) => leaf(scenario) === 0).map(mask);
    expect(calls.filter(([, high]) => high !== 0).length).toBeGreaterThan(500);
    for (const register of [0, 1, 4])
      expect(calls.filter(([low]) => ((low >>> register) & 1) === 1).length).toBeGreaterThan(200);
  });

  it('is an ordinary argument of every other leaf', () => {
    const others = drawn.filter((scenario) => (leaf(scenario) & 0xffff) !== 0).map(mask);
    expect(others.filter(([low, high]) => high !== 0 && (low & ~WIDEST) !== 0).length).toBeGreaterThan(
      others.length / 2,
    );
  });
});
