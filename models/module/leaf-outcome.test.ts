import { describe, expect, it } from 'vitest';
import { GPR, gprMask } from '../abi/registers.js';
import { TDCALL_LEAVES } from '../abi/tdcall-leaves.js';
import { REFERENCE_CONFIGURATION as CONFIG } from './configuration.js';
import { leafOutcome } from './leaf-outcome.js';

describe('leafOutcome', () => {
  it.each([
    [1, 0, ['RCX', 'RDX', 'R8', 'R9', 'R10', 'R11'], []],
    [3, 0, ['RCX', 'RDX', 'R8', 'R9', 'R10'], ['RCX', 'RDX', 'R8', 'R9', 'R10']],
    [4, 0, [], []],
    [7, 0, ['R8'], ['R8']],
    [7, 1, ['RDX', 'R8'], ['RDX', 'R8']],
    [9, 0, ['RDX', 'R8'], ['RDX', 'R8']],
    [12, 0, ['R8'], ['R8']],
    [18, 0, ['RDX', 'R8'], ['RDX', 'R8']],
    [23, 0, ['RCX', 'RDX'], ['RCX', 'RDX']],
    [27, 0, ['RDX'], []],
  ] as const)('leaf %i version %i', (leaf, version, success, error) => {
    expect(leafOutcome(CONFIG, leaf, version)).toMatchObject({
      canSucceed: true,
      successMask: gprMask(...success),
      errorMask: gprMask(...error),
    });
  });

  it('gives -1 for a next field id and 0 for a value', () => {
    const outcome = leafOutcome(CONFIG, 9, 0);
    expect(outcome?.errorValues.subarray(2 * GPR.RDX, 2 * GPR.RDX + 2)).toEqual(Int32Array.of(-1, -1));
    expect(outcome?.errorValues.subarray(2 * GPR.R8, 2 * GPR.R8 + 2)).toEqual(Int32Array.of(0, 0));
  });

  it('lets no version of TDG.VM.RD above 1 succeed, though the dispatcher takes it', () => {
    for (const version of [2, 0x55, 0xff]) {
      expect(leafOutcome(CONFIG, 7, version)).toMatchObject({ canSucceed: false, successMask: 0 });
    }
  });

  it('writes R10-R13 of the service TD leaves only with TARGET_UUID_UPDATED', () => {
    const outcome = leafOutcome(CONFIG, 20, 0);
    expect(outcome?.conditionalMask).toBe(gprMask('R10', 'R11', 'R12', 'R13'));
    expect(outcome?.successMask).toBe(gprMask('R8'));
    expect(outcome?.conditionalStatusHigh).not.toBe(0);
  });

  it('knows nothing of what the dispatcher refuses', () => {
    expect(leafOutcome(CONFIG, 13, 0)).toBeUndefined();
    expect(leafOutcome(CONFIG, 1, 1)).toBeUndefined();
    expect(leafOutcome(CONFIG, 0x1007, 0)).toBeUndefined();
  });

  it('never lists RAX or RSP, and returns the same object each time', () => {
    for (const { leaf } of TDCALL_LEAVES) {
      const outcome = leafOutcome(CONFIG, leaf, 0);
      expect(outcome).toBeDefined();
      expect(outcome).toBe(leafOutcome(CONFIG, leaf, 0));
      const all = (outcome?.successMask ?? 0) | (outcome?.errorMask ?? 0) | (outcome?.conditionalMask ?? 0);
      expect(all & gprMask('RAX', 'RSP')).toBe(0);
    }
  });
});
