import { describe, expect, it } from 'vitest';
import type { Values } from '../exchange/exchange.js';
import { exitKind } from './exit-reason.js';
import type { TrustDomain } from './trust-domain.js';
import { changed, exit, KVM_7_3, perform, tdvmcall, trustDomain } from './trust-domain.test.helper.js';

const SHARED = 1n << 51n;

describe('the exit reason', () => {
  it.each([
    [77n, 'tdcall'],
    [1n, 'interrupt'],
    [48n, 'ept-violation'],
    [49n, 'misconfiguration'],
    // With a modifier bit it is none that the module keeps to itself.
    [49n | (1n << 26n), 'unexpected'],
    [0n, 'exception'],
    [6n, 'interrupt'],
    [74n, 'bus-lock'],
    [75n, 'notify'],
    [77n | (1n << 31n), 'failed-entry'],
    [0x40000001_80000002n, 'failed-entry'],
    [0x80000000_8000004dn, 'unexpected'],
    [2n, 'triple-fault'],
    [0xffff_ffffn, 'failed-entry'],
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
      { moment: 'KVM_EXIT_INTERNAL_ERROR', values: { suberror: 4n, ndata: 2n, 'data[0]': 0xdeadn, 'data[1]': 0n } },
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
    const exchanges = exit(tdvmcall({ rax: 48n, rcx: 0x1bbn, rdx: 0n, r8: SHARED | 0x1000n }), host);
    const qualification = { value: 0x182n, mask: 0x186n };
    expect(exchanges[0].values).toEqual({ vcpu: 0n, gpa: SHARED | 0x1000n, qualification, present: 1n });
    expect(exchanges[1].moment).toBe(moment);
  });
});

describe('an exit whose reason stands in other registers, too', () => {
  const moments = (values: Values): string[] => exit(tdvmcall(values)).map(({ moment }) => moment);

  it.each([
    ['an NMI', 0x8000_0202n, 'return to guest'],
    ['a machine check', 0x8000_0312n, 'return to guest'],
    ['a page fault', 0x8000_0b0en, 'KVM_EXIT_EXCEPTION'],
    ['an NMI that nobody says is one', 0x202n, 'KVM_EXIT_EXCEPTION'],
    ['vector 18 of another type', 0x8000_0012n, 'KVM_EXIT_EXCEPTION'],
  ])('%s', (_, r9, moment) => expect(moments({ rax: 0n, r9 })[0]).toBe(moment));

  it.each([
    ['a page that the guest has not accepted', { r8: 0x1000n, rdx: 6n, rcx: 0x181n }, ['call host_vm_bugged', 'fail']],
    ['one that is mapped', { r8: 0x1000n, rdx: 6n, rcx: 0x189n }, ['call host_ept_violation', 'return to guest']],
    ['a fetch from shared memory', { r8: SHARED, rdx: 0n, rcx: 4n }, ['call host_vm_bugged', 'fail']],
  ])('%s', (_, registers, expected) =>
    expect(exit(tdvmcall({ rax: 48n, ...registers }), { rax: 1n }).map(({ moment }) => moment)).toEqual(expected),
  );

  it('a fault on private memory is a write', () => {
    const [exchange] = exit(tdvmcall({ rax: 48n, r8: 0x1000n, rdx: 0n, rcx: 1n }), { rax: 1n });
    expect(exchange.values).toMatchObject({ gpa: 0x1000n, qualification: { value: 2n, mask: 0x186n }, present: 0n });
  });

  it.each([
    [0n, 'return to guest'],
    [1n, 'KVM_EXIT_NOTIFY'],
  ])('no event for too long, qualification %d', (rcx, moment) => expect(moments({ rax: 75n, rcx })[0]).toBe(moment));

  it('a VM entry that failed names its reason and the CPU', () =>
    expect(exit(tdvmcall({ rax: (1n << 31n) | 33n }))[0]).toMatchObject({
      moment: 'KVM_EXIT_FAIL_ENTRY',
      values: { hardware_entry_failure_reason: (1n << 31n) | 33n, cpu: 0n },
    }));

  it('of a bus lock userspace is told once, before the guest goes on', () => {
    const lock = 1n << 26n;
    expect(moments({ rax: 1n | lock })).toEqual(['KVM_EXIT_X86_BUS_LOCK']);
    expect(moments({ rax: 74n })).toEqual(['KVM_EXIT_X86_BUS_LOCK']);
    expect(moments({ rax: 77n | lock, r11: 99n })).toEqual(['KVM_EXIT_X86_BUS_LOCK']);
    expect(moments({ rax: 77n | lock, r11: 0x10003n })).toEqual(['KVM_EXIT_SYSTEM_EVENT']);
    const domain = trustDomain();
    perform(domain, 'exit', 0, tdvmcall({ rax: 77n | lock, r11: 99n }));
    const [after] = perform(domain, 'complete', 0, {});
    expect(after).toMatchObject({ moment: 'return to guest', values: { r10: 0x8000_0000_0000_0003n } });
  });
});

