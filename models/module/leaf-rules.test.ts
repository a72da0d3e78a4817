import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { GPR, gprMask } from '../abi/registers.js';
import { describeStatus } from '../abi/status.js';
import { TDCALL_LEAVES } from '../abi/tdcall-leaves.js';
import { REFERENCE_CONFIGURATION, type ModuleConfiguration } from './configuration.js';
import { leafOutcome } from './leaf-outcome.js';
import type { VeInformation } from './leaf-rule.js';
import { LEAF_RULES, STATUS_UNRECORDED, finishUnrecorded, runLeaf } from './leaf-rules.js';

const VE: VeInformation = {
  exitReason: [48, 0],
  exitQualification: [1, 2],
  gla: [3, 4],
  gpa: [5, 6],
  lengthAndInformation: [7, 8],
};

interface Call {
  readonly config?: ModuleConfiguration;
  readonly version?: number;
  readonly pendingVe?: VeInformation;
  readonly rcx?: bigint;
  readonly rdx?: bigint;
  readonly r8?: bigint;
}

/** Runs a leaf with every other register at 0x55; returns the status as text and the register file. */
function run(leaf: number, call: Call): { status: string; open: number; out: Int32Array } {
  const registers = new Int32Array(32).fill(0x55);
  const put = (register: number, value: bigint | undefined): void => {
    if (value === undefined) return;
    registers[2 * register] = Number(value & 0xffffffffn);
    registers[2 * register + 1] = Number((value >> 32n) & 0xffffffffn);
  };
  put(GPR.RCX, call.rcx);
  put(GPR.RDX, call.rdx);
  put(GPR.R8, call.r8);
  const out = new Int32Array(32);
  const rule = LEAF_RULES.get(leaf);
  if (rule === undefined) throw new Error(`no rule for leaf ${leaf}`);
  const open = runLeaf(
    rule,
    {
      config: call.config ?? REFERENCE_CONFIGURATION,
      registers,
      version: call.version ?? 0,
      pendingVe: call.pendingVe,
    },
    out,
  );
  if ((open & STATUS_UNRECORDED) !== 0) return { status: 'unrecorded', open, out };
  const value = (BigInt(out[1] >>> 0) << 32n) | BigInt(out[0] >>> 0);
  return { status: describeStatus(value), open, out };
}

const RCX = 'TDX_OPERAND_INVALID (RCX)';
const RDX = 'TDX_OPERAND_INVALID (RDX)';
const R8 = 'TDX_OPERAND_INVALID (R8)';
const BAD_ID = 'TDX_METADATA_FIELD_ID_INCORRECT';
const OPEN = 'unrecorded';
const NULL_ID = 0xffffffff_ffffffffn;
const TWO_L2_VMS: ModuleConfiguration = {
  ...REFERENCE_CONFIGURATION,
  td: { ...REFERENCE_CONFIGURATION.td, numL2Vms: 2 },
};
const GPAW_48: ModuleConfiguration = {
  ...REFERENCE_CONFIGURATION,
  maxPhysicalAddressBits: 52,
  td: { ...REFERENCE_CONFIGURATION.td, gpaw: 48 },
};

