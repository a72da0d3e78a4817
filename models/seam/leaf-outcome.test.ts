import { describe, expect, it } from 'vitest';
import { P_SEAMLDR_LEAVES } from '../abi/p-seamldr.js';
import { GPR, GPR_COUNT, gprMask } from '../abi/registers.js';
import { SEAMCALL_LEAVES } from '../abi/seamcall-leaves.js';
import { statusHigh } from '../abi/status.js';
import { leafOutcome, leafReturn, openRegisters, seamldrLeafExists, type LeafOutcome } from './leaf-outcome.js';

const outcomeOf = (leaf: number, version = 0): LeafOutcome => {
  const outcome = leafOutcome(leaf, version);
  if (outcome === undefined) throw new Error(`no outcome for leaf ${leaf} version ${version}`);
  return outcome;
};

describe('leafOutcome', () => {
  it.each([
    [1, 0, [], []],
    [3, 0, ['RCX', 'RDX'], ['RCX', 'RDX']],
    [3, 1, ['RCX', 'RDX', 'R8', 'R9', 'R10', 'R11'], ['RCX', 'RDX']],
    [11, 0, ['R8'], ['R8']],
    [11, 1, ['RDX', 'R8'], ['RDX', 'R8']],
    [23, 1, ['RCX', 'RDX', 'R9', 'R10', 'R11'], ['RCX', 'RDX', 'R9', 'R10', 'R11']],
    [24, 0, ['RCX', 'RDX', 'R8', 'R9', 'R10', 'R11'], ['RCX', 'RDX', 'R8', 'R9', 'R10', 'R11']],
    [32, 0, ['RDX', 'R9'], ['RDX', 'R9']],
    [37, 0, ['R8'], ['R8']],
    [48, 0, ['RCX', 'R10', 'R11', 'R12', 'R13'], ['RCX', 'R10', 'R11', 'R12', 'R13']],
    [68, 0, ['RCX', 'RDX'], []],
  ] as const)('leaf %i version %i', (leaf, version, success, error) => {
    expect(leafOutcome(leaf, version)).toMatchObject({
      canSucceed: true,
      successMask: gprMask(...success),
      errorMask: gprMask(...error),
    });
  });

  it('is undefined where the dispatcher refuses: unknown leaves, the ones of newer modules, versions', () => {
    for (const leaf of [42, 46, 47, 50, 51, 58, 92, 97, 128, 0xffff]) expect(leafOutcome(leaf, 0)).toBeUndefined();
    expect(leafOutcome(0, 1)).toBeUndefined();
    expect(leafOutcome(22, 1)).toBeUndefined();
    expect(leafOutcome(33, 0xff)).toBeUndefined();
  });

  it('has only an error side for a version that the handler refuses', () => {
    expect(outcomeOf(11, 2)).toMatchObject({ canSucceed: false, successMask: 0, errorMask: gprMask('RDX', 'R8') });
    expect(outcomeOf(3, 0xff)).toMatchObject({ canSucceed: false, successMask: 0, septMask: 0, interruptedMask: 0 });
  });

  it('lets TDH.VP.ENTER write all registers but RSP, and XMM', () => {
    const { successMask, errorMask, xmm } = outcomeOf(0);
    expect(successMask).toBe(0xffff & ~gprMask('RAX', 'RSP'));
    expect(errorMask).toBe(0);
    expect(xmm).toBe('written');
  });

  it('gives the same object each time, and never lists RAX or RSP', () => {
    for (const { leaf, implementedIn1501 } of SEAMCALL_LEAVES) {
      expect(leafOutcome(leaf, 0)).toBe(leafOutcome(leaf, 0));
      expect(leafOutcome(leaf, 0) !== undefined).toBe(implementedIn1501);
      const outcome = leafOutcome(leaf, 0);
      if (outcome === undefined) continue;
      const { successMask, errorMask, septMask, interruptedMask } = outcome;
      expect((successMask | errorMask | septMask | interruptedMask) & gprMask('RAX', 'RSP')).toBe(0);
      expect(successMask & (errorMask | septMask | interruptedMask)).toBe(errorMask | septMask | interruptedMask);
    }
  });

  it('clears XMM where a migration bundle is sealed or opened', () => {
    const zeroed = SEAMCALL_LEAVES.filter(({ leaf }) => leafOutcome(leaf, 0)?.xmm === 'zeroed').map(({ leaf }) => leaf);
    expect(zeroed).toEqual([64, 68, 71, 72, 73, 74, 80, 83, 84, 85, 86, 87]);
  });
});

