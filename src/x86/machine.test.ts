import { describe, expect, it } from 'vitest';
import { ENVIRONMENT } from './environment.js';
import { EVENT, EVENT_IMPLICIT, EVENT_WORD, EVENT_WORDS } from './events.js';
import { PAGE_FAULT, VECTOR } from './exit.js';
import { FLAG } from './flags.js';
import { EXIT, INTERRUPT, Machine } from './machine.js';
import {
  CODE,
  DATA,
  get,
  hex,
  high,
  low,
  machineWith,
  peek,
  RETURN,
  set,
  STACK,
  STACK_SIZE,
  start,
} from './testing/run-code.js';

const TOP = STACK + BigInt(STACK_SIZE) - 16n;
const READ_WRITE = { read: true, write: true, execute: false };

function event(machine: Machine, i: number): Record<string, bigint | number> {
  const at = i * EVENT_WORDS;
  const word = (position: number): number => machine.events[at + position];
  const wide = (position: number): bigint => (BigInt(word(position + 1) >>> 0) << 32n) | BigInt(word(position) >>> 0);
  return {
    kind: word(EVENT_WORD.KIND),
    rip: wide(EVENT_WORD.RIP_LOW),
    address: wide(EVENT_WORD.ADDRESS_LOW),
    size: word(EVENT_WORD.SIZE),
    value: wide(EVENT_WORD.VALUE_LOW),
    rsp: wide(EVENT_WORD.RSP_LOW),
    count: word(EVENT_WORD.INSTRUCTION_COUNT),
  };
}

describe('how a run ends', () => {
  it('External: at a return to an external address, before anything is executed there', () => {
    const machine = machineWith('c3');
    expect(machine.addExternal(0x1000n)).toBe(1);
    expect(machine.addExternal(RETURN)).toBe(0);
    expect(machine.run(10)).toBe(EXIT.External);
    expect(machine.exitDetail).toBe(0);
    expect(get(machine, 'rip')).toBe(RETURN);
    expect(machine.instructionCount).toBe(1);
  });

  it('External: also when the budget ends exactly there, and by falling through', () => {
    const machine = machineWith('90 90');
    machine.addExternal(CODE + 2n);
    start(machine);
    expect(machine.run(2)).toBe(EXIT.External);
    expect(machine.exitDetail).toBe(1);
  });

  it('Budget: RIP is the next instruction', () => {
    const machine = machineWith('90 90 c3');
    expect(machine.run(1)).toBe(EXIT.Budget);
    expect(get(machine, 'rip')).toBe(CODE + 1n);
    expect(machine.run(0)).toBe(EXIT.Budget);
    expect(machine.run(100)).toBe(EXIT.External);
    expect(machine.instructionCount).toBe(3);
  });

  it('Environment: nothing has happened, and the world completes it', () => {
    const machine = machineWith('66 0f 01 cc c3');
    expect(machine.run(10)).toBe(EXIT.Environment);
    expect(machine.exitDetail).toBe(ENVIRONMENT.Tdcall);
    expect(get(machine, 'rip')).toBe(CODE);
    expect(machine.instructionCount).toBe(0);
    machine.completeEnvironment();
    expect(get(machine, 'rip')).toBe(CODE + 4n);
    expect(machine.instructionCount).toBe(1);
    expect(() => machine.completeEnvironment()).toThrow('did not stop at an environment call');
    expect(machine.run(10)).toBe(EXIT.External);
  });

  it.each([
    ['66 0f 01 cc', ENVIRONMENT.Tdcall],
    ['66 0f 01 cf', ENVIRONMENT.Seamcall],
    ['f4', ENVIRONMENT.Hlt],
    ['0f a2', ENVIRONMENT.Cpuid],
    ['0f 32', ENVIRONMENT.Rdmsr],
    ['0f 30', ENVIRONMENT.Wrmsr],
    ['0f 31', ENVIRONMENT.Rdtsc],
    ['0f 01 f9', ENVIRONMENT.Rdtscp],
    ['ec', ENVIRONMENT.In],
    ['e5 80', ENVIRONMENT.In],
    ['ef', ENVIRONMENT.Out],
    ['0f 01 f8', ENVIRONMENT.Swapgs],
    ['0f 09', ENVIRONMENT.Wbinvd],
    ['0f 01 c1', ENVIRONMENT.Vmcall],
    ['0f 05', ENVIRONMENT.Syscall],
  ])('Environment: %s', (code, number) => {
    const machine = machineWith(code);
    expect(machine.run(1)).toBe(EXIT.Environment);
    expect(machine.exitDetail).toBe(number);
    expect(machine.instructionAt(low(CODE), high(CODE))?.flow).toBe('environment');
  });

  it('Unknown: names instruction, bytes and address', () => {
    const machine = machineWith('90 c5 f5 fe c2');
    expect(machine.run(10)).toBe(EXIT.Unknown);
    expect(get(machine, 'rip')).toBe(CODE + 1n);
    expect(machine.unknownText).toBe('vpaddd ymm0,ymm1,ymm2 (c5 f5 fe c2) at 0xffffffff81000001');
  });

  it('Unknown: forms that are not executed, MMX and floating-point arithmetic', () => {
    for (const code of ['66 c8 10 00 00', 'f2 0f c2 c1 00', '0f fe c1', '66 0f 58 c1', 'd8 c1', 'ff 2f']) {
      expect(machineWith(code).run(10)).toBe(EXIT.Unknown);
    }
  });

  it.each([
    ['0f 0b', VECTOR.UD],
    ['cc', VECTOR.BP],
    ['f7 f1', VECTOR.DE],
    ['f1', VECTOR.DB],
    ['06 90', VECTOR.UD],
    ['0f 04 90', VECTOR.UD],
    // mov cs,eax; mov cr1,rax; lock mov [rdi],rax; lock add eax,eax; pop cs; an undefined member of a group
    ['8e c8', VECTOR.UD],
    ['0f 22 c8', VECTOR.UD],
    ['f0 48 89 07', VECTOR.UD],
    ['f0 01 c0', VECTOR.UD],
    ['0f c7 c8', VECTOR.UD],
    ['ff ff', VECTOR.UD],
    // Fifteen prefixes: no instruction is that long.
    ['66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90', VECTOR.GP],
  ])('Fault: %s raises its vector and has no effect', (code, vector) => {
    const machine = machineWith(code);
    expect(machine.run(10)).toBe(EXIT.Fault);
    expect(machine.exitDetail).toBe(vector);
    expect(get(machine, 'rip')).toBe(CODE);
    expect(machine.instructionCount).toBe(0);
  });
});

