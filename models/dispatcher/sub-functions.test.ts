import { describe, expect, it } from 'vitest';
import { TDVMCALL } from '../abi/tdvmcall.js';
import { changed, exit, perform, tdvmcall, trustDomain } from './trust-domain.test.helper.js';
import { SERVED_SUB_FUNCTIONS } from './sub-functions.js';

const INVALID_OPERAND = 0x80000000_00000000n;
const UNSUPPORTED = 0x80000000_00000003n;
const NO_DEVICE = { rax: 0xffff_ffa1n };

/** A call that is refused at once, with this status. */
function refused(values: Record<string, bigint>, status = INVALID_OPERAND): void {
  const sent = tdvmcall(values);
  const exchanges = exit(sent);
  expect(exchanges.map(({ moment }) => moment)).toEqual(['return to guest']);
  expect(changed(exchanges[0], sent)).toEqual({ r10: status });
}

describe('the table', () => {
  it('serves the eleven sub-functions of KVM', () => {
    expect(SERVED_SUB_FUNCTIONS.map(({ name }) => TDVMCALL[name]).sort((a, b) => a - b)).toEqual([
      10, 12, 30, 31, 32, 48, 0x10000, 0x10001, 0x10002, 0x10003, 0x10004,
    ]);
  });

  it.each([0n, 1n, 11n, 54n, 65n, 0x10005n, 0x10006n, 0x1_0000_000an, 0x1_0001_0001n, 2n ** 63n + 12n])(
    'knows no sub-function %d',
    (r11) => refused({ r11 }, UNSUPPORTED),
  );
});

describe('CPUID', () => {
  const sent = tdvmcall({ r11: 10n, r12: 0x4000_0001n, r13: 7n });
  const host = { eax: 0xffff_ffff_0000_0001n, ebx: 2n, ecx: 0x8000_0000n, edx: 4n };

  it('asks with two words and answers four, zero-extended', () => {
    const exchanges = exit(sent, host);
    expect(exchanges[0]).toMatchObject({
      moment: 'call host_cpuid',
      values: { function: { value: 0x4000_0001n, mask: 0xffff_ffffn }, index: { value: 7n, mask: 0xffff_ffffn } },
    });
    expect(changed(exchanges[1], sent)).toEqual({ r12: 1n, r13: 2n, r14: 0x8000_0000n, r15: 4n });
  });

  it('ignores or refuses the upper halves, as the contract says', () => {
    const wide = tdvmcall({ r11: 10n, r12: 0x5_0000_0001n });
    expect(exit(wide)[0].moment).toBe('call host_cpuid');
    const strict = perform(trustDomain({ upperHalves: 'refused' }), 'exit', 0, wide);
    expect(changed(strict[0], wide)).toEqual({ r10: INVALID_OPERAND });
  });
});

describe('HLT', () => {
  it.each([
    [0n, 0n],
    [1n, 1n],
    [1n << 63n, 1n],
  ])('R12 = %d: interrupts blocked %d', (r12, blocked) => {
    const sent = tdvmcall({ r11: 12n, r12 });
    const exchanges = exit(sent);
    expect(exchanges[0]).toMatchObject({ moment: 'call host_halt', values: { interruptsBlocked: { value: blocked } } });
    expect(changed(exchanges[1], sent)).toEqual({});
  });
});

