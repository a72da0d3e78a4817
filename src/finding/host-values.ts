/**
 * Which registers and memory hold values that the other side chose, after every step of a trace: the host where the code
 * is a guest's, a TD where it is a host's.
 *
 * A value is theirs
 * - if an answer of theirs put it there;
 * - if an instruction only carried it there (MOV between registers and memory, PUSH, POP);
 * - if it was computed from such a value. As long as companion H (the same case with other values of theirs) goes the same
 *   way, that is measured: the value is another one in companion H at the same step. Where there is no companion, and
 *   behind the step where the ways part, every instruction that reads such a value as an operand and writes another makes
 *   that theirs too; what a value was addressed by, and what a branch decided, does not count.
 */
import { HANDLER_FRAME } from '../stage/layout.js';
import { readHalves } from '../halves.js';

import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import { carriedFrom, registerParts, storedRegister } from './origin.js';
import { type Given, NOTHING_GIVEN } from '../run/told-step.js';
import type { Step } from '../run/trace.js';

/** What holds values of the other side when a step is done. */
export interface HostValues {
  /** General registers, one bit each. */
  registers: number;
  /** Aligned 8-byte words of memory in which a byte became theirs, and those in which no byte is theirs any longer. */
  added: bigint[];
  removed: bigint[];
}

/**
 * @param given what the world wrote behind each step
 * @param companion the steps of companion H, where it was run
 */
export function followHostValues(
  steps: readonly Step[],
  given: readonly Given[],
  companion?: readonly Step[],
): HostValues[] {
  const memory = new TheirMemory();
  let registers = 0;
  let together = companion !== undefined;
  return steps.map((step, index) => {
    const twin = companion?.[index];
    together &&= twin !== undefined && twin.address === step.address && twin.events.length === step.events.length;
    const { wrote, theirs, memory: places } = given[index] ?? NOTHING_GIVEN;
    const stores = storesOf(step, registers, memory, !together, together ? twin : undefined);
    const carried = writtenBy(step, registers, memory, !together);
    if (step.interrupt) memory.clear(readHalves(step.before, 2 * STACK_POINTER) - BigInt(HANDLER_FRAME), HANDLER_FRAME);
    for (const { address, theirs: bytes } of stores) memory.write(address, bytes);
    for (const { address, bytes } of places) memory.write(address, Array<boolean>(bytes).fill(true));
    registers = (carried & ~wrote) | theirs;
    if (together && twin !== undefined) registers |= differing(step, twin);
    return { registers, ...memory.changes() };
  });
}

const STACK_POINTER = STATE.GPR + REGISTER_INDEX.rsp;

function differing({ after }: Step, { after: other }: Step): number {
  let mask = 0;
  for (let register = 0; register < 16; register++)
    if (after[2 * register] !== other[2 * register] || after[2 * register + 1] !== other[2 * register + 1])
      mask |= 1 << register;
  return mask;
}

/** Registers that hold values of theirs behind an instruction, but for what the world does. */
function writtenBy(step: Step, registers: number, memory: TheirMemory, computes: boolean): number {
  const { instruction } = step;
  if (instruction === undefined || step.interrupt || instruction.flow === 'environment') return registers;
  const computed = computes && isComputed(step, registers, memory);
  const kept = narrowDestination(instruction.text);
  let after = registers;
  for (let register = 0; register < 16; register++) {
    const bit = 1 << register;
    if ((instruction.writesRegisters & bit) === 0 || (register === REGISTER_INDEX.rsp && STACK.test(instruction.text)))
      continue;
    const source = carriedFrom(step, register);
    const isTheirs =
      source === undefined
        ? computed
        : 'register' in source
          ? ((registers >>> source.register) & 1) === 1
          : memory.has(source.address, source.bytes);
    // The other bytes of a register stay when a narrow part of it is written.
    if (isTheirs) after |= bit;
    else if (kept !== register) after &= ~bit;
  }
  return after;
}

/** RSP moves by itself. */
const STACK = /^(push|pop|call|ret|enter|leave)/;

/** The general register of which an instruction writes 8 or 16 bits, by its last operand. */
function narrowDestination(text: string): number | undefined {
  const last = /%(\w+)$/.exec(text)?.[1];
  const part = last === undefined ? undefined : registerParts.get(last);
  return part !== undefined && part.bytes <= 2 ? part.register : undefined;
}

/** Whether an instruction reads a value of theirs as an operand. */
function isComputed(step: Step, registers: number, memory: TheirMemory): boolean {
  return (operands(step) & registers) !== 0 || loads(step, memory);
}