describe('the checks of a leaf', () => {
  it.each<[string, number, Call, string]>([
    ['RTMR.EXTEND alignment', 2, { rcx: 32n }, RCX],
    ['RTMR.EXTEND above MAXPA', 2, { rcx: 1n << 46n }, RCX],
    ['RTMR.EXTEND shared GPA', 2, { rcx: 1n << 51n }, RCX],
    ['RTMR.EXTEND below MAXPA', 2, { rcx: 1n << 45n }, OPEN],
    ['RTMR.EXTEND shared bit of GPAW 48', 2, { rcx: 1n << 47n, config: GPAW_48 }, RCX],
    ['RTMR.EXTEND below the shared bit of GPAW 48', 2, { rcx: 1n << 46n, config: GPAW_48 }, OPEN],
    ['VEINFO.GET with none pending', 3, {}, 'TDX_NO_VALID_VE_INFO'],
    ['VEINFO.GET', 3, { pendingVe: VE }, 'TDX_SUCCESS'],
    ['REPORT RCX first', 4, { rcx: 512n, rdx: 1n }, RCX],
    ['REPORT RDX alignment', 4, { rcx: 1024n, rdx: 32n }, RDX],
    ['REPORT data may be shared', 4, { rcx: 1024n, rdx: 1n << 51n }, OPEN],
    ['REPORT data above MAXPA', 4, { rcx: 1024n, rdx: 1n << 46n }, RDX],
    ['CPUIDVE.SET reserved bit', 5, { rcx: 4n }, RCX],
    ['CPUIDVE.SET upper half', 5, { rcx: 1n << 32n }, RCX],
    ['CPUIDVE.SET', 5, { rcx: 3n }, 'TDX_SUCCESS'],
    ['PAGE.ACCEPT level 2', 6, { rcx: 2n }, RCX],
    ['PAGE.ACCEPT reserved bit 11', 6, { rcx: 0x800n }, RCX],
    ['PAGE.ACCEPT reserved bit 52', 6, { rcx: 1n << 52n }, RCX],
    ['PAGE.ACCEPT 2M misaligned', 6, { rcx: 0x1001n }, RCX],
    ['PAGE.ACCEPT 2M', 6, { rcx: 0x200001n }, OPEN],
    ['PAGE.ACCEPT 4K', 6, { rcx: 0x1000n }, OPEN],
    ['PAGE.ACCEPT shared', 6, { rcx: 1n << 51n }, RCX],
    ['VM.RD version 2 first', 7, { version: 2, rcx: 1n }, 'TDX_OPERAND_INVALID (RAX)'],
    ['VM.RD RCX', 7, { rcx: 1n << 40n, rdx: 0n }, RCX],
    ['VM.RD null id in version 1', 7, { version: 1, rcx: 0n, rdx: NULL_ID }, 'TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT'],
    ['VM.RD null id in version 0', 7, { rcx: 0n, rdx: NULL_ID }, BAD_ID],
    ['VM.RD absent field', 7, { rcx: 0n, rdx: 0n }, BAD_ID],
    ['VM.RD context is ignored', 7, { rcx: 0n, rdx: 7n << 52n }, BAD_ID],
    ['VM.RD of a field not modelled', 7, { rcx: 0n, rdx: 0x1110000300000000n }, OPEN],
    ['VM.WR of NOTIFY_ENABLES', 8, { rcx: 0n, rdx: 0x9100000000000010n }, OPEN],
    ['VM.WR null id', 8, { rcx: 0n, rdx: NULL_ID }, BAD_ID],
    ['VP.RD RCX', 9, { rcx: 1n, rdx: NULL_ID }, RCX],
    [
      'VP.RD null id but for its context',
      9,
      { rcx: 0n, rdx: NULL_ID ^ (5n << 52n) },
      'TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT',
    ],
    ['VP.RD VPID', 9, { rcx: 0n, rdx: 0n }, 'TDX_METADATA_FIELD_NOT_READABLE'],
    ['VP.WR RCX', 10, { rcx: 1n, rdx: 0n }, RCX],
    ['VP.WR bad id', 10, { rcx: 0n, rdx: 1n << 62n }, BAD_ID],
    ['SYS.RD does not look at RCX', 11, { rcx: 1n, rdx: 0n }, OPEN],
    ['SYS.RDALL alignment', 12, { rdx: 0x800n }, RDX],
    ['SYS.RDALL shared', 12, { rdx: 1n << 51n }, RDX],
    ['SERVTD.RD slot', 18, { rcx: 1n }, RCX],
    ['SERVTD.WR slot 0', 20, { rcx: 0x1000n }, OPEN],
    ['VERIFYREPORT on an unknown platform', 22, { rcx: 1n }, OPEN],
    [
      'VERIFYREPORT without SEAMVERIFYREPORT',
      22,
      { rcx: 1n, config: { ...REFERENCE_CONFIGURATION, seamVerifyReport: false } },
      'TDX_OPERAND_INVALID (RAX)',
    ],
    ['VERIFYREPORT alignment', 22, { rcx: 64n, config: { ...REFERENCE_CONFIGURATION, seamVerifyReport: true } }, RCX],
    ['PAGE.ATTR.RD shared', 23, { rcx: 1n << 51n }, RCX],
    ['PAGE.ATTR.RD', 23, { rcx: 0x123n }, OPEN],
    ['PAGE.ATTR.WR attributes of L1', 24, { rcx: 0n, rdx: 1n, r8: 1n }, RDX],
    ['PAGE.ATTR.WR flags of L1', 24, { rcx: 0n, rdx: 0n, r8: 1n }, R8],
    ['PAGE.ATTR.WR flags of L1 before attributes of VM 1', 24, { rcx: 0n, rdx: 1n << 16n, r8: 1n }, R8],
    ['PAGE.ATTR.WR level', 24, { rcx: 3n, rdx: 0n, r8: 0n }, RCX],
    ['PAGE.ATTR.WR VM 1 without VALID', 24, { rcx: 0n, rdx: 1n << 16n, r8: 0n, config: TWO_L2_VMS }, RDX],
    ['PAGE.ATTR.WR VM 1', 24, { rcx: 0n, rdx: 0x8001n << 16n, r8: 0n, config: TWO_L2_VMS }, OPEN],
    ['VP.ENTER RDX first', 25, { rcx: 0n, rdx: 128n }, RDX],
    ['VP.ENTER VM 0', 25, { rcx: 0n, rdx: 256n }, RCX],
    ['VP.ENTER VM that does not exist', 25, { rcx: 3n << 52n, rdx: 256n, config: TWO_L2_VMS }, RCX],
    ['VP.ENTER', 25, { rcx: (2n << 52n) | 3n, rdx: 256n, config: TWO_L2_VMS }, OPEN],
    ['INVEPT L1', 26, { rcx: 1n }, RCX],
    ['INVEPT VM that does not exist', 26, { rcx: 8n, config: TWO_L2_VMS }, RCX],
    ['INVEPT', 26, { rcx: 6n, config: TWO_L2_VMS }, 'TDX_SUCCESS'],
    ['INVVPID reserved bit', 27, { rcx: (1n << 52n) | 2n, config: TWO_L2_VMS }, RCX],
    ['INVVPID list', 27, { rcx: (1n << 52n) | 1n, config: TWO_L2_VMS }, OPEN],
  ])('%s', (_name, leaf, call, status) => {
    expect(run(leaf, call).status).toBe(status);
  });

  it('examine every reserved bit of a field id', () => {
    const bad: number[] = [];
    for (let bit = 0n; bit < 64n; bit++) if (run(11, { rdx: 1n << bit }).status === BAD_ID) bad.push(Number(bit));
    const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    expect(bad).toEqual([...range(24, 31), ...range(34, 49), 55, 62]);
  });
});

