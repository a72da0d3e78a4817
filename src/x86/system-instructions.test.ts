import { Mnemonic } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENT, environmentName } from './environment.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from './events.js';
import { EXIT, VECTOR } from './exit.js';
import type { Machine } from './machine.js';
import { ENVIRONMENT_ROWS } from './rows/environment.js';
import { codesOf, encodeForm } from './testing/instruction-forms.js';
import { RandomValues } from './testing/random-values.js';
import { CODE, DATA, get, high, low, machineWith, peek, set, STACK, STACK_SIZE } from './testing/run-code.js';

/** What user mode cannot run, or what ends a run: each with the event or fault that it must make. */

const TOP = STACK + BigInt(STACK_SIZE) - 16n;

function bytesText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16)).join(' ');
}

/** Kind and address of every event. */
function accesses(machine: Machine): (readonly [number, bigint])[] {
  const { events } = machine;
  return Array.from({ length: machine.eventCount }, (_, i) => {
    const at = i * EVENT_WORDS;
    const address =
      (BigInt(events[at + EVENT_WORD.ADDRESS_HIGH] >>> 0) << 32n) | BigInt(events[at + EVENT_WORD.ADDRESS_LOW] >>> 0);
    return [events[at + EVENT_WORD.KIND], address] as const;
  });
}

describe('environment calls', () => {
  it.each(ENVIRONMENT_ROWS.map(({ mnemonic }) => [Mnemonic[mnemonic], mnemonic] as const))(
    '%s stops the run without an effect, and goes on once it is answered',
    (name, mnemonic) => {
      const random = new RandomValues(`environment ${name}`);
      const forms = codesOf(mnemonic).flatMap((code) =>
        [false, true].map((memory) => encodeForm(code, random, memory)).filter((form) => form !== undefined),
      );
      expect(forms.length).toBeGreaterThan(0);
      for (const { bytes } of forms) {
        const machine = machineWith(bytesText(bytes));
        const before = machine.state.slice();
        expect(machine.run(1), bytesText(bytes)).toBe(EXIT.Environment);
        expect(machine.state).toEqual(before);
        expect(machine.eventCount).toBe(0);
        expect(Object.values<number>(ENVIRONMENT)).toContain(machine.exitDetail);
        expect(machine.instructionAt(low(CODE), high(CODE))?.flow).toBe('environment');
        machine.completeEnvironment();
        expect(get(machine, 'rip')).toBe(CODE + BigInt(bytes.length));
      }
    },
  );

  it.each([
    ['8e d8', ENVIRONMENT.SegmentRegister], // mov ds,eax
    ['8c c0', ENVIRONMENT.SegmentRegister], // mov eax,es
    ['66 8c e0', ENVIRONMENT.SegmentRegister], // mov ax,fs
    ['8e 2f', ENVIRONMENT.SegmentRegister], // mov gs,[rdi]
    ['0f a0', ENVIRONMENT.SegmentRegister], // push fs
    ['0f a9', ENVIRONMENT.SegmentRegister], // pop gs
    ['0f 20 e1', ENVIRONMENT.ControlRegister], // mov rcx,cr4
    ['0f 22 d8', ENVIRONMENT.ControlRegister], // mov cr3,rax
    ['44 0f 20 c0', ENVIRONMENT.ControlRegister], // mov rax,cr8
    ['0f 21 f8', ENVIRONMENT.DebugRegister], // mov rax,dr7
    ['0f 23 f0', ENVIRONMENT.DebugRegister], // mov dr6,rax
    ['f3 6c', ENVIRONMENT.Ins], // rep insb
    ['f3 66 6f', ENVIRONMENT.Outs], // rep outsw
    ['48 cf', ENVIRONMENT.Iret],
    ['48 cb', ENVIRONMENT.Retf],
    ['66 0f 01 cd', ENVIRONMENT.Seamret],
    ['66 0f 01 ce', ENVIRONMENT.Seamops],
    ['0f 01 cf', ENVIRONMENT.Encl],
  ])('%s', (code, number) => {
    const machine = machineWith(code);
    expect(machine.run(1)).toBe(EXIT.Environment);
    expect(machine.exitDetail).toBe(number);
  });

  it('have numbers of their own and names for people', () => {
    const numbers = Object.values(ENVIRONMENT);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(environmentName(ENVIRONMENT.Tdcall)).toBe('tdcall');
    expect(environmentName(ENVIRONMENT.ControlRegister)).toBe('control register');
    expect(environmentName(9999)).toBe('environment call 9999');
  });
});

describe('the bases of FS and GS', () => {
  it('are read and written, 32-bit values zero-extended', () => {
    // wrfsbase rax; wrgsbase ebx; rdfsbase ecx; rdgsbase rdx
    const machine = machineWith('f3 48 0f ae d0 f3 0f ae db f3 0f ae c1 f3 48 0f ae ca');
    set(machine, 'rax', DATA + 0x10n);
    set(machine, 'rbx', 0xffffffff80001234n);
    expect(machine.run(4)).toBe(EXIT.Budget);
    expect(get(machine, 'fsBase')).toBe(DATA + 0x10n);
    expect(get(machine, 'gsBase')).toBe(0x80001234n);
    expect(get(machine, 'rcx')).toBe((DATA + 0x10n) & 0xffffffffn);
    expect(get(machine, 'rdx')).toBe(0x80001234n);
  });

  it('refuse an address that is not canonical', () => {
    const machine = machineWith('f3 48 0f ae d0');
    set(machine, 'rax', 1n << 60n);
    expect(machine.run(1)).toBe(EXIT.Fault);
    expect(machine.exitDetail).toBe(VECTOR.GP);
    expect(get(machine, 'fsBase')).toBe(0n);
  });
});