describe('port I/O', () => {
  const IO = 30n;

  it.each([
    { r12: 3n, r13: 0n, r14: 0x60n },
    { r12: 0n, r13: 0n, r14: 0x60n },
    { r12: 8n, r13: 0n, r14: 0x60n },
    { r12: 0x1_0000_0001n, r13: 0n, r14: 0x60n },
    { r12: 1n, r13: 2n, r14: 0x60n },
    { r12: 1n, r13: 0x1_0000_0000n, r14: 0x60n },
    { r12: 1n, r13: 0n, r14: 0x1_0000n },
    { r12: 1n, r13: 0n, r14: 0x1_0000_0060n },
  ])('refuses size $r12, direction $r13, port $r14', (registers) => refused({ r11: IO, ...registers }));

  it.each([
    [1n, 0x44n],
    [2n, 0x3344n],
    [4n, 0x1122_3344n],
  ])('reads %d bytes from a device in the kernel', (size, value) => {
    const sent = tdvmcall({ r11: IO, r12: size, r13: 0n, r14: 0xffffn });
    const exchanges = exit(sent, { rax: 0n, data: 0xdead_beef_1122_3344n });
    expect(exchanges[0]).toMatchObject({ moment: 'call host_pio_read', values: { port: { value: 0xffffn } } });
    expect(changed(exchanges[1], sent)).toEqual({ r11: value });
  });

  it('reads from userspace', () => {
    const sent = tdvmcall({ r11: IO, r12: 2n, r13: 0n, r14: 0x1f0n });
    const domain = trustDomain();
    const exchanges = perform(domain, 'exit', 0, sent, NO_DEVICE);
    expect(exchanges[1]).toMatchObject({
      moment: 'KVM_EXIT_IO',
      values: { direction: 0n, size: 2n, port: 0x1f0n, count: 1n },
    });
    expect(exchanges[1].values).not.toHaveProperty('data');
    const done = perform(domain, 'complete', 0, { 'io.data': 0xffff_ffff_ffff_1234n });
    expect(changed(done[0], sent)).toEqual({ r11: 0x1234n });
  });

  it('writes the bytes of the access and nothing else of R15', () => {
    const sent = tdvmcall({ r11: IO, r12: 1n, r13: 1n, r14: 0x3f8n, r15: 0x1234_5678_9abc_de41n });
    const domain = trustDomain();
    const exchanges = perform(domain, 'exit', 0, sent, NO_DEVICE);
    expect(exchanges[0].values['value']).toEqual({ value: 0x41n, mask: 0xffn });
    expect(exchanges[1].values['data']).toEqual({ oneOf: [0x41n, 0xa5a5_a5a5_a5a5_a541n] });
    expect(changed(perform(domain, 'complete', 0, { 'io.data': 7n })[0], sent)).toEqual({});
    expect(perform(trustDomain(), 'exit', 0, sent, { rax: 0n }).map(({ moment }) => moment)).toEqual([
      'call host_pio_write',
      'return to guest',
    ]);
  });
});

describe('MMIO', () => {
  const MMIO = 48n;
  const SHARED = 1n << 51n;

  it.each([
    { r12: 3n, r13: 0n, r14: SHARED },
    { r12: 16n, r13: 0n, r14: SHARED },
    { r12: 0x1_0000_0004n, r13: 0n, r14: SHARED },
    { r12: 4n, r13: 0x1_0000_0001n, r14: SHARED },
    { r12: 4n, r13: 0n, r14: 0xfee0_0000n },
    { r12: 4n, r13: 0n, r14: SHARED - 2n },
    { r12: 4n, r13: 0n, r14: SHARED * 2n - 2n },
    { r12: 4n, r13: 0n, r14: (1n << 63n) | SHARED },
    { r12: 8n, r13: 0n, r14: 2n ** 64n - 4n },
  ])('refuses size $r12, direction $r13, GPA $r14', (registers) => refused({ r11: MMIO, ...registers }));

  it('reads eight bytes, and names the address without the shared bit', () => {
    const sent = tdvmcall({ r11: MMIO, r12: 8n, r13: 0n, r14: SHARED | 0xfed0_0000n });
    const domain = trustDomain();
    const exchanges = perform(domain, 'exit', 0, sent, NO_DEVICE);
    expect(exchanges[0]).toMatchObject({ moment: 'call host_mmio_read', values: { gpa: 0xfed0_0000n } });
    expect(exchanges[1].moment).toBe('KVM_EXIT_MMIO');
    expect(exchanges[1].values).toEqual({
      phys_addr: 0xfed0_0000n,
      len: 8n,
      is_write: 0n,
    });
    const done = perform(domain, 'complete', 0, { 'mmio.data': 0x8877_6655_4433_2211n });
    expect(changed(done[0], sent)).toEqual({ r11: 0x8877_6655_4433_2211n });
  });

  it('takes bit 47 for the shared bit where an address has 48 bits', () => {
    const sent = tdvmcall({ r11: MMIO, r12: 1n, r13: 1n, r14: (1n << 47n) | 0x1000n, r15: 0x1ffn });
    const exchanges = perform(trustDomain({}, { gpaWidth: 48 }), 'exit', 0, sent, NO_DEVICE);
    expect(exchanges[1].values).toMatchObject({
      phys_addr: 0x1000n,
      data: { value: 0xffn, mask: 0xffn },
      is_write: 1n,
    });
    const wide = tdvmcall({ r11: MMIO, r12: 1n, r13: 1n, r14: (1n << 51n) | (1n << 47n) });
    const refusal = perform(trustDomain({}, { gpaWidth: 48 }), 'exit', 0, wide);
    expect(changed(refusal[0], wide)).toEqual({ r10: INVALID_OPERAND });
    expect(refusal[0].about).toContain('upper-bits');
  });
});