describe('memory faults', () => {
  function pageFault(code: string, setUp: (machine: Machine) => void): { machine: Machine; address: bigint } {
    const machine = machineWith(code);
    setUp(machine);
    expect(machine.run(10)).toBe(EXIT.Fault);
    expect(machine.exitDetail).toBe(VECTOR.PF);
    const address = (BigInt(machine.faultAddressHigh >>> 0) << 32n) | BigInt(machine.faultAddressLow >>> 0);
    return { machine, address };
  }

  it('#PF of a load from nowhere', () => {
    const { machine, address } = pageFault('48 8b 07', (m) => set(m, 'rdi', 0x1234n));
    expect(address).toBe(0x1234n);
    expect(machine.faultErrorCode).toBe(0);
    expect(machine.eventCount).toBe(0);
  });

  it('#PF of a store to a read-only page, also by the load of a read-modify-write', () => {
    for (const code of ['48 89 07', '48 01 07']) {
      const { machine, address } = pageFault(code, (m) =>
        m.protect(DATA, 1, { read: true, write: false, execute: false }),
      );
      expect(address).toBe(DATA);
      expect(machine.faultErrorCode).toBe(PAGE_FAULT.P | PAGE_FAULT.W);
      expect(machine.eventCount).toBe(0);
    }
  });

  it('an access that crosses into an unmapped page touches nothing', () => {
    const { machine, address } = pageFault('48 89 07', (m) => {
      set(m, 'rdi', DATA + 4092n);
      set(m, 'rax', 0x1122334455667788n);
    });
    expect(address).toBe(DATA + 4096n);
    expect(machine.faultErrorCode).toBe(PAGE_FAULT.W);
    expect(peek(machine, DATA + 4088n)).toBe(0n);
  });

  it('#PF with the instruction bit for a fetch: unmapped, not executable, and an instruction that crosses the end', () => {
    const unmapped = pageFault('90', (m) => set(m, 'rip', 0x5000n));
    expect(unmapped.address).toBe(0x5000n);
    expect(unmapped.machine.faultErrorCode).toBe(PAGE_FAULT.I);
    const data = pageFault('90', (m) => set(m, 'rip', DATA));
    expect(data.machine.faultErrorCode).toBe(PAGE_FAULT.I | PAGE_FAULT.P);
    const crossing = pageFault(`${'90 '.repeat(4094)} 48 b8`, (m) => set(m, 'rip', CODE + 4094n));
    expect(crossing.address).toBe(CODE + 4096n);
    expect(get(crossing.machine, 'rip')).toBe(CODE + 4094n);
  });

  it('a non-canonical address is #GP, through the stack #SS', () => {
    const machine = machineWith('48 8b 07');
    set(machine, 'rdi', 0x8000000000000000n);
    expect(machine.run(1)).toBe(EXIT.Fault);
    expect(machine.exitDetail).toBe(VECTOR.GP);
    const stack = machineWith('50');
    set(stack, 'rsp', 0x8000000000000000n);
    expect(stack.run(1)).toBe(EXIT.Fault);
    expect(stack.exitDetail).toBe(VECTOR.SS);
    expect(get(stack, 'rsp')).toBe(0x8000000000000000n);
  });

  it('a branch to a non-canonical address is the #GP of the branch, without any effect', () => {
    for (const code of ['ff e0', 'ff d0', 'c3']) {
      const machine = machineWith(code);
      set(machine, 'rax', 0x0000800000000000n);
      machine.poke64(low(TOP), high(TOP), 0, 0x8000);
      expect(machine.run(1)).toBe(EXIT.Fault);
      expect(machine.exitDetail).toBe(VECTOR.GP);
      expect(get(machine, 'rip')).toBe(CODE);
      expect(get(machine, 'rsp')).toBe(TOP);
      expect(machine.eventCount).toBe(0);
    }
  });

  it('pop, push and call through memory have no effect when the second access faults', () => {
    for (const code of ['8f 07', 'ff 37', 'ff 17']) {
      const machine = machineWith(code);
      const readOnly = { read: true, write: false, execute: false };
      machine.protect(DATA, 1, readOnly);
      machine.protect(STACK, STACK_SIZE, readOnly);
      expect(machine.run(1)).toBe(EXIT.Fault);
      expect(machine.exitDetail).toBe(VECTOR.PF);
      expect(get(machine, 'rsp')).toBe(TOP);
      expect(machine.eventCount).toBe(0);
      expect(machine.addressHashLow).toBe(0);
    }
  });

  it('REP MOVSB keeps the iterations that were done before a fault', () => {
    const machine = machineWith('f3 a4');
    set(machine, 'rsi', DATA);
    set(machine, 'rdi', DATA + 4093n);
    set(machine, 'rcx', 10n);
    expect(machine.run(100)).toBe(EXIT.Fault);
    expect(get(machine, 'rcx')).toBe(7n);
    expect(get(machine, 'rdi')).toBe(DATA + 4096n);
    expect(get(machine, 'rsi')).toBe(DATA + 3n);
    expect(get(machine, 'rip')).toBe(CODE);
    expect(machine.instructionCount).toBe(3);
    expect(machine.eventCount).toBe(6);
  });

  it('a misaligned MOVAPS is #GP, a MOVUPS across pages checks both first', () => {
    const aligned = machineWith('0f 28 07');
    set(aligned, 'rdi', DATA + 8n);
    expect(aligned.run(1)).toBe(EXIT.Fault);
    expect(aligned.exitDetail).toBe(VECTOR.GP);
    const { machine } = pageFault('0f 11 07', (m) => set(m, 'rdi', DATA + 4088n));
    expect(machine.eventCount).toBe(0);
  });
});

