import { describe, expect, it } from 'vitest';
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { leafOf, rejectRax, versionOf } from '../../models/module/dispatch.js';
import { SYSTEM_STATE } from '../../models/abi/seamcall.js';
import { P_SEAMLDR_LEAVES } from '../../models/abi/p-seamldr.js';
import { DISPATCH_CHECKS, refusal } from '../../models/seam/dispatch.js';
import type { WrappedInstruction } from '../contract/contract.js';
import { builtInContract } from '../contract/find-contract.js';
import { drawScenarios } from './batch.js';
import { CONTRACT_IDS, spaceOf } from './spaces.test.helper.js';

const WITH_LEAF = CONTRACT_IDS.filter((id) => spaceOf(id).leafSlot >= 0);

/** RAX of so many draws. */
function leaves(id: string, count: number): [low: number, high: number][] {
  const space = spaceOf(id);
  return drawScenarios(space, [5, 6, 7, 8], count).map((scenario) => [
    scenario[2 * space.leafSlot],
    scenario[2 * space.leafSlot + 1],
  ]);
}

type Refuses = (low: number, high: number) => boolean;
/** Whether the module refuses RAX, or never sees it: bit 63 of SEAMCALL leads to the P-SEAMLDR. */
const REFUSES: Readonly<Record<WrappedInstruction, Refuses>> = {
  tdcall: (low, high) => rejectRax(REFERENCE_CONFIGURATION, low, high),
  seamcall: (low, high) => refusal(DISPATCH_CHECKS, SYSTEM_STATE.READY, low, high) !== undefined,
};
const refuses = (id: string): Refuses => REFUSES[builtInContract(id).contract.instruction];

describe('a drawn leaf', () => {
  it('is tried on several contracts', () => expect(WITH_LEAF.length).toBeGreaterThanOrEqual(5));

  it.each(WITH_LEAF)('%s: is one of the contract’s, at version 0, or refused by the module', (id) => {
    const allowed = builtInContract(id).contract.leaves;
    const wrong = leaves(id, 20_000).filter(([low, high]) => {
      if (refuses(id)(low, high)) return false;
      return !allowed.includes(leafOf(low)) || versionOf(low) !== 0;
    });
    expect(wrong).toEqual([]);
  });

  it.each(WITH_LEAF)('%s: every allowed leaf occurs, and each way to be refused', (id) => {
    const drawn = leaves(id, 20_000);
    const allowed = builtInContract(id).contract.leaves;
    // Of two halves, one is shared by all: each leaf has at least half of its part.
    for (const leaf of allowed)
      expect(drawn.filter(([low, high]) => low === leaf && high === 0).length, `leaf ${leaf}`).toBeGreaterThan(
        4000 / allowed.length,
      );
    const refused = drawn.filter(([low, high]) => refuses(id)(low, high));
    expect(refused.length).toBeGreaterThan(1800);
    expect(refused.length).toBeLessThan(2700);
    const ways = {
      'no such leaf': refused.filter(([low, high]) => high === 0 && low >>> 16 === 0),
      version: refused.filter(([low, high]) => high === 0 && versionOf(low) !== 0),
      'bits 31:24': refused.filter(([low, high]) => high === 0 && low >>> 24 !== 0),
      'bits 63:32': refused.filter(([, high]) => high !== 0),
    };
    for (const [way, cases] of Object.entries(ways)) expect(cases.length, way).toBeGreaterThan(400);
  });

  it('is TDG.VP.VMCALL in half of the cases where that reaches the host', () => {
    const host = leaves('linux-6.7/__tdcall_saved_ret', 20_000).filter(([low, high]) => low === 0 && high === 0);
    expect(host.length).toBeGreaterThan(9000);
    expect(host.length).toBeLessThan(11_000);
  });

  it('is TDH.VP.ENTER in half of the cases where that is allowed', () => {
    const entered = leaves('linux-6.7/__seamcall_saved_ret', 20_000).filter(([low, high]) => low === 0 && high === 0);
    expect(entered.length).toBeGreaterThan(8500);
    expect(entered.length).toBeLessThan(11_000);
  });

  it.each(['linux-6.7/__seamcall', 'linux-seamcall-2023/__seamcall'])('%s: each leaf of the P-SEAMLDR occurs', (id) => {
    const drawn = leaves(id, 20_000).map(([low, high]) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
    for (const { rax } of P_SEAMLDR_LEAVES) expect(drawn.filter((value) => value === rax).length).toBeGreaterThan(30);
  });
});
