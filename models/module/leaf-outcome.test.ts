import { describe, expect, it } from 'vitest';
import { GPR, GPR_COUNT, gprMask } from '../abi/registers.js';
import { statusHigh } from '../abi/status.js';
import { TDCALL_LEAVES } from '../abi/tdcall-leaves.js';
import { REFERENCE_CONFIGURATION as CONFIG } from './configuration.js';
import { leafOutcome, leafReturn } from './leaf-outcome.js';

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

describe('leafReturn', () => {
  const guest = Int32Array.from({ length: 2 * GPR_COUNT }, (_, at) => 0x1000 + at);
  const answered = Int32Array.from({ length: 2 * GPR_COUNT }, (_, at) => 0x2000 + at);
  const REFUSED = [0, 0xc0000100 | 0];

  /** RAX, and which of the other registers hold the answer, 0, all ones; the rest must be the guest's own. */
  function after(leaf: number, version: number, low: number, high: number): Record<string, unknown> {
    const outcome = leafOutcome(CONFIG, leaf, version);
    if (outcome === undefined) throw new Error(`leaf ${leaf} is refused`);
    const out = Int32Array.from(guest);
    const wrote = leafReturn(outcome, low, high, answered, out);
    const masks = { answered: 0, zero: 0, ones: 0 };
    for (let register = 1; register < GPR_COUNT; register++) {
      const holds = (...pair: number[]): boolean => out[2 * register] === pair[0] && out[2 * register + 1] === pair[1];
      if (holds(...guest.subarray(2 * register, 2 * register + 2))) continue;
      if (holds(...answered.subarray(2 * register, 2 * register + 2))) masks.answered |= 1 << register;
      else if (holds(0, 0)) masks.zero |= 1 << register;
      else if (holds(-1, -1)) masks.ones |= 1 << register;
      else throw new Error(`register ${register} holds neither`);
    }
    expect(wrote).toBe(gprMask('RAX') | masks.answered | masks.zero | masks.ones);
    return { rax: [out[0], out[1]], ...masks };
  }

  it('success: the outputs; also with a status that only informs', () => {
    const outputs = { answered: gprMask('RDX', 'R8'), zero: 0, ones: 0 };
    expect(after(9, 0, 0, 0)).toEqual({ rax: [0, 0], ...outputs });
    expect(after(9, 0, 7, 0xb0a)).toEqual({ rax: [7, 0xb0a], ...outputs });
  });

  it('an error: 0 or all ones, whether the upper half of the status is signed or not', () => {
    const high = statusHigh('TDX_OPERAND_BUSY');
    for (const half of [high, high | 0]) {
      const masks = { answered: 0, zero: gprMask('R8'), ones: gprMask('RDX') };
      expect(after(9, 0, 7, half)).toEqual({ rax: [7, high | 0], ...masks });
    }
  });

  it('TARGET_UUID_UPDATED: the UUID beside what every error sets', () => {
    const high = statusHigh('TDX_TARGET_UUID_UPDATED') | 0;
    const uuid = gprMask('R10', 'R11', 'R12', 'R13');
    expect(after(18, 0, 7, high)).toEqual({
      rax: [7, high],
      answered: uuid,
      zero: gprMask('R8'),
      ones: gprMask('RDX'),
    });
  });

  it('a version that the handler refuses: no success, and errors as they come', () => {
    const masks = { answered: 0, zero: gprMask('R8'), ones: gprMask('RDX') };
    expect(after(7, 2, 7, 0)).toEqual({ rax: REFUSED, ...masks });
    expect(after(7, 2, 7, 0xb0a)).toEqual({ rax: REFUSED, ...masks });
    const busy = statusHigh('TDX_OPERAND_BUSY') | 0;
    expect(after(7, 2, 7, busy)).toEqual({ rax: [7, busy], ...masks });
  });
});
