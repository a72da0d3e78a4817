import { describe, expect, it } from 'vitest';
import { GPR, GPR_COUNT } from '../abi/registers.js';
import { SYSTEM_STATE, type SystemState } from '../abi/seamcall.js';
import { statusHigh } from '../abi/status.js';
import { DISPATCH_CHECKS, goesToSeamldr, leafOf, refusal, refusalReturn, versionOf } from './dispatch.js';

const statusOf = (state: SystemState, raxLow: number, raxHigh = 0): string | undefined =>
  refusal(DISPATCH_CHECKS, state, raxLow, raxHigh)?.status;

const { READY, SHUTDOWN, SYSCONFIG_DONE, SYSINIT_PENDING } = SYSTEM_STATE;

describe('the dispatcher of SEAMCALL', () => {
  it('splits RAX', () => {
    expect([leafOf(0x00ab0017), versionOf(0x00ab0017)]).toEqual([0x17, 0xab]);
    expect(versionOf(0xff000000 | 0)).toBe(0);
  });

  it('refuses every reserved bit, bit 63 too: a call for the P-SEAMLDR never gets here', () => {
    for (let bit = 24; bit < 32; bit++) expect(statusOf(READY, 1 << bit)).toBe('TDX_OPERAND_INVALID');
    for (let bit = 0; bit < 32; bit++) expect(statusOf(READY, 0, 1 << bit)).toBe('TDX_OPERAND_INVALID');
    expect(statusOf(READY, 0)).toBeUndefined();
  });

  it('knows the calls that go to the P-SEAMLDR by bit 63 alone', () => {
    for (let bit = 0; bit < 32; bit++) expect(goesToSeamldr(1 << bit)).toBe(bit === 31);
    expect(goesToSeamldr(0x80000000)).toBe(true);
  });

  it('looks at reserved bits, the version, the state and the leaf in this order', () => {
    const everythingWrong = 0xff000000 | 0x10000 | 46 | 0;
    expect(statusOf(SHUTDOWN, everythingWrong)).toBe('TDX_OPERAND_INVALID');
    expect(statusOf(SHUTDOWN, 0x10000 | 46)).toBe('TDX_OPERAND_INVALID');
    expect(statusOf(SHUTDOWN, 46)).toBe('TDX_SYS_SHUTDOWN');
    expect(statusOf(SYSINIT_PENDING, 46)).toBe('TDX_SYS_NOT_READY');
    expect(statusOf(READY, 46)).toBe('TDX_OPERAND_INVALID');
  });

  it('takes nine leaves before READY, one after a shutdown, and any version of five', () => {
    const leaves = Array.from({ length: 256 }, (_, leaf) => leaf);
    const taken = (state: SystemState, version: number): number[] =>
      leaves.filter((leaf) => statusOf(state, (version << 16) | leaf) === undefined);
    expect(taken(SYSCONFIG_DONE, 0)).toEqual([31, 32, 33, 34, 35, 37, 44, 45, 53]);
    expect(taken(SHUTDOWN, 0)).toEqual([44]);
    expect(taken(READY, 0)).toHaveLength(68);
    for (const version of [1, 2, 0xff]) expect(taken(READY, version)).toEqual([3, 11, 23, 26, 30]);
  });

  it('a refusal changes RAX alone', () => {
    const host = Int32Array.from({ length: 2 * GPR_COUNT }, (_, at) => 1 + at);
    const refused = refusal(DISPATCH_CHECKS, SHUTDOWN, 0, 0);
    if (refused === undefined) throw new Error('not refused');
    const out = Int32Array.from(host);
    refusalReturn(refused, out);
    expect([out[2 * GPR.RAX], out[2 * GPR.RAX + 1] >>> 0]).toEqual([0, statusHigh('TDX_SYS_SHUTDOWN')]);
    expect(out.subarray(2)).toEqual(host.subarray(2));
  });
});