describe('MSRs', () => {
  it.each([0x10n, 0x808n, 0x80an, 0x80bn, 0x810n, 0x817n, 0x818n, 0x820n, 0x827n, 0x83fn, 0x900n, 0xc000_0082n])(
    'refuses to read and write %d',
    (r12) => {
      refused({ r11: 31n, r12 });
      refused({ r11: 32n, r12 });
    },
  );

  it.each([0x1bn, 0x3an, 0xc000_0080n])('reads %d and refuses to write it', (r12) => {
    expect(exit(tdvmcall({ r11: 31n, r12 }))[0].moment).toBe('call host_get_msr');
    refused({ r11: 32n, r12 });
  });

  it.each([0x200n, 0x26fn, 0x277n, 0x802n, 0x80dn, 0x80fn, 0x828n, 0x830n, 0x839n, 0x83en])(
    'writes all 64 bits to %d',
    (r12) => {
      const sent = tdvmcall({ r11: 32n, r12: r12 | (1n << 40n), r13: 0x0123_4567_89ab_cdefn });
      const exchanges = exit(sent, { rax: 1n << 32n });
      expect(exchanges[0].values).toMatchObject({
        index: { value: r12, mask: 0xffff_ffffn },
        value: 0x0123_4567_89ab_cdefn,
      });
      expect(changed(exchanges[1], sent)).toEqual({});
    },
  );

  it('answers the value, or INVALID_OPERAND and nothing else', () => {
    const sent = tdvmcall({ r11: 31n, r12: 0x277n });
    const value = 0x0007_0406_0007_0406n;
    expect(changed(exit(sent, { rax: 0n, value })[1], sent)).toEqual({ r11: value });
    expect(changed(exit(sent, { rax: 1n, value })[1], sent)).toEqual({ r10: INVALID_OPERAND });
  });
});