describe('mapping', () => {
  it('refuses pages that are writable and executable, mapped twice, not canonical, or too many', () => {
    const machine = new Machine({ memoryBytes: 8192 });
    expect(() => machine.map(0n, 4096, { read: true, write: true, execute: true })).toThrow('self-modifying');
    machine.map(0x1800n, 16, READ_WRITE);
    expect(() => machine.map(0x1000n, 1, READ_WRITE)).toThrow('mapped already');
    expect(() => machine.map(0x800000000000n, 1, READ_WRITE)).toThrow('not canonical');
    expect(() => machine.map(0x10000n, 8192, READ_WRITE)).toThrow('memoryBytes');
    expect(() => machine.protect(0x9000n, 1, READ_WRITE)).toThrow('not mapped');
  });

  it('places bytes across pages and fills the rest with zeros', () => {
    const machine = new Machine();
    machine.map(0xffen, 4, READ_WRITE, hex('11 22 33 44'));
    expect(machine.peekBytes(0xffcn, 8)).toEqual(hex('00 00 11 22 33 44 00 00'));
    expect(machine.peekBytes(0x3000n, 1)).toBeUndefined();
    expect(machine.peek64(0x1ffc, 0)).toBe(false);
    expect(() => machine.poke64(0x1ffc, 0, 1, 1)).toThrow('not mapped');
    expect(() => machine.pokeBytes(0x1fffn, hex('01 02'))).toThrow('not mapped');
    expect(machine.peekBytes(0x1fffn, 1)).toEqual(hex('00'));
  });
});

