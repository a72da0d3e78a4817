import { describe, expect, it } from 'vitest';
import { OPERAND_IDS } from '../abi/operand-ids.js';
import { GPR, GPR_COUNT, gprMask, type GprName } from '../abi/registers.js';
import { SEAMCALL_LEAVES } from '../abi/seamcall-leaves.js';
import { SYSTEM_STATE, type SystemState } from '../abi/seamcall.js';
import { statusHigh } from '../abi/status.js';
import { REFERENCE_CONFIGURATION, type SeamConfiguration } from './configuration.js';
import { leafOutcome } from './leaf-outcome.js';
import { finishUnrecorded, LEAF_RULES, runLeaf, STATUS_UNRECORDED } from './leaf-rules.js';

/** What the vectors do not reach: rules of docs/abi/seamcall.md and the handlers' source. */

interface Call {
  readonly leaf: number;
  readonly version?: number;
  readonly state?: SystemState;
  readonly registers?: Partial<Record<GprName, readonly [number, number]>>;
  readonly config?: Partial<SeamConfiguration>;
}

function run({ leaf, version = 0, state = SYSTEM_STATE.READY, registers = {}, config = {} }: Call): {
  open: number;
  out: Int32Array;
} {
  const rule = LEAF_RULES.get(leaf);
  const outcome = leafOutcome(leaf, version);
  if (rule === undefined || outcome === undefined) throw new Error(`leaf ${leaf} has no rule`);
  const file = Int32Array.from({ length: 2 * GPR_COUNT }, (_, at) => 0x100 + at);
  for (const [name, value] of Object.entries(registers)) file.set(value, 2 * GPR[name as GprName]);
  const out = new Int32Array(2 * GPR_COUNT);
  const inputs = { config: { ...REFERENCE_CONFIGURATION, ...config }, state, registers: file, version };
  return { open: runLeaf(rule, outcome, inputs, out), out };
}

const raxOf = (out: Int32Array): readonly number[] => [out[2 * GPR.RAX] >>> 0, out[2 * GPR.RAX + 1] >>> 0];
const status = (name: string, operand?: keyof typeof OPERAND_IDS): readonly number[] => [
  operand === undefined ? 0 : OPERAND_IDS[operand],
  statusHigh(name),
];

describe('a wrong operand in READY', () => {
  /** Unrecorded state decides: nothing of the operand is modelled. */
  const UNDECIDED = [34, 36, 37, 52];

  it.each(SEAMCALL_LEAVES.filter((row) => row.implementedIn1501 && row.operandError !== undefined))(
    '$name ends as it was observed to',
    ({ leaf, operandError }) => {
      // Misaligned, beyond MAXPA, no key id and no command.
      const registers = Object.fromEntries(
        (['RCX', 'RDX', 'R8', 'R9', 'R10', 'R11', 'R12', 'R13'] as const).map((name) => [name, [0x12345677, -7]]),
      ) as Required<Call>['registers'];
      const { open, out } = run({ leaf, registers });
      expect(open).toBe(UNDECIDED.includes(leaf) ? STATUS_UNRECORDED : 0);
      if (open !== 0) return;
      const [low, high] = raxOf(out);
      expect((BigInt(high) << 32n) | BigInt(low)).toBe(operandError?.status);
      for (const [name, value] of Object.entries(registers)) {
        const at = 2 * GPR[name as GprName];
        const changed = operandError?.changed[name as GprName];
        const expected = changed === undefined ? [...(value ?? [])] : [Number(changed), Number(changed)];
        expect([out[at], out[at + 1]], name).toEqual(expected);
      }
    },
  );
});

describe('a private page', () => {
  const page = (low: number, high: number, leaf = 17): ReturnType<typeof run> =>
    run({ leaf, registers: { RCX: [low, high] } });

  it('is aligned, below MAXPA and in a TDMR; whether it is a TDR is not shown', () => {
    expect(raxOf(page(0x40000001, 0).out)).toEqual(status('TDX_OPERAND_INVALID', 'RCX'));
    expect(raxOf(page(0x40000800, 0).out)).toEqual(status('TDX_OPERAND_INVALID', 'RCX'));
    expect(raxOf(page(0, 1 << 14).out)).toEqual(status('TDX_OPERAND_INVALID', 'RCX'));
    expect(raxOf(page(0, 0x80000000 | 0).out)).toEqual(status('TDX_OPERAND_INVALID', 'RCX'));
    expect(raxOf(page(0x3ffff000, 0).out)).toEqual(status('TDX_OPERAND_ADDR_RANGE_ERROR', 'RCX'));
    expect(page(0x40000000, 0).open).toBe(STATUS_UNRECORDED);
    expect(page(0x80000000 | 0, 0).open).toBe(STATUS_UNRECORDED);
    expect(page(0, (1 << 14) - 1).open).toBe(STATUS_UNRECORDED);
  });

  it('is measured by the configured MAXPA and TDMRs', () => {
    const call = { leaf: 17, registers: { RCX: [0, 1 << 14] } } as const;
    expect(run({ ...call, config: { maxPhysicalAddressBits: 52 } }).open).toBe(STATUS_UNRECORDED);
    const high = { ...call, config: { maxPhysicalAddressBits: 52, lowestTdmr: [0, 1 << 15] } } as const;
    expect(raxOf(run(high).out)).toEqual(status('TDX_OPERAND_ADDR_RANGE_ERROR', 'RCX'));
  });
});

