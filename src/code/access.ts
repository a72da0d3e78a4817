/** Operands of an instruction as values, and values as what an instruction leaves in them. */
import { REGISTER_INDEX } from '../x86/registers.js';
import { Cells, widthOf } from './cells.js';
import type { MemoryOperand, Operand, RegisterOperand } from './operation.js';
import type { State } from './state.js';
import {
  baseOf,
  computed,
  constant,
  field,
  type FrameAddress,
  incoming,
  offsetFrom,
  part,
  unknown,
  type Value,
} from './value.js';

/** An absolute address is one of the image's own data. */
const IMAGE = constant(0n);
/** A distance of more bytes is none within a structure. */
const FARTHEST = 1n << 31n;

/**
 * A register as an address, or as what a test looks at. The leaf decides which registers the module changes; a function that
 * goes on with a pointer or a parameter in one that it may change relies on the leaf to leave it alone.
 */
export function settled(value: Value): Value {
  if (value.kind === 'part') return part(settled(value.of), value.bits);
  if (value.kind !== 'answer' || value.certain || value.register === 'rax') return value;
  const { kind } = value.before;
  const isKept = kind === 'entry' || kind === 'incoming' || kind === 'frame' || kind === 'pointer';
  return isKept ? value.before : value;
}

/** The address of a memory operand, whatever is there. */
export function addressOf(state: State, { base, index, scale, displacement, hasSegment }: MemoryOperand): Value {
  if (hasSegment) return unknown(`segment ${displacement}`);
  const start = base === undefined ? undefined : settled(state.registers[base]);
  const distance = displacement > -FARTHEST && displacement < FARTHEST ? Number(displacement) : undefined;
  const added = index === undefined ? undefined : state.registers[index];
  if (added !== undefined && added.kind !== 'constant')
    return computed('indexed', [start ?? IMAGE, added, constant(BigInt(scale)), constant(displacement)]);
  const more = added === undefined ? 0n : BigInt.asIntN(64, added.value) * BigInt(scale);
  if (start === undefined) return constant(displacement + more);
  const sum = BigInt(distance ?? 0) + more;
  if (distance === undefined || sum <= -FARTHEST || sum >= FARTHEST)
    return computed('indexed', [start, constant(displacement + more)]);
  return offsetFrom(start, Number(sum));
}

/** Whether an address lies below RSP, where a signal or an interrupt overwrites what is there. */
function isBelowStack({ registers }: State, { offset }: FrameAddress): boolean {
  const rsp = registers[REGISTER_INDEX.rsp];
  return rsp.kind === 'frame' && offset < rsp.offset;
}

export function readMemory(state: State, address: Value, bytes: number): Value {
  if (address.kind === 'frame' && isBelowStack(state, address)) state.usesRedZone = true;
  if (address.kind === 'frame') return readFrame(state, address.offset, bytes);
  const { base, offset } = baseOf(address);
  return state.memory.get(base.key)?.read(offset, bytes) ?? field(base, offset, bytes);
}

function readFrame(state: State, offset: number, bytes: number): Value {
  const written = state.frame.read(offset, bytes);
  if (written !== undefined) return written;
  if (offset < 0) return unknown(`stack ${offset}`);
  return offset % 8 === 0 ? part(incoming(offset), widthOf(bytes)) : unknown(`caller ${offset}`);
}

export function writeMemory(state: State, address: Value, bytes: number, value: Value): void {
  if (address.kind === 'frame') {
    if (isBelowStack(state, address)) state.usesRedZone = true;
    state.frame.write(address.offset, bytes, value);
    return;
  }
  const { base, offset } = baseOf(address);
  let cells = state.memory.get(base.key);
  if (cells === undefined) state.memory.set(base.key, (cells = Cells.empty()));
  cells.write(offset, bytes, value);
  state.stores.push({ base, offset, bytes, value, after: state.calls.length });
}

/** A general register or a part of it, zero-extended. */
function readRegister(state: State, { register, bits, high }: RegisterOperand): Value {
  const value = state.registers[register];
  return high ? computed('high8', [value]) : part(value, bits);
}

function writeRegister(state: State, { register, bits, high }: RegisterOperand, value: Value): void {
  // A 32-bit write clears the upper half; narrower ones leave the rest.
  const whole =
    bits === 64
      ? value
      : bits === 32
        ? part(value, 32)
        : computed(`insert${high ? 'high8' : bits}`, [state.registers[register], value]);
  state.registers[register] = whole;
}

/** @returns undefined for operands of other kinds: vectors, segments, control registers */
export function readOperand(state: State, operand: Operand): Value | undefined {
  switch (operand.kind) {
    case 'register':
      return readRegister(state, operand);
    case 'immediate':
      return constant(operand.value);
    case 'memory':
      return operand.bytes >= 1 && operand.bytes <= 8
        ? readMemory(state, addressOf(state, operand), operand.bytes)
        : undefined;
    default:
      return undefined;
  }
}

export function writeOperand(state: State, operand: Operand, value: Value): void {
  if (operand.kind === 'register') writeRegister(state, operand, value);
  else if (operand.kind === 'memory')
    writeMemory(state, addressOf(state, operand), operand.bytes, part(value, widthOf(operand.bytes)));
}

export function push(state: State, value: Value): void {
  const top = offsetFrom(state.registers[REGISTER_INDEX.rsp], -8);
  state.registers[REGISTER_INDEX.rsp] = top;
  if (top.kind === 'frame') state.frame.write(top.offset, 8, value);
}

export function pop(state: State): Value {
  const top = state.registers[REGISTER_INDEX.rsp];
  const value = readMemory(state, top, 8);
  state.registers[REGISTER_INDEX.rsp] = offsetFrom(top, 8);
  return value;
}