describe('what only userspace can serve', () => {
  it('GetTdVmCallInfo: leaf 0 at once, leaf 1 by userspace, no other', () => {
    const base = tdvmcall({ r11: 0x10000n, r12: 0n });
    expect(changed(exit(base)[0], base)).toEqual({ r11: 0n, r13: 0n, r14: 0n });
    refused({ r11: 0x10000n, r12: 2n });
    refused({ r11: 0x10000n, r12: 0x1_0000_0001n });
    const domain = trustDomain();
    const sent = tdvmcall({ r11: 0x10000n, r12: 1n });
    expect(perform(domain, 'exit', 0, sent)[0].values).toMatchObject({
      nr: 0x10000n,
      leaf: 1n,
      r11: 0n,
      r14: 0n,
    });
    const userspace = { 'tdx.ret': 0n, 'tdx.r11': 2n, 'tdx.r12': 3n, 'tdx.r13': 4n, 'tdx.r14': 5n };
    const done = perform(domain, 'complete', 0, userspace);
    expect(changed(done[0], sent)).toEqual({ r11: 2n, r12: 3n, r13: 4n, r14: 5n });
  });

  it('GetQuote: a shared buffer, any size, and the status of userspace', () => {
    refused({ r11: 0x10002n, r12: 0x1000n, r13: 0x1000n });
    const sent = tdvmcall({ r11: 0x10002n, r12: (1n << 51n) | 0x1234n, r13: 0x1_0000_0001n });
    const domain = trustDomain();
    expect(perform(domain, 'exit', 0, sent)[0].values).toEqual({
      flags: 0n,
      nr: 0x10002n,
      ret: UNSUPPORTED,
      gpa: 0x1234n,
      size: 0x1_0000_0001n,
    });
    expect(changed(perform(domain, 'complete', 0, { 'tdx.ret': 1n })[0], sent)).toEqual({ r10: 1n });
  });

  it.each([0n, 31n, 256n, 0x1_0000_0020n])('SetupEventNotifyInterrupt refuses vector %d', (r12) =>
    refused({ r11: 0x10004n, r12 }),
  );

  it.each([32n, 255n])('SetupEventNotifyInterrupt passes vector %d on', (r12) => {
    expect(exit(tdvmcall({ r11: 0x10004n, r12 }))[0].values).toMatchObject({
      vector: r12,
      ret: UNSUPPORTED,
    });
  });

  it('ReportFatalError: all registers in hardware order, and nothing for the guest', () => {
    const sent = tdvmcall({ r11: 0x10003n });
    const domain = trustDomain();
    const { moment, values } = perform(domain, 'exit', 0, sent)[0];
    expect(moment).toBe('KVM_EXIT_SYSTEM_EVENT');
    expect(values).toMatchObject({ type: 7n, ndata: 16n });
    const data = Array.from({ length: 16 }, (_, index) => values[`data[${index}]`]);
    const { rcx, rdx, rbx, rsi, rdi, r8, r9, r12, r13, r14, r15 } = sent;
    expect(data).toEqual([77n, rcx, rdx, rbx, 0n, 0n, rsi, rdi, r8, r9, 0n, 0x10003n, r12, r13, r14, r15]);
    expect(changed(perform(domain, 'complete', 0, {})[0], sent)).toEqual({});
  });
});

describe('KVM hypercalls', () => {
  const sent = { ...tdvmcall({}), r10: 0x1_0000_000cn, r11: 1n, r12: 2n, r13: 3n, r14: 4n };

  it('pass number and arguments in 64 bits, and answer in R10', () => {
    const exchanges = exit(sent, { rax: 2n ** 64n - 1000n });
    expect(exchanges[0]).toMatchObject({
      moment: 'call host_kvm_hypercall',
      values: { number: 0x1_0000_000cn, a0: 1n, a1: 2n, a2: 3n, a3: 4n },
    });
    expect(changed(exchanges[1], sent)).toEqual({ r10: 2n ** 64n - 1000n });
  });

  const map = { ...sent, r10: 12n, r11: 0x5000n, r12: 3n, r13: 16n };

  it('send KVM_HC_MAP_GPA_RANGE to userspace', () => {
    const domain = trustDomain();
    expect(perform(domain, 'exit', 0, map)[0].values).toEqual({
      nr: 12n,
      'args[0]': 0x5000n,
      'args[1]': 3n,
      'args[2]': 16n,
      ret: 0n,
      flags: 1n,
    });
    const done = perform(domain, 'complete', 0, { 'hypercall.ret': 2n ** 64n - 1n });
    expect(changed(done[0], map)).toEqual({ r10: 2n ** 64n - 1n });
  });

  it.each([
    [{ r11: 0x5001n }, 22n],
    [{ r12: 0n }, 22n],
    [{ r12: 2n ** 64n - 1n }, 22n],
  ])('refuse a range that is none: %o', (registers, error) => {
    const wrong = { ...map, ...registers };
    expect(changed(exit(wrong)[0], wrong)).toEqual({ r10: 2n ** 64n - error });
  });

  it('do not know KVM_HC_MAP_GPA_RANGE where userspace does not take it', () => {
    const exchanges = perform(trustDomain({}, { mapGpaRange: false }), 'exit', 0, map);
    expect(changed(exchanges[0], map)).toEqual({ r10: 2n ** 64n - 1000n });
  });
});
