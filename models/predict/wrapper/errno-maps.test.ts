import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { SOFTWARE_STATUS_CODES } from '../../abi/linux-constants.js';
import { P_SEAMLDR_STATUS_CODES } from '../../abi/p-seamldr.js';
import { STATUS_CODES } from '../../abi/status-codes.js';
import { type ErrnoMapName, errnoRow, resultOf, SEAMCALL_ERRNO_ROWS } from './errno-maps.js';

/** docs/abi/linux-seamcall.md, as numbers. */
const EXPECTED: Readonly<Record<ErrnoMapName, Readonly<Record<string, bigint>>>> = {
  'seed-002': {
    TDX_SUCCESS: 0n,
    TDX_SEAMCALL_VMFAILINVALID: -19n,
    TDX_SEAMCALL_GP: -19n,
    TDX_SEAMCALL_UD: -22n,
  },
  'linux-6.8': {
    TDX_SUCCESS: 0n,
    TDX_SEAMCALL_VMFAILINVALID: -19n,
    TDX_SEAMCALL_GP: -95n,
    TDX_SEAMCALL_UD: -13n,
  },
};
const EIO = -5n;

const EVERY_CODE = [
  ...STATUS_CODES,
  ...SOFTWARE_STATUS_CODES,
  ...Object.entries(P_SEAMLDR_STATUS_CODES).map(([name, value]) => ({ name, value })),
];
const NAMED = new Set(SEAMCALL_ERRNO_ROWS.map(({ status }) => status));

describe.each(Object.keys(EXPECTED) as ErrnoMapName[])('the map %s', (map) => {
  const ofMap = SEAMCALL_ERRNO_ROWS.filter((row) => row.map === map);

  it('has each status once, and one row for all the others', () => {
    expect(new Set(ofMap.map(({ status }) => status)).size).toBe(ofMap.length);
    expect(ofMap.at(-1)?.status).toBe('any other');
    for (const { source, property } of ofMap) {
      expect(source).toMatch(/^docs\/abi\/linux-seamcall\.md#/);
      expect(property).toBe('maps-errno');
    }
  });

  it.each(EVERY_CODE.map(({ name, value }) => [name, value] as const))('gives %s one error number', (name, value) => {
    const row = errnoRow(map, value);
    expect(ofMap.filter((candidate) => candidate === row)).toHaveLength(1);
    expect(resultOf(row)).toBe(EXPECTED[map][name] ?? EIO);
  });

  test.prop([fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })])('gives any other word EIO', (value) => {
    fc.pre(!NAMED.has(value));
    expect(resultOf(errnoRow(map, value))).toBe(EIO);
  });

  test.prop([fc.constantFrom(...NAMED), fc.nat({ max: 63 })])('tells a word from its neighbours', (value, bit) => {
    if (value === 'any other') return;
    const neighbour = value ^ (1n << BigInt(bit));
    if (!NAMED.has(neighbour)) expect(resultOf(errnoRow(map, neighbour))).toBe(EIO);
  });
});