describe('what a status leaves in the registers', () => {
  const host = Int32Array.from({ length: 2 * GPR_COUNT }, (_, at) => 0x1000 + at);
  const answered = Int32Array.from({ length: 2 * GPR_COUNT }, (_, at) => 0x2000 + at);
  const pair = (file: Int32Array, register: number): readonly number[] => [file[2 * register], file[2 * register + 1]];
  /** Which registers hold the answer, 0, all ones; the others must be the host's own. */
  const after = (outcome: LeafOutcome, status: string): Record<string, number> => {
    const out = Int32Array.from(host);
    leafReturn(outcome, 7, statusHigh(status) | 0, answered, out);
    expect(pair(out, GPR.RAX)).toEqual([7, statusHigh(status) | 0]);
    const masks = { answered: 0, zero: 0, ones: 0 };
    for (let register = 1; register < GPR_COUNT; register++) {
      const [low, high] = pair(out, register);
      if (low === host[2 * register] && high === host[2 * register + 1]) continue;
      if (low === answered[2 * register] && high === answered[2 * register + 1]) masks.answered |= 1 << register;
      else if (low === 0 && high === 0) masks.zero |= 1 << register;
      else if (low === -1 && high === -1) masks.ones |= 1 << register;
      else throw new Error(`register ${register} holds neither`);
    }
    return masks;
  };

  it('success: the outputs; also with a status that only informs', () => {
    expect(after(outcomeOf(24), 'TDX_SUCCESS')).toEqual({ answered: outcomeOf(24).successMask, zero: 0, ones: 0 });
    const informed = after(outcomeOf(7), 'TDX_GPA_RANGE_ALREADY_BLOCKED');
    expect(informed).toEqual({ answered: gprMask('RCX', 'RDX'), zero: 0, ones: 0 });
  });

  it('an error: 0 or all ones in the registers that the handler set first', () => {
    expect(after(outcomeOf(48), 'TDX_OPERAND_BUSY').zero).toBe(gprMask('RCX', 'R10', 'R11', 'R12', 'R13'));
    expect(after(outcomeOf(34), 'TDX_OPERAND_INVALID')).toEqual({
      answered: 0,
      zero: gprMask('R8'),
      ones: gprMask('RDX'),
    });
    expect(after(outcomeOf(0), 'TDX_OPERAND_BUSY')).toEqual({ answered: 0, zero: 0, ones: 0 });
  });

  it('an error of the secure EPT: details in RCX and RDX, for the leaves that walk it', () => {
    const walked = after(outcomeOf(6), 'TDX_EPT_WALK_FAILED');
    expect(walked).toEqual({ answered: gprMask('RCX', 'RDX'), zero: 0, ones: 0 });
    expect(after(outcomeOf(28), 'TDX_EPT_WALK_FAILED').answered).toBe(0);
    const walkers = SEAMCALL_LEAVES.filter(({ leaf }) => (leafOutcome(leaf, 0)?.septMask ?? 0) !== 0);
    expect(walkers.map(({ leaf }) => leaf)).toEqual([2, 3, 5, 6, 7, 12, 14, 15, 16, 23, 25, 29, 30, 39, 75]);
  });

  it('an interruption: how far the leaf came; TDH.MEM.SEPT.ADD gives its operands back', () => {
    const exported = after(outcomeOf(68), 'TDX_INTERRUPTED_RESUMABLE');
    expect(exported).toEqual({ answered: gprMask('RCX', 'RDX'), zero: 0, ones: 0 });
    const added = after(outcomeOf(3, 1), 'TDX_INTERRUPTED_RESUMABLE');
    expect(added).toEqual({ answered: gprMask('R8', 'R9', 'R10', 'R11'), zero: 0, ones: 0 });
  });

  it('takes the upper half of a status signed and unsigned', () => {
    const high = statusHigh('TDX_EPT_WALK_FAILED');
    expect(openRegisters(outcomeOf(6), high)).toBe(openRegisters(outcomeOf(6), high | 0));
  });
});

describe('the P-SEAMLDR', () => {
  it('has four leaves, the whole of RAX compared', () => {
    for (const { rax, name } of P_SEAMLDR_LEAVES) {
      const low = Number(rax & 0xffffffffn);
      expect(seamldrLeafExists(low, 0x80000000), name).toBe(!name.endsWith('(newer)'));
      expect(seamldrLeafExists(low, 0x80000000 | 0), name).toBe(!name.endsWith('(newer)'));
      expect(seamldrLeafExists(low, 0), name).toBe(false);
      expect(seamldrLeafExists(low, 0x80000001), name).toBe(false);
      expect(seamldrLeafExists(low | 0x10000, 0x80000000), name).toBe(false);
    }
  });
});
