import { describe, expect, it } from 'vitest';
import type { ExpectedExchange, Values } from '../exchange/exchange.js';
import { changed, exit, perform, tdvmcall, trustDomain } from './trust-domain.test.helper.js';

const INVALID_OPERAND = 0x80000000_00000000n;
const ALIGN_ERROR = 0x80000000_00000002n;
const UNSUPPORTED = 0x80000000_00000003n;
const RETRY = 1n;
const SHARED = 1n << 51n;
const MIB = 0x100000n;

/** `ret` as userspace gave it, and whether an event waits. */
function answer(ret: bigint, pendingEvents = 0n): Values {
  return { 'hypercall.ret': ret, pendingEvents };
}

function argumentsOf({ values }: ExpectedExchange): unknown[] {
  return [0, 1, 2].map((index) => values[`args[${index}]`]);
}

function mapGpa(gpa: bigint, size: bigint): Values {
  return tdvmcall({ r11: 0x10001n, r12: gpa, r13: size });
}

describe('a range that is wrong', () => {
  it.each([
    [0x1000n, 0n, INVALID_OPERAND],
    [SHARED - 0x1000n, 0x2000n, INVALID_OPERAND],
    [2n ** 64n - 0x1000n, 0x2000n, INVALID_OPERAND],
    [SHARED * 2n, 0x1000n, INVALID_OPERAND],
    [0x1000n, 2n ** 64n - 0x1000n, INVALID_OPERAND],
    [SHARED, SHARED + 0x1000n, INVALID_OPERAND],
    [SHARED, SHARED * 2n + 0x1000n, INVALID_OPERAND],
    [0x1001n, 0x1000n, ALIGN_ERROR],
    [0x1000n, 0x1008n, ALIGN_ERROR],
    [0x1001n, 0n, INVALID_OPERAND],
  ])('GPA %d, size %d', (gpa, size, status) => {
    const sent = mapGpa(gpa, size);
    const exchanges = exit(sent);
    expect(exchanges).toHaveLength(1);
    expect(changed(exchanges[0], sent)).toEqual({ r10: status, r11: gpa });
  });

  it('misaligned too: either status, unless the contract fixes the order', () => {
    const sent = mapGpa((2n ** 63n) | 1n, 0x1000n);
    const [exchange] = perform(trustDomain({ mapGpaErrors: 'either' }), 'exit', 0, sent);
    expect(exchange.values['r10']).toEqual({ oneOf: [INVALID_OPERAND, ALIGN_ERROR] });
  });

  it('is not looked at where userspace takes no ranges', () => {
    const sent = mapGpa(0x1001n, 0n);
    const exchanges = perform(trustDomain({}, { mapGpaRange: false }), 'exit', 0, sent);
    expect(changed(exchanges[0], sent)).toEqual({ r10: UNSUPPORTED, r11: 0x1001n });
  });
});

describe('chunks', () => {
  it('have 2 MiB from the first GPA on, and the last one what is left', () => {
    const gpa = SHARED | 0x7f000n;
    const sent = mapGpa(gpa, 5n * MIB);
    const domain = trustDomain();
    const exits = [...perform(domain, 'exit', 0, sent), ...perform(domain, 'complete', 0, answer(0n))];
    exits.push(...perform(domain, 'complete', 0, answer(0n)));
    expect(exits.map(argumentsOf)).toEqual([
      [0x7f000n, 512n, 0n],
      [0x27f000n, 512n, 0n],
      [0x47f000n, 256n, 0n],
    ]);
    // R11 keeps the number of the sub-function; an event that waits behind the last chunk is the guest's to take.
    expect(changed(perform(domain, 'complete', 0, answer(0n, 1n))[0], sent)).toEqual({});
    expect(domain.allows('complete', 0)).toBe(false);
  });

  it('of a private range are to be encrypted', () => {
    expect(argumentsOf(exit(mapGpa(0x1000n, 2n * MIB))[0])).toEqual([0x1000n, 512n, 16n]);
  });

  it('stop between two when an event waits', () => {
    const sent = mapGpa(SHARED, 4n * MIB + 0x1000n);
    const domain = trustDomain();
    perform(domain, 'exit', 0, sent);
    const done = perform(domain, 'complete', 0, answer(0n, 1n));
    expect(changed(done[0], sent)).toEqual({ r10: RETRY, r11: SHARED + 2n * MIB });
  });
});

describe('an error of userspace', () => {
  const sent = mapGpa(SHARED, 4n * MIB);

  function second(userspaceErrors: 'linux-7.1' | 'linux-7.2', ret: bigint) {
    const domain = trustDomain({ userspaceErrors });
    perform(domain, 'exit', 0, sent);
    perform(domain, 'complete', 0, answer(0n));
    return { domain, exchange: perform(domain, 'complete', 0, answer(ret))[0] };
  }

  it.each([
    ['linux-7.1', 11n, INVALID_OPERAND],
    ['linux-7.1', 22n, INVALID_OPERAND],
    ['linux-7.1', 5n, INVALID_OPERAND],
    ['linux-7.2', 11n, RETRY],
    ['linux-7.2', 22n, INVALID_OPERAND],
  ] as const)('%s: %d', (version, ret, r10) => {
    expect(changed(second(version, ret).exchange, sent)).toEqual({ r10, r11: SHARED + 2n * MIB });
  });

  it.each([5n, 2n ** 32n + 11n, 2n ** 64n - 11n])('linux-7.2: %d fails KVM_RUN, and the chunk stays open', (ret) => {
    const { domain, exchange } = second('linux-7.2', ret);
    expect(exchange).toMatchObject({ moment: 'fail', values: { rax: { value: 2n ** 32n - 22n } } });
    const again = perform(domain, 'complete', 0, answer(11n));
    expect(changed(again[0], sent)).toEqual({ r10: RETRY, r11: SHARED + 2n * MIB });
  });
});