describe('TDH.VP.ENTER', () => {
  const enter = (low: number, high: number): ReturnType<typeof run> =>
    run({ leaf: 0, registers: { RCX: [low, high] } });

  it('takes a TDVPR with the flags in bits 52 and 53, and nothing in the bits around them', () => {
    for (const flags of [0, 1, 2, 3]) expect(enter(0x400a0000, flags << 20).open).toBe(STATUS_UNRECORDED);
    for (let bit = 54; bit < 64; bit++) {
      expect(raxOf(enter(0x400a0000, 1 << (bit - 32)).out)).toEqual(status('TDX_OPERAND_INVALID', 'RCX'));
    }
    for (let bit = 0; bit < 12; bit++) {
      expect(raxOf(enter(0x400a0000 | (1 << bit), 0).out)).toEqual(status('TDX_OPERAND_INVALID', 'RCX'));
    }
    expect(raxOf(enter(0, 1 << 14).out)).toEqual(status('TDX_OPERAND_INVALID', 'RCX'));
    expect(raxOf(enter(0, 3 << 20).out)).toEqual(status('TDX_OPERAND_ADDR_RANGE_ERROR', 'RCX'));
  });
});

describe('a version above 1', () => {
  it.each([3, 11, 23, 26, 30])('is refused by the handler of leaf %i, which sets its error values first', (leaf) => {
    const { out, open } = run({ leaf, version: 2 });
    expect(open).toBe(0);
    expect(raxOf(out)).toEqual(status('TDX_OPERAND_INVALID', 'RAX'));
    const expected = leafOutcome(leaf, 2);
    for (let register = 1; register < GPR_COUNT; register++) {
      const isSet = ((expected?.errorMask ?? 0) >>> register) & 1;
      const value = isSet ? expected?.errorValues[2 * register] : 0x100 + 2 * register;
      expect(out[2 * register]).toBe(value);
    }
  });
});

describe('what the system state decides', () => {
  it.each([
    [31, 'SYSCONFIG_DONE', 'TDX_SYS_KEY_CONFIG_NOT_PENDING'],
    [35, 'SYSINIT_DONE', 'TDX_SYS_LP_INIT_NOT_PENDING'],
    [45, 'SYSINIT_DONE', 'TDX_SYS_CONFIG_NOT_PENDING'],
    [53, 'SYSINIT_DONE', 'TDX_SYS_STATE_INCORRECT'],
  ] as const)('leaf %i works in %s alone', (leaf, only, wrong) => {
    for (const state of Object.values(SYSTEM_STATE)) {
      if (state === SYSTEM_STATE[only]) continue;
      expect(raxOf(run({ leaf, state }).out)).toEqual(status(wrong));
    }
    const config = { lpInitialised: false };
    expect(run({ leaf, state: SYSTEM_STATE[only], config }).open).toBe(STATUS_UNRECORDED);
  });

  it('a logical processor is initialised once, and before it is asked', () => {
    const state = SYSTEM_STATE.SYSINIT_DONE;
    expect(raxOf(run({ leaf: 35, state }).out)).toEqual(status('TDX_SYS_LP_INIT_DONE'));
    const config = { lpInitialised: false };
    for (const leaf of [32, 34])
      expect(raxOf(run({ leaf, state, config }).out)).toEqual(status('TDX_SYS_LP_INIT_NOT_DONE'));
  });
});

describe('other operands', () => {
  it('TDH.MNG.CREATE takes a key id of 16 bits, TDH.PHYMEM.CACHE.WB the commands 0 and 1', () => {
    for (const RDX of [
      [0x10000, 0],
      [0, 1],
    ] as const)
      expect(raxOf(run({ leaf: 9, registers: { RDX } }).out)).toEqual(status('TDX_OPERAND_INVALID', 'RDX'));
    expect(run({ leaf: 9, registers: { RDX: [0xffff, 0] } }).open).toBe(STATUS_UNRECORDED);
    for (const RCX of [
      [2, 0],
      [-1, 0],
      [0, 1],
    ] as const)
      expect(raxOf(run({ leaf: 40, registers: { RCX } }).out)).toEqual(status('TDX_OPERAND_INVALID', 'RCX'));
    for (const command of [0, 1])
      expect(run({ leaf: 40, registers: { RCX: [command, 0] } }).open).toBe(STATUS_UNRECORDED);
  });

  it.each([27, 44])('leaf %i succeeds whatever it is given, and changes RAX alone', (leaf) => {
    const { open, out } = run({ leaf });
    expect([open, ...raxOf(out)]).toEqual([0, 0, 0]);
    for (let at = 2; at < out.length; at++) expect(out[at]).toBe(0x100 + at);
  });
});

describe('finishUnrecorded', () => {
  const finish = (leaf: number, version: number, high: number): number | undefined => {
    const outcome = leafOutcome(leaf, version);
    if (outcome === undefined) throw new Error(`leaf ${leaf} has no outcome`);
    const recorded = new Int32Array(2 * GPR_COUNT);
    recorded[2 * GPR.RAX + 1] = high;
    return finishUnrecorded(outcome, recorded, new Int32Array(2 * GPR_COUNT));
  };

  it('leaves RAX open, and what the status leaves to the module', () => {
    expect(finish(6, 0, 0)).toBe(gprMask('RAX', 'RCX', 'RDX'));
    expect(finish(6, 0, statusHigh('TDX_EPT_WALK_FAILED'))).toBe(gprMask('RAX', 'RCX', 'RDX'));
    expect(finish(6, 0, statusHigh('TDX_OPERAND_BUSY'))).toBe(gprMask('RAX'));
  });

  it('knows no status outside of the table, and no success of a version that does not exist', () => {
    expect(finish(6, 0, 0xffffffff)).toBeUndefined();
    expect(finish(6, 0, 0x80000fff)).toBeUndefined();
    expect(finish(11, 2, 0)).toBeUndefined();
    expect(finish(11, 2, statusHigh('TDX_OPERAND_BUSY'))).toBeDefined();
  });
});