describe('ENTER with nested frames', () => {
  const OLD = TOP - 0x40n;

  function nested(): Machine {
    // enter 0x20,3; leave
    const machine = machineWith('c8 20 00 03 c9');
    set(machine, 'rbp', OLD);
    machine.poke64(low(OLD - 8n), high(OLD), 0x111, 0);
    machine.poke64(low(OLD - 16n), high(OLD), 0x222, 0);
    set(machine, 'rsp', TOP - 0x100n);
    return machine;
  }

  it('copies the frame pointers of the callers and appends its own', () => {
    const machine = nested();
    const frame = TOP - 0x108n;
    expect(machine.run(1)).toBe(EXIT.Budget);
    expect([0n, 8n, 16n, 24n].map((at) => peek(machine, frame - at))).toEqual([OLD, 0x111n, 0x222n, frame]);
    expect(get(machine, 'rbp')).toBe(frame);
    expect(get(machine, 'rsp')).toBe(frame - 24n - 0x20n);
    expect(accesses(machine)).toEqual([
      [EVENT.Push, frame],
      [EVENT.Pop, OLD - 8n],
      [EVENT.Push, frame - 8n],
      [EVENT.Pop, OLD - 16n],
      [EVENT.Push, frame - 16n],
      [EVENT.Push, frame - 24n],
    ]);
    expect(machine.run(1)).toBe(EXIT.Budget);
    expect(get(machine, 'rbp')).toBe(OLD);
    expect(get(machine, 'rsp')).toBe(TOP - 0x100n);
  });

  it('has no effect if any of its accesses would fault', () => {
    for (const [register, value] of [
      ['rbp', 0x1000n],
      ['rsp', STACK + 0x18n],
      ['rsp', STACK + 0x30n],
    ] as const) {
      const machine = nested();
      set(machine, register, value);
      const memory = machine.peekBytes(STACK, STACK_SIZE);
      expect(machine.run(1)).toBe(EXIT.Fault);
      expect(machine.exitDetail).toBe(VECTOR.PF);
      expect(machine.eventCount).toBe(0);
      expect(machine.peekBytes(STACK, STACK_SIZE)).toEqual(memory);
    }
  });

  it('goes to level 31, without constant slots as well', () => {
    const machine = machineWith('c8 00 00 1f');
    set(machine, 'rbp', TOP - 8n);
    set(machine, 'rsp', TOP - 0x400n);
    expect(machine.instructionAt(low(CODE), high(CODE))?.unknown).toBeUndefined();
    expect(machine.run(1)).toBe(EXIT.Budget);
    expect(get(machine, 'rsp')).toBe(TOP - 0x400n - 8n * 32n);
  });
});

describe('accesses of exchanges and hints', () => {
  it('CMPXCHG writes its operand back where the comparison fails', () => {
    // lock cmpxchg [rdi],rcx
    const machine = machineWith('f0 48 0f b1 0f');
    machine.poke64(low(DATA), high(DATA), 5, 0);
    expect(machine.run(1)).toBe(EXIT.Budget);
    expect(get(machine, 'rax')).toBe(5n);
    expect(peek(machine, DATA)).toBe(5n);
    expect(accesses(machine)).toEqual([
      [EVENT.Load, DATA],
      [EVENT.Store, DATA],
    ]);
  });

  it.each([
    ['48 0f c7 0f', DATA + 8n, VECTOR.GP], // cmpxchg16b [rdi]
    ['0f c7 0f', DATA + 0xffcn, VECTOR.PF], // cmpxchg8b [rdi], into the next page
    ['0f ae 3f', DATA + 0x1000n, VECTOR.PF], // clflush [rdi]
    ['66 0f ae 37', DATA + 0x1000n, VECTOR.PF], // clwb [rdi]
  ])('%s faults', (code, address, vector) => {
    const machine = machineWith(code);
    set(machine, 'rdi', address);
    expect(machine.run(1)).toBe(EXIT.Fault);
    expect(machine.exitDetail).toBe(vector);
    expect(machine.eventCount).toBe(0);
  });

  it('a fence is an event', () => {
    for (const engine of ['interpreter', 'wasm'] as const) {
      // lfence; mfence; sfence; serialize; pause
      const machine = machineWith('0f ae e8 0f ae f0 0f ae f8 0f 01 e8 f3 90', { engine, hotRuns: 0 });
      expect(machine.run(5)).toBe(EXIT.Budget);
      expect(accesses(machine)).toEqual(Array.from({ length: 4 }, () => [EVENT.Fence, 0n]));
    }
  });

  it('a prefetch never faults, and flushing a line is no access', () => {
    // prefetcht0 [rdi]; prefetchw [rdi]; clflush [rsp]
    const machine = machineWith('0f 18 0f 0f 0d 0f 0f ae 3c 24');
    set(machine, 'rdi', 1n << 60n);
    expect(machine.run(3)).toBe(EXIT.Budget);
    expect(machine.eventCount).toBe(0);
  });
});
