import { SLOT } from '../layout.js';
import { Machine, type MachineOptions } from '../machine.js';
import { REGISTER_INDEX, type RegisterName } from '../registers.js';

/** Where the test programs lie. */
export const CODE = 0xffffffff81000000n;
export const STACK = 0xffffc90000000000n;
export const STACK_SIZE = 0x3000;
export const DATA = 0xffff888000000000n;
export const RETURN = 0xffffffff82000000n;

/** A byte string from `"48 89 c3 c3"`. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.trim().split(/\s+/), (byte) => Number.parseInt(byte, 16));
}

/** A machine with code at CODE, a stack whose top holds RETURN (external 0), one page of data, and a checkpoint. */
export function machineWith(code: string, options: MachineOptions = {}): Machine {
  const machine = new Machine({ memoryBytes: 1 << 20, ...options });
  const bytes = hex(code);
  machine.map(CODE, bytes.length, { read: true, write: false, execute: true }, bytes);
  machine.map(STACK, STACK_SIZE, { read: true, write: true, execute: false });
  machine.map(DATA, 4096, { read: true, write: true, execute: false });
  machine.addExternal(RETURN);
  machine.checkpoint();
  start(machine);
  return machine;
}

/** Resets and points RIP at CODE and RSP at the return address, 16 bytes below the stack's end. */
export function start(machine: Machine): void {
  machine.reset();
  set(machine, 'rip', CODE);
  set(machine, 'rsp', STACK + BigInt(STACK_SIZE) - 16n);
  set(machine, 'rdi', DATA);
  set(machine, 'rflags', 2n);
  const top = STACK + BigInt(STACK_SIZE) - 16n;
  machine.poke64(low(top), high(top), low(RETURN), high(RETURN));
}

export type StateName = RegisterName | 'rip' | 'rflags' | 'mxcsr' | 'x87cw' | 'fsBase' | 'gsBase';

function slotOf(name: StateName): number {
  switch (name) {
    case 'rip':
      return SLOT.RIP;
    case 'rflags':
      return SLOT.RFLAGS;
    case 'mxcsr':
      return SLOT.MXCSR;
    case 'x87cw':
      return SLOT.X87_CW;
    case 'fsBase':
      return SLOT.FS_BASE;
    case 'gsBase':
      return SLOT.GS_BASE;
    default:
      return REGISTER_INDEX[name];
  }
}

/** Reads a register as an unsigned 64-bit value. */
export function get(machine: Machine, name: StateName): bigint {
  const slot = slotOf(name);
  return (BigInt(machine.state[2 * slot + 1] >>> 0) << 32n) | BigInt(machine.state[2 * slot] >>> 0);
}

export function set(machine: Machine, name: StateName, value: bigint): void {
  const slot = slotOf(name);
  machine.state[2 * slot] = low(value);
  machine.state[2 * slot + 1] = high(value);
}

export function low(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

export function high(value: bigint): number {
  return Number(BigInt.asIntN(32, value >> 32n));
}

/** 8 bytes of memory as an unsigned value. */
export function peek(machine: Machine, address: bigint): bigint | undefined {
  if (!machine.peek64(low(address), high(address))) return undefined;
  return (BigInt(machine.peekHigh >>> 0) << 32n) | BigInt(machine.peekLow >>> 0);
}