describe('the outputs', () => {
  it('of VEINFO.GET are the pending #VE, and the category half is zero', () => {
    const { out } = run(3, { pendingVe: { ...VE, exitReason: [48, 9] } });
    const pairs = [GPR.RCX, GPR.RDX, GPR.R8, GPR.R9, GPR.R10].map((register) => [
      out[2 * register],
      out[2 * register + 1],
    ]);
    expect(pairs).toEqual([
      [48, 0],
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
  });

  it('of VP.INFO follow the configuration', () => {
    const td = { ...REFERENCE_CONFIGURATION.td, gpaw: 48 as const, numVcpus: 3, maxVcpus: 9, vcpuIndex: 2 };
    const { out } = run(1, { config: { ...REFERENCE_CONFIGURATION, td: { ...td, attributes: [0x10000000, 7] } } });
    expect([out[2], out[4], out[5], out[16], out[17], out[18]]).toEqual([48, 0x10000000, 7, 3, 9, 2]);
  });

  it('leave the next id open where the null id was asked for', () => {
    expect(run(9, { rcx: 0n, rdx: NULL_ID }).open).toBe(gprMask('RDX'));
  });
});

describe('finishUnrecorded', () => {
  const rule = (leaf: number): NonNullable<ReturnType<typeof LEAF_RULES.get>> => {
    const found = LEAF_RULES.get(leaf);
    if (found === undefined) throw new Error('no rule');
    return found;
  };

  it('takes no status that the leaf cannot give', () => {
    expect(finishUnrecorded(rule(2), 0, 0, 0xc0000704 | 0, new Int32Array(32))).toBeUndefined();
  });

  it('leaves the actual attributes open with PAGE_ATTR_INVALID', () => {
    expect(finishUnrecorded(rule(24), 0, 0, 0xc0000b11 | 0, new Int32Array(32))).toBe(gprMask('RAX', 'RDX'));
    expect(finishUnrecorded(rule(24), 0, 1, 0xc0000100 | 0, new Int32Array(32))).toBe(gprMask('RAX'));
  });

  it('opens the UUID of a service TD leaf only with TARGET_UUID_UPDATED', () => {
    expect(finishUnrecorded(rule(20), 0, 0, 0xc0000d08 | 0, new Int32Array(32))).toBe(
      gprMask('RAX', 'R10', 'R11', 'R12', 'R13'),
    );
    expect(finishUnrecorded(rule(20), 0, 0, 0, new Int32Array(32))).toBe(gprMask('RAX', 'R8'));
  });
});

const word = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const registerFiles = fc
  .array(fc.oneof(word, fc.constantFrom(0, -1)), { minLength: 32, maxLength: 32 })
  .map((values) => Int32Array.from(values));
const leaves = fc.constantFrom(...TDCALL_LEAVES.map((row) => row.leaf).filter((leaf) => leaf !== 0));

describe('whatever the operands', () => {
  test.prop([leaves, registerFiles, fc.integer({ min: 0, max: 255 }), fc.boolean(), fc.constantFrom(0, 1, 2, 3)])(
    'only RAX and the outputs of leafOutcome change, and an error writes its error values',
    (leaf, registers, anyVersion, pending, numL2Vms) => {
      const version = leaf === 7 ? anyVersion : 0;
      const config = { ...REFERENCE_CONFIGURATION, td: { ...REFERENCE_CONFIGURATION.td, numL2Vms } };
      const rule = LEAF_RULES.get(leaf);
      const outcome = leafOutcome(config, leaf, version);
      if (rule === undefined || outcome === undefined) throw new Error(`leaf ${leaf} is missing`);
      const before = Int32Array.from(registers);
      const out = new Int32Array(32);
      const open = runLeaf(rule, { config, registers, version, pendingVe: pending ? VE : undefined }, out);
      expect(registers).toEqual(before);
      const undecided = (open & STATUS_UNRECORDED) !== 0;
      const isError = !undecided && out[1] < 0;
      const mask = undecided ? 0 : isError ? outcome.errorMask : outcome.successMask | outcome.errorMask;
      for (let register = 1; register < 16; register++) {
        const pair = [out[2 * register], out[2 * register + 1]];
        if (((mask >>> register) & 1) === 0) {
          expect(pair).toEqual([registers[2 * register], registers[2 * register + 1]]);
        } else if (isError) {
          expect(pair).toEqual([outcome.errorValues[2 * register], outcome.errorValues[2 * register + 1]]);
        }
      }
    },
  );
});