/** Registers whose values go into the result: those of an address do so for LEA alone. */
function operands({ instruction }: Step): number {
  if (instruction === undefined) return 0;
  const { text, readsRegisters } = instruction;
  if (/^(call|ret|j)/.test(text)) return 0;
  if (text.startsWith('lea')) return readsRegisters;
  const address = named(/\([^)]*\)/.exec(text)?.[0] ?? '');
  const plain = named(text.replaceAll(/\([^)]*\)/g, ''));
  return readsRegisters & ~(address & ~plain) & ~(1 << REGISTER_INDEX.rsp);
}

function named(text: string): number {
  let mask = 0;
  for (const [, name] of text.matchAll(/%(\w+)/g)) {
    const part = registerParts.get(name);
    if (part !== undefined) mask |= 1 << part.register;
  }
  return mask;
}

function loads({ events }: Step, memory: TheirMemory): boolean {
  for (let at = 0; at < events.length; at += EVENT_WORDS) {
    const kind = events[at + EVENT_WORD.KIND];
    if (kind !== EVENT.Load && kind !== EVENT.Pop) continue;
    if (memory.has(addressOf(events, at), sizeOf(events, at))) return true;
  }
  return false;
}

interface TheirStore {
  address: bigint;
  /** Of each byte, whether it is theirs. */
  theirs: boolean[];
}

function storesOf(
  step: Step,
  registers: number,
  memory: TheirMemory,
  computes: boolean,
  twin: Step | undefined,
): TheirStore[] {
  const { events, instruction } = step;
  const stores: TheirStore[] = [];
  for (let at = 0; at < events.length; at += EVENT_WORDS) {
    const kind = events[at + EVENT_WORD.KIND];
    if (kind !== EVENT.Store && kind !== EVENT.Push) continue;
    const source = storedRegister(step);
    const carried = source !== undefined && ((registers >>> source) & 1) === 1;
    // PUSH of memory and MOVS carry what they load.
    const moved = source === undefined && /^(push|movs)/.test(instruction?.text ?? '') && loads(step, memory);
    const all = carried || moved || (source === undefined && computes && isComputed(step, registers, memory));
    const value = valueOf(events, at);
    const other = twin === undefined ? value : valueOf(twin.events, at);
    const theirs = Array.from({ length: sizeOf(events, at) }, (_, byte) => all || byteOf(value ^ other, byte) !== 0n);
    stores.push({ address: addressOf(events, at), theirs });
  }
  return stores;
}

function byteOf(value: bigint, byte: number): bigint {
  return (value >> BigInt(8 * byte)) & 0xffn;
}

function addressOf(events: Int32Array, at: number): bigint {
  return readHalves(events, at + EVENT_WORD.ADDRESS_LOW);
}

function valueOf(events: Int32Array, at: number): bigint {
  return readHalves(events, at + EVENT_WORD.VALUE_LOW);
}

function sizeOf(events: Int32Array, at: number): number {
  return events[at + EVENT_WORD.SIZE] & 0xff;
}

/** Memory that holds values of theirs, byte by byte. */
class TheirMemory {
  /** Aligned address of an 8-byte word -> one bit for each byte; never 0. */
  private readonly words = new Map<bigint, number>();
  /** Words that were written since the last look, and whether they held anything then. */
  private readonly touched = new Map<bigint, boolean>();

  has(address: bigint, bytes: number): boolean {
    for (let byte = 0; byte < bytes; byte++) {
      const at = address + BigInt(byte);
      if (((this.words.get(at & ~7n) ?? 0) >>> Number(at & 7n)) & 1) return true;
    }
    return false;
  }

  write(address: bigint, theirs: readonly boolean[]): void {
    theirs.forEach((isTheirs, byte) => {
      const at = BigInt.asUintN(64, address + BigInt(byte));
      const word = at & ~7n;
      const old = this.words.get(word) ?? 0;
      if (!this.touched.has(word)) this.touched.set(word, old !== 0);
      const bit = 1 << Number(at & 7n);
      const now = isTheirs ? old | bit : old & ~bit;
      if (now === 0) this.words.delete(word);
      else this.words.set(word, now);
    });
  }

  clear(address: bigint, bytes: number): void {
    this.write(address, Array<boolean>(bytes).fill(false));
  }

  /** Words that became theirs, or ceased to be, since the last look. */
  changes(): Pick<HostValues, 'added' | 'removed'> {
    const added: bigint[] = [];
    const removed: bigint[] = [];
    for (const [word, held] of this.touched) {
      const holds = this.words.has(word);
      if (holds && !held) added.push(word);
      if (!holds && held) removed.push(word);
    }
    this.touched.clear();
    return { added, removed };
  }
}