describe('reset', () => {
  it('brings memory, permissions and mappings back to the checkpoint, and clears the rest', () => {
    const machine = machineWith('48 89 07 89 47 0d 66 89 87 01 01 00 00 88 87 03 02 00 00 aa c3');
    machine.poke64(low(DATA), high(DATA), 7, 8);
    machine.checkpoint();
    const before = machine.peekBytes(DATA, 4096);
    const stack = machine.peekBytes(STACK, STACK_SIZE);
    start(machine);
    set(machine, 'rax', 0xffffffffffffffffn);
    set(machine, 'rcx', 5n);
    machine.planInterrupt(INTERRUPT.Nmi, 1000);
    expect(machine.run(100)).toBe(EXIT.External);
    machine.protect(DATA, 1, { read: false, write: false, execute: false });
    machine.map(0x7000n, 4096, READ_WRITE);
    machine.poke64(0x7000, 0, -1, -1);
    expect(machine.peekBytes(DATA, 4096)).not.toEqual(before);
    machine.reset();
    expect(machine.peekBytes(DATA, 4096)).toEqual(before);
    expect(machine.peekBytes(STACK, STACK_SIZE)).toEqual(stack);
    expect(machine.peekBytes(0x7000n, 1)).toBeUndefined();
    expect([...machine.state].every((word) => word === 0)).toBe(true);
    expect(machine.eventCount).toBe(0);
    expect(machine.instructionCount).toBe(0);
    expect([machine.pathHashLow, machine.pathHashHigh, machine.addressHashLow]).toEqual([0, 0, 0]);
    machine.map(0x7000n, 4096, READ_WRITE);
    expect(machine.peekBytes(0x7000n, 8)).toEqual(new Uint8Array(8));
    start(machine);
    expect(machine.run(100)).toBe(EXIT.External);
  });

  it('runs changed code after a host write to it, and the former code after reset', () => {
    const machine = machineWith('b8 01 00 00 00 c3');
    expect(machine.run(10)).toBe(EXIT.External);
    start(machine);
    machine.pokeBytes(CODE + 1n, hex('02'));
    expect(machine.run(10)).toBe(EXIT.External);
    expect(get(machine, 'rax')).toBe(2n);
    start(machine);
    expect(machine.run(10)).toBe(EXIT.External);
    expect(get(machine, 'rax')).toBe(1n);
  });

  it('undoes more writes than the undo list of the buffer holds', () => {
    const machine = machineWith('f3 aa c3');
    machine.reset();
    const before = machine.peekBytes(STACK, STACK_SIZE);
    for (let round = 0; round < 2; round++) {
      start(machine);
      set(machine, 'rdi', STACK);
      set(machine, 'rcx', 10000n);
      set(machine, 'rax', 0xeen);
      expect(machine.run(20000)).toBe(EXIT.External);
      expect(machine.eventCount).toBe(10001);
      expect(event(machine, 9999)).toMatchObject({ kind: EVENT.Store, address: STACK + 9999n, size: 1, value: 0xeen });
      machine.reset();
      expect(machine.peekBytes(STACK, STACK_SIZE)).toEqual(before);
    }
  });
});

