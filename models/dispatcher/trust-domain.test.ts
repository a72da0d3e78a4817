import { describe, expect, it } from 'vitest';
import { exitKind } from './exit-reason.js';
import { changed, exit, KVM_7_3, perform, tdvmcall, trustDomain } from './trust-domain.test.helper.js';

describe('the exit reason', () => {
  it.each([
    [77n, 'tdcall'],
    [1n, 'interrupt'],
    [48n, 'ept-violation'],
    [49n, 'bug'],
    [2n, 'triple-fault'],
    [0xffff_ffffn, 'unexpected'],
    [77n | (1n << 16n), 'tdcall'],
    [0x40000001_00000002n, 'triple-fault'],
    [0x40000001_0000004dn, 'unexpected'],
    [0x40000002_00000001n, 'unexpected'],
    // The module's own word for a TD that is beyond help is not one that KVM knows.
    [0x60000002_00000002n, 'unexpected'],
    [0x80000000_00000002n, 'unexpected'],
    [0x00000001_0000004dn, 'unexpected'],
    [0x80000200_00000000n, 'enter-again'],
    [0x80000200_00000080n, 'enter-again'],
    [0x80000201_00000000n, 'unexpected'],
    [0x8000ff00_ffff0000n, 'bug'],
    [0x8000ff00_0000000dn, 'bug'],
    [0xffffffff_ffffffffn, 'bug'],
    [0xc0000700_00000000n, 'unexpected'],
  ])('%d: %s', (status, kind) => expect(exitKind(KVM_7_3, status)).toBe(kind));

  it('has modifier bits that KVM before 7.3.2 took for a part of it', () => {
    const busLock = 77n | (1n << 26n);
    expect(exitKind(KVM_7_3, busLock)).toBe('tdcall');
    expect(exitKind({ ...KVM_7_3, exitReasonBits: 'whole' }, busLock)).toBe('unexpected');
  });
});

describe('exits that are no TDVMCALL', () => {
  it('an unknown one tells userspace the status word', () => {
    expect(exit(tdvmcall({ rax: 0xdeadn }))).toMatchObject([
      { moment: 'KVM_EXIT_INTERNAL_ERROR', values: { suberror: 4n, ndata: 1n, 'data[0]': 0xdeadn } },
    ]);
  });

  it('a triple fault is a shutdown', () => {
    expect(exit(tdvmcall({ rax: 0x40000001_00000002n }))[0].moment).toBe('KVM_EXIT_SHUTDOWN');
  });

  it('a busy module changes no register', () => {
    const sent = tdvmcall({ rax: 0x80000200_00000001n, r10: 5n });
    const [exchange] = exit(sent);
    expect(changed(exchange, sent)).toEqual({});
    expect(Object.keys(exchange.values)).toHaveLength(12);
  });

  it.each([
    [{ rax: 1n }, 'return to guest'],
    [{ rax: 2n ** 32n - 14n }, 'fail'],
  ])('an EPT violation ends as memory management says: %o', (host, moment) => {
    const exchanges = exit(tdvmcall({ rax: 48n, rcx: 0x182n, r8: 0x1000n }), host);
    expect(exchanges[0].values).toEqual({ vcpu: 0n, gpa: 0x1000n, qualification: 0x182n });
    expect(exchanges[1].moment).toBe(moment);
  });
});

describe('several vCPUs', () => {
  const read = tdvmcall({ r11: 30n, r12: 1n, r13: 0n, r14: 0x60n });
  const map = tdvmcall({ r11: 0x10001n, r12: 0x1000n, r13: 0x400000n });
  const NO_DEVICE = { rax: 1n };

  it('complete what each of them began', () => {
    const domain = trustDomain();
    perform(domain, 'exit', 0, map);
    perform(domain, 'exit', 1, read, NO_DEVICE);
    expect(domain.allows('exit', 0)).toBe(false);
    expect(perform(domain, 'complete', 0, { 'hypercall.ret': 0n, pendingEvents: 0n })[0].moment).toBe(
      'KVM_EXIT_HYPERCALL',
    );
    expect(changed(perform(domain, 'complete', 1, { 'io.data': 0x1ffn })[0], read)).toEqual({ r11: 0xffn });
    const done = perform(domain, 'complete', 0, { 'hypercall.ret': 22n, pendingEvents: 0n });
    expect(changed(done[0], map)).toEqual({ r10: 1n << 63n, r11: 0x201000n });
  });

  it('wait after HLT until an event comes', () => {
    const domain = trustDomain();
    perform(domain, 'exit', 0, tdvmcall({ r11: 12n, r12: 0n }));
    expect([domain.allows('exit', 0), domain.allows('exit', 1), domain.allows('wake', 0)]).toEqual([false, true, true]);
    perform(domain, 'wake', 0, {});
    expect(domain.allows('exit', 0)).toBe(true);
  });

  it('do nothing more once the host gave the TD up', () => {
    const domain = trustDomain();
    expect(perform(domain, 'exit', 0, tdvmcall({ rax: 49n })).map(({ moment }) => moment)).toEqual([
      'call host_vm_bugged',
      'KVM_EXIT_INTERNAL_ERROR',
    ]);
    expect(domain.allows('complete', 0)).toBe(false);
    expect(domain.allows('exit', 1)).toBe(false);
  });
});

describe('labels', () => {
  it('tell results from registers that the guest keeps', () => {
    const [exchange] = exit(tdvmcall({ r11: 30n, r12: 0x1_0000_0001n }));
    const kept = 'rdx rbx rsi rdi r8 r9 r11 r12 r13 r14 r15'.split(' ').map((name) => `keeps ${name}`);
    expect(exchange.about).toEqual(expect.arrayContaining(['io', 'upper-bits', 'answers r10', ...kept]));
    expect(exchange.about).not.toContain('route');
    expect(exit(tdvmcall({ r11: 30n, r12: 3n, r13: 0n, r14: 0n }))[0].about).toContain('validation');
  });

  it('name the exchange that shows who serves the call', () => {
    const about = (values: Record<string, bigint>) => exit(tdvmcall(values)).map((exchange) => exchange.about ?? []);
    expect(about({ r11: 31n, r12: 0x277n }).map((labels) => labels.includes('route'))).toEqual([true, false]);
    expect(about({ r11: 99n })[0]).toContain('route');
    expect(about({ r11: 99n, rax: 77n | (1n << 26n) })[0]).toContain('modifiers');
  });
});
