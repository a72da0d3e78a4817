import { describe, expect, it } from 'vitest';
import { follow, last, LINUX } from './follow.test.helper.js';
import { extendRtmr, getReport0, reportResult } from './report.js';

const int = (value: bigint): object => ({ value, mask: 0xffffffffn });

describe.each(['linux-6.2', 'linux-6.16'] as const)('the error map of %s', (map) => {
  const later = map === 'linux-6.16';
  it.each([
    [0n, 0n],
    [0xc000010000000008n, later ? 0xfffffffan : 0xffffffean],
    [0x8000020000000000n, later ? 0xfffffff0n : 0xfffffffbn],
    [0xc000010100000000n, 0xfffffffbn],
    [0x0000000000000001n, 0xfffffffbn],
    [0x8000000300000000n, 0xfffffffbn],
  ])('0x%s', (status, result) => expect(reportResult(map, status)).toEqual(int(result)));
});

it('the leaves get physical addresses', () => {
  const direct_map = 0xffff888000000000n;
  const buffers = { tdreport: direct_map + 0x5000n, reportdata: direct_map + 0x6000n, direct_map };
  const report = follow(getReport0(LINUX, buffers), { status: 0n });
  expect(report[0].values).toMatchObject({ rax: 4n, rcx: 0x5000n, rdx: 0x6000n, r8: 0n });
  expect(last(report, 'rax')).toEqual([int(0n)]);
  const extend = follow(extendRtmr(LINUX, { index: 0xff02n, data: direct_map + 0x40n, direct_map }), { status: 1n });
  expect(extend[0].values).toMatchObject({ rax: 2n, rcx: 0x40n, rdx: 2n });
  expect(last(extend, 'rax')).toEqual([int(0xfffffffbn)]);
});