describe('events', () => {
  it('record explicit and implicit accesses with RSP as the instruction found it', () => {
    // push rbx; mov eax,[rdi+8]; mov [rdi],ax; pop rbx; ret
    const machine = machineWith('53 8b 47 08 66 89 07 5b c3');
    set(machine, 'rbx', 0xaabbn);
    machine.poke64(low(DATA + 8n), high(DATA), 0x12345678, 0x55);
    expect(machine.run(10)).toBe(EXIT.External);
    expect(machine.eventCount).toBe(5);
    const below = TOP - 8n;
    expect(event(machine, 0)).toEqual({
      kind: EVENT.Push,
      rip: CODE,
      address: below,
      size: 8 | EVENT_IMPLICIT,
      value: 0xaabbn,
      rsp: TOP,
      count: 0,
    });
    expect(event(machine, 1)).toEqual({
      kind: EVENT.Load,
      rip: CODE + 1n,
      address: DATA + 8n,
      size: 4,
      value: 0x12345678n,
      rsp: below,
      count: 1,
    });
    expect(event(machine, 2)).toEqual({
      kind: EVENT.Store,
      rip: CODE + 4n,
      address: DATA,
      size: 2,
      value: 0x5678n,
      rsp: below,
      count: 2,
    });
    expect(event(machine, 3)).toEqual({
      kind: EVENT.Pop,
      rip: CODE + 7n,
      address: below,
      size: 8 | EVENT_IMPLICIT,
      value: 0xaabbn,
      rsp: below,
      count: 3,
    });
    expect(event(machine, 4)).toEqual({
      kind: EVENT.Pop,
      rip: CODE + 8n,
      address: TOP,
      size: 8 | EVENT_IMPLICIT,
      value: RETURN,
      rsp: TOP,
      count: 4,
    });
  });

  it.each([
    // mov rsp,[rdi]; mov esp,[rdi]; pop rsp; pop [rdi]; leave; xchg [rdi],rsp
    ['48 8b 27', 1],
    ['8b 27', 1],
    ['5c', 1],
    ['8f 07', 2],
    ['c9', 1],
    ['48 87 27', 2],
  ])('an instruction that loads RSP records the former one: %s', (code, count) => {
    for (const engine of ['interpreter', 'wasm'] as const) {
      const machine = machineWith(code, { engine, hotRuns: 0 });
      set(machine, 'rbp', TOP);
      machine.run(1);
      expect(machine.instructionCount).toBe(1);
      expect(machine.eventCount).toBe(count);
      for (let i = 0; i < count; i++) expect(event(machine, i).rsp).toBe(TOP);
      expect(get(machine, 'rsp')).not.toBe(TOP);
    }
  });

  it('a call pushes, a 16-byte move is two events, STI and CLI have an event', () => {
    // call +0; movups xmm0,[rdi]; sti; cli
    const machine = machineWith('e8 00 00 00 00 0f 10 07 fb fa');
    expect(machine.run(4)).toBe(EXIT.Budget);
    expect(Array.from({ length: machine.eventCount }, (_, i) => event(machine, i))).toMatchObject([
      { kind: EVENT.Push, address: TOP - 8n, value: CODE + 5n, size: 8 | EVENT_IMPLICIT },
      { kind: EVENT.Load, address: DATA, size: 8 },
      { kind: EVENT.Load, address: DATA + 8n, size: 8 },
      { kind: EVENT.Sti, size: 0, rip: CODE + 8n },
      { kind: EVENT.Cli, size: 0, rip: CODE + 9n },
    ]);
  });

  it('hashes tell paths and addresses apart, and are the same for the same run', () => {
    const code = '85 c0 74 03 48 8b 1f 48 8b 5f 08 c3';
    const hashes = (rax: bigint, rdi: bigint): number[] => {
      const machine = machineWith(code);
      set(machine, 'rax', rax);
      set(machine, 'rdi', rdi);
      expect(machine.run(10)).toBe(EXIT.External);
      return [machine.pathHashLow, machine.pathHashHigh, machine.addressHashLow, machine.addressHashHigh];
    };
    expect(hashes(1n, DATA)).toEqual(hashes(2n, DATA));
    expect(hashes(1n, DATA).slice(0, 2)).not.toEqual(hashes(0n, DATA).slice(0, 2));
    expect(hashes(1n, DATA).slice(0, 2)).toEqual(hashes(1n, DATA + 8n).slice(0, 2));
    expect(hashes(1n, DATA).slice(2)).not.toEqual(hashes(1n, DATA + 8n).slice(2));
  });

  it('the path hash does not depend on where runs are cut', () => {
    const whole = machineWith('90 66 0f 01 cc 90 c3');
    const cut = machineWith('90 66 0f 01 cc 90 c3');
    expect(whole.run(10)).toBe(EXIT.Environment);
    whole.completeEnvironment();
    expect(whole.run(10)).toBe(EXIT.External);
    for (let steps = 0; steps < 20; steps++) if (cut.run(1) === EXIT.Environment) cut.completeEnvironment();
    expect([cut.pathHashLow, cut.pathHashHigh]).toEqual([whole.pathHashLow, whole.pathHashHigh]);
  });
});

