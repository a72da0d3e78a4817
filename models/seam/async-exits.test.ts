import { describe, expect, it } from 'vitest';
import { GPR, GPR_COUNT, GPR_NAMES, XMM_COUNT } from '../abi/registers.js';
import { describeStatus } from '../abi/status.js';
import { ASYNC_EXITS, asyncStatusHigh, exitToHost, type ExitInformation } from './async-exits.js';
import { asyncHostView } from './vp-enter.js';

const hex = (value: bigint): string => `0x${value.toString(16)}`;
const reasons = [...ASYNC_EXITS.keys()];

describe('the table of exits', () => {
  it('has all reasons below 80 but TDCALL (77)', () => {
    expect(reasons).toHaveLength(79);
    expect(Math.max(...reasons)).toBe(79);
    expect(ASYNC_EXITS.has(77)).toBe(false);
  });

  it('gives each status that goes to the host the exit reason, and a name that the module has', () => {
    const statuses = new Set<string>();
    for (const { reason, cases } of ASYNC_EXITS.values()) {
      for (const { exit } of cases) {
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
    for (const { cases } of ASYNC_EXITS.values()) {
      for (const { exit } of cases)
        expect(exit.reentryStatus === undefined).toBe(exit.ends !== 'to_host' || asyncStatusHigh(exit) === 0);
    }
  });

  it('ends in a case that always applies, so that there is none without an outcome', () => {
    for (const { cases } of ASYNC_EXITS.values()) expect(cases.at(-1)?.applies(NOTHING)).toBe(true);
  });
});

/** Of a production TD, with every bit that decides something clear. */
const NOTHING: ExitInformation = { debug: false, qualification: 0, gpa: 0n, interruption: 0 };

describe('what decides an exit beside its reason (docs/abi/seamcall.md#exit-reasons)', () => {
  const statusOf = (reason: number, told: Partial<ExitInformation>): string => {
    const row = ASYNC_EXITS.get(reason);
    const found = row && exitToHost(row, { ...NOTHING, ...told });
    return found === undefined
      ? 'no host exit'
      : hex((BigInt(asyncStatusHigh(found.exit) >>> 0) << 32n) | BigInt(reason));
  };
  const NMI = 0x80000202;
  const INVALID_OPCODE = 0x80000306;
  it.each<[string, number, Partial<ExitInformation>, string]>([
    ['another SMI', 6, { qualification: 0x10 }, '0x6'],
    ['another SMI of a debug TD', 6, { qualification: 2, debug: true }, '0x6'],
    ['an SMI for a machine check', 6, { qualification: 1 }, '0x6000000500000006'],
    ['an SMI for a machine check in a debug TD', 6, { qualification: 3, debug: true }, '0x6000000500000006'],
    ['notify', 75, { qualification: 0 }, '0x4b'],
    ['notify with a lost context', 75, { qualification: 1 }, '0x600000020000004b'],
    ['notify with a lost context in a debug TD', 75, { qualification: 5, debug: true }, '0x600000020000004b'],
    ['an NMI', 0, { interruption: NMI }, '0x0'],
    ['a machine check', 0, { interruption: 0x80000312 }, '0x6000000500000000'],
    ['a machine check in a debug TD', 0, { interruption: 0x80000312, debug: true }, '0x6000000500000000'],
    ['#UD in a debug TD', 0, { interruption: INVALID_OPCODE, debug: true }, '0x0'],
    ['#UD, which stops the module', 0, { interruption: INVALID_OPCODE }, 'no host exit'],
    ['LMSW', 28, { qualification: 0x30 }, 'no host exit'],
    ['MOV from CR2', 28, { qualification: 0x12 }, '0x600000020000001c'],
    ['MOV from CR2 in a debug TD', 28, { qualification: 0x12, debug: true }, '0x1c'],
    ['a MOV to CR0 that the host sees, which was none that is legal', 28, { qualification: 0 }, '0x600000020000001c'],
    ['an EPT violation', 48, { gpa: 0x1000n }, '0x30'],
    ['an EPT misconfiguration of shared memory', 49, { gpa: 1n << 51n }, '0x31'],
    ['one of private memory, which stops the module', 49, { gpa: 0x1000n }, 'no host exit'],
  ])('%s', (_what, reason, told, expected) => {
    expect(statusOf(reason, told)).toBe(expected);
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