describe('what contracts decide', () => {
  it('whether the dispatcher knows IA32_FEATURE_CONTROL and IA32_MCG_EXT_CTL itself', () => {
    const read = (r12: bigint): Values => tdvmcall({ r11: 31n, r12 });
    const write = (r13: bigint): Values => tdvmcall({ r11: 32n, r12: 0x4d0n, r13 });
    const own = { machineCheckMsrs: 'dispatcher' } as const;
    const result = (domain: TrustDomain, sent: Values) => changed(perform(domain, 'exit', 0, sent).at(-1), sent);
    expect(result(trustDomain(own), read(0x3an))).toEqual({ r11: 1n });
    expect(result(trustDomain(own), read(0x4d0n))).toEqual({ r10: 1n << 63n });
    const local = trustDomain(own, { localMachineCheck: true });
    expect(result(local, read(0x3an))).toEqual({ r11: 0x10_0001n });
    expect(result(local, write(2n))).toEqual({ r10: 1n << 63n });
    expect(result(local, write(1n))).toEqual({});
    expect(result(local, read(0x4d0n))).toEqual({ r11: 1n });
    expect(exit(read(0x3an))[0].moment).toBe('call host_get_msr');
  });

  it('what becomes of a chunk for which KVM_RUN failed', () => {
    const map = tdvmcall({ r11: 0x10001n, r12: 0x1000n, r13: 0x400000n });
    const answers = (domain: TrustDomain): (string | undefined)[] => {
      perform(domain, 'exit', 0, map);
      const bad = perform(domain, 'complete', 0, { 'hypercall.ret': 99n, pendingEvents: 0n });
      const good = perform(domain, 'complete', 0, { 'hypercall.ret': 0n, pendingEvents: 0n });
      return [bad[0]?.moment, good[0]?.moment];
    };
    expect(answers(trustDomain())).toEqual(['fail', 'KVM_EXIT_HYPERCALL']);
    expect(answers(trustDomain({ refusedAnswers: 'dropped' }))).toEqual(['fail', 'return to guest']);
  });

  it('whether an MMIO address may have bits above its width', () => {
    const read = tdvmcall({ r11: 48n, r12: 1n, r13: 0n, r14: SHARED | (1n << 60n) });
    expect(exit(read)[0].moment).toBe('return to guest');
    const [exchange] = perform(trustDomain({ mmioAddresses: 'shared' }), 'exit', 0, read);
    expect(exchange).toMatchObject({ moment: 'call host_mmio_read', values: { gpa: 1n << 60n } });
  });

  it('whether exits that the module never reports are asked about', () => {
    expect(trustDomain().allows('exit', 0, 10n)).toBe(true);
    const trusting = trustDomain({ instructionExits: 'left-out' });
    expect([10n, 12n, 18n, 30n, 31n, 32n].map((reason) => trusting.allows('exit', 0, reason))).toEqual(
      Array.from({ length: 6 }, () => false),
    );
    expect([1n, 11n, 77n, 0x40000001_0000000an].every((status) => trusting.allows('exit', 0, status))).toBe(true);
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
      'fail',
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
    expect(about({ r11: 99n, rax: 77n | (1n << 20n) })[0]).toContain('modifiers');
    expect(about({ r11: 99n, rax: 77n | (1n << 26n) })[0]).toContain('bus-lock');
  });
});
