import { describe, expect, it } from 'vitest';
import { GPR, GPR_COUNT, GPR_NAMES, gprMask } from './registers.js';
import { SEAMCALL_LEAVES, SEAMCALL_LEAVES_NEWER } from './seamcall-leaves.js';
import { describeStatus, statusHigh } from './status.js';
import { TDCALL_LEAF, TDCALL_LEAVES, TDCALL_LEAVES_NEWER } from './tdcall-leaves.js';
import { TDVMCALL, TDVMCALL_FUNCTIONS, TDVMCALL_STATUS } from './tdvmcall.js';
import { EXPOSED_REGISTERS, LINUX_EXPOSURE_MASKS } from './linux-constants.js';

describe('registers', () => {
  it('are numbered as the hardware encodes them', () => {
    expect(GPR_COUNT).toBe(16);
    expect(GPR_NAMES.map((name) => GPR[name])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  it('give the masks that Linux uses', () => {
    expect(gprMask('R10', 'R11', 'R12', 'R13', 'R14', 'R15')).toBe(LINUX_EXPOSURE_MASKS.r10ToR15);
    expect(gprMask('RDX', 'RBX', 'RSI', 'RDI', 'R8', 'R9', 'R10', 'R11', 'R12', 'R13', 'R14', 'R15')).toBe(
      LINUX_EXPOSURE_MASKS.allButRbp,
    );
    const named = GPR_NAMES.filter((name) => ((LINUX_EXPOSURE_MASKS.allButRbp >>> GPR[name]) & 1) === 1);
    expect(EXPOSED_REGISTERS).toEqual(named.map((name) => name.toLowerCase()));
  });
});

describe('TDCALL leaves', () => {
  it('are those of 1.5.01, each once', () => {
    expect(TDCALL_LEAVES.map((row) => row.leaf)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 20, 22, 23, 24, 25, 26, 27,
    ]);
    expect(Object.values(TDCALL_LEAF)).toEqual(TDCALL_LEAVES.map((row) => row.leaf));
    for (const newer of TDCALL_LEAVES_NEWER) expect(Object.values(TDCALL_LEAF)).not.toContain(newer.leaf);
  });

  it('name only status codes that exist, and never RAX or RSP as an output', () => {
    for (const row of TDCALL_LEAVES) {
      for (const name of [...row.statuses, ...(row.helperStatuses ?? [])]) expect(() => statusHigh(name)).not.toThrow();
      for (const output of row.outputs) {
        expect(['RAX', 'RSP'], row.name).not.toContain(output.register);
        if (output.onlyWithStatus !== undefined) expect(row.statuses).toContain(output.onlyWithStatus);
      }
    }
  });
});

describe('SEAMCALL leaves', () => {
  it('are 69, each number once, also against the newer ones', () => {
    expect(SEAMCALL_LEAVES).toHaveLength(69);
    const numbers = [...SEAMCALL_LEAVES, ...SEAMCALL_LEAVES_NEWER].map((row) => row.leaf);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('name only status codes that exist; an error changes only outputs', () => {
    for (const row of SEAMCALL_LEAVES) {
      for (const name of row.statuses) expect(() => statusHigh(name)).not.toThrow();
      if (row.operandError === undefined) continue;
      expect(describeStatus(row.operandError.status), row.name).not.toContain('unknown');
      for (const register of Object.keys(row.operandError.changed)) {
        expect([...row.outputs, ...row.outputsFromVersion1], row.name).toContain(register);
      }
    }
  });

  it('may be called before the module is READY only where docs/abi/seamcall.md says so', () => {
    const early = SEAMCALL_LEAVES.filter((row) => row.beforeReady).map((row) => row.leaf);
    expect(early).toEqual([31, 32, 33, 34, 35, 37, 44, 45, 53]);
  });
});

describe('TDVMCALL', () => {
  it('has fifteen sub-functions, each number once, with known statuses', () => {
    expect(TDVMCALL_FUNCTIONS).toHaveLength(15);
    expect(new Set(TDVMCALL_FUNCTIONS.map((row) => row.number)).size).toBe(15);
    expect(Object.values(TDVMCALL).sort((a, b) => a - b)).toEqual(
      TDVMCALL_FUNCTIONS.map((row) => row.number).sort((a, b) => a - b),
    );
    for (const row of TDVMCALL_FUNCTIONS) for (const name of row.statuses) expect(TDVMCALL_STATUS).toHaveProperty(name);
  });

  it('numbers those that stand for an instruction by the VMX exit reason', () => {
    expect([TDVMCALL.CPUID, TDVMCALL.HLT, TDVMCALL.IO, TDVMCALL.RDMSR, TDVMCALL.WRMSR, TDVMCALL.RequestMMIO]).toEqual([
      10, 12, 30, 31, 32, 48,
    ]);
  });
});