describe('interrupts', () => {
  const flags = (machine: Machine): number => low(get(machine, 'rflags'));

  it('a maskable one waits for IF and for the end of the STI shadow', () => {
    // nop; sti; nop; nop
    const machine = machineWith('90 fb 90 90');
    machine.planInterrupt(INTERRUPT.Maskable, 0);
    expect(machine.run(100)).toBe(EXIT.Interrupt);
    expect(get(machine, 'rip')).toBe(CODE + 3n);
    expect(machine.instructionCount).toBe(3);
    expect(machine.run(1)).toBe(EXIT.Budget);
  });

  it('STI makes no shadow when IF was set already', () => {
    const machine = machineWith('90 fb 90 90');
    set(machine, 'rflags', BigInt(FLAG.IF | 2));
    machine.planInterrupt(INTERRUPT.Maskable, 2);
    expect(machine.run(100)).toBe(EXIT.Interrupt);
    expect(get(machine, 'rip')).toBe(CODE + 2n);
    expect(machine.shadow).toBe(0);
  });

  it('STI; TDCALL: the shadow is over when the environment call is completed', () => {
    const machine = machineWith('fb 66 0f 01 cc 90 c3');
    machine.planInterrupt(INTERRUPT.Maskable, 0);
    expect(machine.run(100)).toBe(EXIT.Environment);
    expect(machine.shadow).toBe(1);
    machine.completeEnvironment();
    expect(machine.shadow).toBe(0);
    expect(machine.run(100)).toBe(EXIT.Interrupt);
    expect(get(machine, 'rip')).toBe(CODE + 5n);
    expect(machine.run(100)).toBe(EXIT.External);
  });

  it('an NMI comes at its boundary whatever the flags, and ends the shadow', () => {
    const machine = machineWith('fb 66 0f 01 cc c3');
    machine.planInterrupt(INTERRUPT.Nmi, 1);
    expect(machine.run(100)).toBe(EXIT.Interrupt);
    expect(get(machine, 'rip')).toBe(CODE + 1n);
    expect(machine.shadow).toBe(0);
    expect(flags(machine) & FLAG.IF).toBe(FLAG.IF);
    machine.planInterrupt(INTERRUPT.Maskable, 0);
    expect(machine.run(100)).toBe(EXIT.Interrupt);
    expect(get(machine, 'rip')).toBe(CODE + 1n);
    expect(machine.run(100)).toBe(EXIT.Environment);
  });

  it('a maskable one is held back by CLI and released by POPF without a shadow', () => {
    // popfq; nop
    const machine = machineWith('9d 90');
    machine.poke64(low(TOP), high(TOP), FLAG.IF | 2, 0);
    machine.planInterrupt(INTERRUPT.Maskable, 0);
    expect(machine.run(100)).toBe(EXIT.Interrupt);
    expect(get(machine, 'rip')).toBe(CODE + 1n);
    const masked = machineWith('fa 90 c3');
    set(masked, 'rflags', BigInt(FLAG.IF | 2));
    masked.planInterrupt(INTERRUPT.Maskable, 1);
    expect(masked.run(100)).toBe(EXIT.External);
  });

  it('comes between the iterations of a REP instruction, which then goes on', () => {
    const machine = machineWith('f3 aa c3');
    set(machine, 'rcx', 5n);
    machine.planInterrupt(INTERRUPT.Nmi, 2);
    expect(machine.run(100)).toBe(EXIT.Interrupt);
    expect(get(machine, 'rip')).toBe(CODE);
    expect(get(machine, 'rcx')).toBe(3n);
    expect(machine.run(100)).toBe(EXIT.External);
    expect(get(machine, 'rdi')).toBe(DATA + 5n);
  });

  it('a fault ends the shadow, and the world may set it', () => {
    const machine = machineWith('fb 0f 0b');
    expect(machine.run(1)).toBe(EXIT.Budget);
    expect(machine.shadow).toBe(1);
    expect(machine.run(1)).toBe(EXIT.Fault);
    expect(machine.shadow).toBe(0);
    machine.shadow = 1;
    expect(machine.shadow).toBe(1);
  });
});

