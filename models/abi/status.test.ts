import { describe, expect, it } from 'vitest';
import { STATUS_CLASSES, STATUS_CODES } from './status-codes.js';
import { describeStatus, operandName, statusFields, statusHigh, statusName } from './status.js';

describe('status names', () => {
  it.each([
    ['TDX_SUCCESS', 0, 0],
    ['TDX_SUCCESS', 77, 0],
    ['TDX_OPERAND_INVALID', 1, 0xc0000100],
    ['TDX_OPERAND_INVALID', 0, 0xc0000100 | 0],
    ['TDX_RND_NO_ENTROPY', 0, 0x80000203],
    ['TDX_NON_RECOVERABLE_TD', 2, 0x60000002],
    ['TDX_NO_VALID_VE_INFO', 0, 0xc0000704],
    ['TDX_METADATA_FIELD_ID_INCORRECT', 0, 0xc0000c00],
    ['TDX_SEAMCALL_VMFAILINVALID', 0xffff0000, 0x8000ff00],
    ['TDX_SEAMCALL_GP', 0x0d, 0x8000ff00],
    ['UNINITIALIZE_ERROR', -1, -1],
  ])('%s', (name, low, high) => {
    expect(statusName(low, high)).toBe(name);
  });

  it('does not invent names', () => {
    expect(statusName(0, 0xc0000177)).toBeUndefined();
    expect(statusName(0x0e, 0x8000ff00)).toBeUndefined();
    expect(statusName(0, -1)).toBeUndefined();
  });

  it('gives the upper half of a name, and refuses a name that is none', () => {
    expect(statusHigh('TDX_OPERAND_BUSY')).toBe(0x80000200);
    expect(() => statusHigh('TDX_NO_SUCH')).toThrow('no status code is named TDX_NO_SUCH');
  });
});

describe('describeStatus', () => {
  it.each([
    [0n, 'TDX_SUCCESS'],
    [77n, 'TDX_SUCCESS (exit reason 77)'],
    [0x0400004dn, 'TDX_SUCCESS (exit reason 77, modifier bits 0x4000000)'],
    [0xc000010000000000n, 'TDX_OPERAND_INVALID (RAX)'],
    [0xc000010000000001n, 'TDX_OPERAND_INVALID (RCX)'],
    [0xc000010000000080n, 'TDX_OPERAND_INVALID (TDR)'],
    [0xc0000100000000f0n, 'TDX_OPERAND_INVALID (operand 240)'],
    [0x80000200000000a8n, 'TDX_OPERAND_BUSY (RTMR)'],
    [0x8000020300000000n, 'TDX_RND_NO_ENTROPY'],
    [0x4000000100000002n, 'TDX_NON_RECOVERABLE_VCPU (exit reason 2)'],
    [0xc0000b0b00000001n, 'TDX_PAGE_SIZE_MISMATCH (details 0x1)'],
    [0x8000ff0000000006n, 'TDX_SEAMCALL_UD'],
    [0xffffffffffffffffn, 'UNINITIALIZE_ERROR'],
    [0x0000017700000000n, 'unknown status 0x0000017700000000'],
  ])('%s', (value, text) => {
    expect(describeStatus(value)).toBe(text);
  });
});

describe('the table', () => {
  it('has 192 codes, each name and value once', () => {
    expect(STATUS_CODES).toHaveLength(192);
    expect(new Set(STATUS_CODES.map((code) => code.name)).size).toBe(192);
    expect(new Set(STATUS_CODES.map((code) => code.value)).size).toBe(192);
  });

  it('has a label for every class and zeros in bits 59:48, but for the poison value', () => {
    for (const { name, value } of STATUS_CODES) {
      if (name === 'UNINITIALIZE_ERROR') continue;
      expect((value >> 48n) & 0xfffn, name).toBe(0n);
      expect(STATUS_CLASSES, name).toHaveProperty([String(Number((value >> 40n) & 0xffn))]);
    }
  });

  it('splits into its fields', () => {
    expect(statusFields(2, 0x60000005)).toEqual({
      error: false,
      nonRecoverable: true,
      fatal: true,
      hostRecoverabilityHint: false,
      statusClass: 0,
      detailsL1: 5,
      detailsL2: 2,
    });
    expect(statusFields(-1, 0x90000205 | 0)).toMatchObject({
      error: true,
      nonRecoverable: false,
      hostRecoverabilityHint: true,
      statusClass: 2,
      detailsL1: 5,
      detailsL2: 0xffffffff,
    });
  });

  it('names operands by their hardware encoding', () => {
    expect([0, 6, 15, 145].map(operandName)).toEqual(['RAX', 'RSI', 'R15', 'TDVPS']);
    expect(operandName(4)).toBeUndefined();
  });
});
