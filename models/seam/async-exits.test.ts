import { describe, expect, it } from 'vitest';
import { GPR, GPR_COUNT, GPR_NAMES, XMM_COUNT } from '../abi/registers.js';
import { describeStatus } from '../abi/status.js';
import { ASYNC_EXITS, asyncStatusHigh } from './async-exits.js';
import { asyncHostView } from './vp-enter.js';

const reasons = [...ASYNC_EXITS.keys()];

describe('the table of exits', () => {
  it('has the 78 reasons that were observed below 80: all but TDCALL (77) and EPT violation (48)', () => {
    expect(reasons).toHaveLength(78);
    expect(Math.max(...reasons)).toBe(79);
    const absent = Array.from({ length: 80 }, (_, reason) => reason).filter((reason) => !ASYNC_EXITS.has(reason));
    expect(absent).toEqual([48, 77]);
  });

  it('gives each status that goes to the host the exit reason, and a name that the module has', () => {
    const statuses = new Set<string>();
    for (const { reason, production, debug } of ASYNC_EXITS.values()) {
      for (const exit of [production, debug]) {
        if (exit.ends !== 'to_host') continue;
        const word = (BigInt(asyncStatusHigh(exit) >>> 0) << 32n) | BigInt(reason);
        statuses.add(describeStatus(word).replace(` (exit reason ${reason})`, ''));
      }
    }
    expect([...statuses].sort()).toEqual([
      'TDX_NON_RECOVERABLE_TD',
      'TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE',
      'TDX_NON_RECOVERABLE_VCPU',
      'TDX_SUCCESS',
    ]);
  });

  it('lets the TD go on exactly after a status of class 0 without an error', () => {
    for (const { production, debug } of ASYNC_EXITS.values()) {
      for (const exit of [production, debug]) {
        expect(exit.reentryStatus === undefined).toBe(exit.ends !== 'to_host' || asyncStatusHigh(exit) === 0);
      }
    }
  });
});

describe('asyncHostView', () => {
  const host = Int32Array.from({ length: 2 * GPR_COUNT }, (_, at) => 0x1000 + at);
  const information = new Int32Array(2 * GPR_COUNT).fill(-1);
  const view = (vmIndex: number): { out: Int32Array; xmm: Int32Array } => {
    const out = Int32Array.from(host);
    const xmm = new Int32Array(4 * XMM_COUNT).fill(5);
    asyncHostView(7, 0x60000002, vmIndex, information, out, xmm);
    return { out, xmm };
  };

  it('describes the exit in RCX, RDX, R8 and R9, keeps RSP and clears the rest', () => {
    const { out, xmm } = view(0);
    for (const name of GPR_NAMES) {
      const at = 2 * GPR[name];
      const pair = [out[at], out[at + 1]];
      if (name === 'RAX') expect(pair).toEqual([7, 0x60000002]);
      else if (name === 'RCX') expect(pair).toEqual([-1, -4]);
      else if (name === 'RSP') expect(pair).toEqual([host[at], host[at + 1]]);
      else expect(pair, name).toEqual(['RDX', 'R8', 'R9'].includes(name) ? [-1, -1] : [0, 0]);
    }
    expect(xmm.every((word) => word === 0)).toBe(true);
  });

  it('puts the VM index into RCX bits 33:32', () => {
    for (const vmIndex of [0, 1, 2, 3]) expect(view(vmIndex).out[2 * GPR.RCX + 1]).toBe(-4 | vmIndex);
  });
});