describe('what the CPU test cannot reach', () => {
  it('FS and GS bases, also with string sources', () => {
    // mov rax,fs:[rdi]; mov rbx,gs:[8]
    const machine = machineWith('64 48 8b 07 65 48 8b 1c 25 08 00 00 00');
    set(machine, 'rdi', 0x10n);
    set(machine, 'fsBase', DATA);
    set(machine, 'gsBase', DATA + 0x100n);
    machine.poke64(low(DATA + 0x10n), high(DATA), 0x11, 0);
    machine.poke64(low(DATA + 0x108n), high(DATA), 0x22, 0);
    expect(machine.run(2)).toBe(EXIT.Budget);
    expect(get(machine, 'rax')).toBe(0x11n);
    expect(get(machine, 'rbx')).toBe(0x22n);
  });

  it('RIP-relative and 32-bit addresses', () => {
    // lea rax,[rip+0x10]; lea ebx,[edi+4]; lea rcx,[edi-1]
    const machine = machineWith('48 8d 05 10 00 00 00 67 8d 5f 04 67 48 8d 4f ff');
    set(machine, 'rdi', 0xffffffff00000000n);
    expect(machine.run(3)).toBe(EXIT.Budget);
    expect(get(machine, 'rax')).toBe(CODE + 0x17n);
    expect(get(machine, 'rbx')).toBe(4n);
    expect(get(machine, 'rcx')).toBe(0xffffffffn);
  });

  it('POPF at level 0 changes IF, IOPL, TF, NT, AC and ID, and clears RF', () => {
    const machine = machineWith('9d');
    set(machine, 'rflags', BigInt(FLAG.RF | FLAG.VIP | 2));
    machine.poke64(low(TOP), high(TOP), -1, -1);
    machine.run(1);
    const expected = 0x2 | 0xdd5 | FLAG.IF | FLAG.OF | FLAG.IOPL | FLAG.NT | FLAG.AC | FLAG.ID;
    expect(low(get(machine, 'rflags'))).toBe(expected);
  });

  it('ENTER 0 and LEAVE', () => {
    const machine = machineWith('c8 20 00 00 c9 c3');
    set(machine, 'rbp', 0x77n);
    expect(machine.run(1)).toBe(EXIT.Budget);
    expect(get(machine, 'rbp')).toBe(TOP - 8n);
    expect(get(machine, 'rsp')).toBe(TOP - 0x28n);
    expect(machine.run(10)).toBe(EXIT.External);
    expect(get(machine, 'rbp')).toBe(0x77n);
  });

  it('LDMXCSR, STMXCSR, FLDCW, FNSTCW', () => {
    // ldmxcsr [rdi]; stmxcsr [rdi+8]; fldcw [rdi+16]; fnstcw [rdi+24]
    const machine = machineWith('0f ae 17 0f ae 5f 08 d9 6f 10 d9 7f 18');
    machine.poke64(low(DATA), high(DATA), 0x1f80, 0);
    machine.poke64(low(DATA + 16n), high(DATA), 0x27f, 0);
    expect(machine.run(4)).toBe(EXIT.Budget);
    expect(get(machine, 'mxcsr')).toBe(0x1f80n);
    expect(peek(machine, DATA + 8n)).toBe(0x1f80n);
    expect(get(machine, 'x87cw')).toBe(0x27fn);
    expect(peek(machine, DATA + 24n)).toBe(0x27fn);
    start(machine);
    machine.poke64(low(DATA), high(DATA), 0x11f80, 0);
    expect(machine.run(1)).toBe(EXIT.Fault);
    expect(machine.exitDetail).toBe(VECTOR.GP);
  });

  it('CLAC, STAC, CLI and STI', () => {
    const machine = machineWith('0f 01 cb fb 0f 01 ca fa');
    machine.run(2);
    expect(low(get(machine, 'rflags'))).toBe(FLAG.AC | FLAG.IF | 2);
    machine.run(2);
    expect(low(get(machine, 'rflags'))).toBe(2);
  });

  it('a locked instruction is executed', () => {
    const machine = machineWith('f0 48 ff 07');
    expect(machine.run(1)).toBe(EXIT.Budget);
    expect(peek(machine, DATA)).toBe(1n);
  });
});
