/** What one instruction that goes on to the next does to what is known. What is not listed leaves something unknown behind. */
import { Mnemonic } from 'iced-x86';
import { REGISTER_INDEX } from '../x86/registers.js';
import { addressOf, pop, push, readMemory, readOperand, settled, writeMemory, writeOperand } from './access.js';
import { widthOf } from './cells.js';
import type { Operand, Operation } from './operation.js';
import type { Flags, State } from './state.js';
import { computed, constant, frameAddress, offsetFrom, part, unknown, type Value } from './value.js';

/** The largest block that `rep stos` fills here, in bytes. */
const LARGEST_FILL = 1024n;

/** Instructions that say nothing of registers, memory or flags that this reading asks for. */
const WITHOUT_EFFECT: ReadonlySet<Mnemonic> = new Set([
  Mnemonic.Nop,
  Mnemonic.Endbr64,
  Mnemonic.Pause,
  Mnemonic.Lfence,
  Mnemonic.Mfence,
  Mnemonic.Sfence,
  Mnemonic.Cli,
  Mnemonic.Cld,
  Mnemonic.Std,
  Mnemonic.Clac,
  Mnemonic.Stac,
  Mnemonic.Hlt,
]);

const WHOLE_MOVES: ReadonlySet<Mnemonic> = new Set([Mnemonic.Mov, Mnemonic.Movnti]);
const EXTENSIONS: ReadonlySet<Mnemonic> = new Set([Mnemonic.Movsx, Mnemonic.Movsxd]);
/** XMM, 16 bytes. */
const VECTOR_MOVES: ReadonlySet<Mnemonic> = new Set(
  ['Movups Movaps Movupd Movapd Movdqu Movdqa', 'Vmovups Vmovaps Vmovupd Vmovapd Vmovdqu Vmovdqa'].flatMap((names) =>
    names.split(' ').map((name) => Mnemonic[name as keyof typeof Mnemonic]),
  ),
);
const VECTOR_CLEARS: ReadonlySet<Mnemonic> = new Set([Mnemonic.Xorps, Mnemonic.Xorpd, Mnemonic.Pxor]);

type Arithmetic = (left: bigint, right: bigint) => bigint;
const ARITHMETIC: ReadonlyMap<Mnemonic, Arithmetic> = new Map<Mnemonic, Arithmetic>([
  [Mnemonic.Add, (left, right) => left + right],
  [Mnemonic.Sub, (left, right) => left - right],
  [Mnemonic.And, (left, right) => left & right],
  [Mnemonic.Or, (left, right) => left | right],
  [Mnemonic.Xor, (left, right) => left ^ right],
  [Mnemonic.Shl, (left, right) => left << (right & 63n)],
  [Mnemonic.Shr, (left, right) => left >> (right & 63n)],
]);

const LOGIC: ReadonlySet<Mnemonic> = new Set([Mnemonic.And, Mnemonic.Or, Mnemonic.Xor]);

const ALL = (1n << 64n) - 1n;
const allOf = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

/** Executes one instruction that does not branch. */
export function step(state: State, operation: Operation): void {
  const { mnemonic, operands } = operation;
  const wasSti = mnemonic === Mnemonic.Sti;
  if (wasSti) state.stis.push(state.calls.length);
  else if (WITHOUT_EFFECT.has(mnemonic)) return endStep(state, mnemonic);
  else if (!knownStep(state, operation, operands)) forget(state, operation);
  endStep(state, mnemonic);
}

/** The shadow of STI reaches over one instruction. */
function endStep(state: State, mnemonic: Mnemonic): void {
  state.isBehindSti = mnemonic === Mnemonic.Sti || (mnemonic === Mnemonic.Endbr64 && state.isBehindSti);
}

/** @returns false for what is not listed */
function knownStep(state: State, operation: Operation, operands: readonly Operand[]): boolean {
  const { mnemonic } = operation;
  const [target, source] = operands;
  if (WHOLE_MOVES.has(mnemonic)) return move(state, target, readOperand(state, source));
  if (mnemonic === Mnemonic.Movzx) return move(state, target, readOperand(state, source));
  if (EXTENSIONS.has(mnemonic)) return signExtend(state, target, source);
  if (VECTOR_MOVES.has(mnemonic)) return moveVector(state, operands);
  if (VECTOR_CLEARS.has(mnemonic)) return clearVector(state, operands);
  switch (mnemonic) {
    case Mnemonic.Movq:
      return moveToVector(state, target, source);
    case Mnemonic.Lea:
      return source.kind === 'memory' && move(state, target, addressOf(state, source));
    case Mnemonic.Push:
      push(state, readOperand(state, target) ?? unknown(`push ${operation.address}`));
      return true;
    case Mnemonic.Pop:
      // The address of the target is worked out after RSP has moved.
      writeOperand(state, target, pop(state));
      return true;
    case Mnemonic.Pushfq:
      push(state, unknown(`flags ${operation.address}`));
      return true;
    case Mnemonic.Popfq:
      pop(state);
      state.flags = undefined;
      return true;
    case Mnemonic.Leave:
      state.registers[REGISTER_INDEX.rsp] = settled(state.registers[REGISTER_INDEX.rbp]);
      state.registers[REGISTER_INDEX.rbp] = pop(state);
      return true;
    case Mnemonic.Xchg:
      return exchange(state, target, source);
    case Mnemonic.Inc:
    case Mnemonic.Dec:
      return arithmetic(state, mnemonic === Mnemonic.Inc ? Mnemonic.Add : Mnemonic.Sub, target, constant(1n));
    case Mnemonic.Test:
    case Mnemonic.Cmp:
      state.flags = comparison(state, mnemonic, target, source);
      return true;
    case Mnemonic.Bt:
      state.flags = bitTest(state, target, source);
      return true;
    case Mnemonic.Stosq:
    case Mnemonic.Stosd:
      return fill(state, operation, mnemonic === Mnemonic.Stosq ? 8 : 4);
  }
  if (!ARITHMETIC.has(mnemonic) || operands.length !== 2) return false;
  return arithmetic(state, mnemonic, target, readOperand(state, source), source);
}

/** What is written by an instruction that is not listed is unknown. */
function forget(state: State, { address, writes, operands, changesFlags, mnemonic }: Operation): void {
  const [target] = operands;
  if (target?.kind === 'memory' && target.bytes > 0 && target.bytes <= 64)
    writeMemory(state, addressOf(state, target), target.bytes, unknown(`${address}`));
  if (target?.kind === 'vector') state.vectors.delete(target.register);
  for (let register = 0; register < 16; register++) {
    if ((writes & (1 << register)) !== 0)
      state.registers[register] = computed(`${Mnemonic[mnemonic]}@${address.toString(16)}.${register}`, []);
  }
  if (changesFlags) state.flags = undefined;
}

function move(state: State, target: Operand, value: Value | undefined): boolean {
  if (value === undefined || (target.kind !== 'register' && target.kind !== 'memory')) return false;
  writeOperand(state, target, value);
  return true;
}

function signExtend(state: State, target: Operand, source: Operand): boolean {
  const value = readOperand(state, source);
  if (value === undefined || target.kind !== 'register') return false;
  const bits = bitsOf(source);
  writeOperand(
    state,
    target,
    value.kind === 'constant' ? constant(BigInt.asIntN(bits, value.value)) : computed(`sign${bits}`, [value]),
  );
  return true;
}

function exchange(state: State, target: Operand, source: Operand): boolean {
  const left = readOperand(state, target);
  const right = readOperand(state, source);
  if (left === undefined || right === undefined) return false;
  writeOperand(state, source, left);
  writeOperand(state, target, right);
  return true;
}

function moveVector(state: State, operands: readonly Operand[]): boolean {
  const [target, source] = operands;
  const halves = vectorOf(state, source);
  if (operands.length !== 2 || halves === undefined) return false;
  if (target.kind === 'vector') state.vectors.set(target.register, halves);
  else if (target.kind === 'memory' && target.bytes === 16) {
    const address = addressOf(state, target);
    halves.forEach((half, index) => writeMemory(state, offsetFrom(address, 8 * index), 8, half));
  } else return false;
  return true;
}

/** MOVQ between a general register and an XMM register. */
function moveToVector(state: State, target: Operand, source: Operand): boolean {
  if (target.kind === 'register' && source.kind === 'vector')
    return move(state, target, state.vectors.get(source.register)?.[0]);
  if (target.kind !== 'vector' || source.kind !== 'register') return false;
  state.vectors.set(target.register, [state.registers[source.register], constant(0n)]);
  return true;
}

function vectorOf(state: State, source: Operand): readonly [Value, Value] | undefined {
  if (source.kind === 'vector') return state.vectors.get(source.register);
  if (source.kind !== 'memory' || source.bytes !== 16) return undefined;
  const address = addressOf(state, source);
  return [readMemory(state, address, 8), readMemory(state, offsetFrom(address, 8), 8)];
}

function clearVector(state: State, operands: readonly Operand[]): boolean {
  const [target, source] = operands;
  if (operands.length !== 2 || target.kind !== 'vector' || source.kind !== 'vector') return false;
  if (target.register !== source.register) return false;
  state.vectors.set(target.register, [constant(0n), constant(0n)]);
  return true;
}

function bitsOf(operand: Operand): number {
  if (operand.kind === 'register') return operand.bits;
  return operand.kind === 'memory' ? 8 * operand.bytes : 64;
}

function isSameRegister(left: Operand, right: Operand | undefined): boolean {
  return (
    left.kind === 'register' &&
    right?.kind === 'register' &&
    left.register === right.register &&
    left.bits === right.bits &&
    left.high === right.high
  );
}

function arithmetic(
  state: State,
  mnemonic: Mnemonic,
  target: Operand,
  right: Value | undefined,
  source?: Operand,
): boolean {
  const left = readOperand(state, target);
  if (left === undefined || right === undefined) return false;
  const bits = bitsOf(target);
  const result = resultOf(mnemonic, left, right, bits, isSameRegister(target, source));
  state.flags =
    mnemonic === Mnemonic.Sub
      ? { kind: 'compare', left, right, bits }
      : { kind: 'bits', value: result, mask: allOf(bits), bits, clearsCarry: LOGIC.has(mnemonic) };
  writeOperand(state, target, result);
  return true;
}

function resultOf(mnemonic: Mnemonic, left: Value, right: Value, bits: number, same: boolean): Value {
  if (same && (mnemonic === Mnemonic.Xor || mnemonic === Mnemonic.Sub)) return constant(0n);
  if (same && (mnemonic === Mnemonic.And || mnemonic === Mnemonic.Or)) return left;
  if (left.kind === 'constant' && right.kind === 'constant')
    return constant(BigInt.asUintN(bits, (ARITHMETIC.get(mnemonic) as Arithmetic)(left.value, right.value)));
  if (bits === 64 && right.kind === 'constant') {
    const distance = Number(BigInt.asIntN(64, right.value));
    const isNear = Math.abs(distance) < 2 ** 31;
    if (mnemonic === Mnemonic.Add && isNear) return offsetFrom(settledAddress(left), distance);
    if (mnemonic === Mnemonic.Sub && isNear) return offsetFrom(settledAddress(left), -distance);
  }
  if (mnemonic === Mnemonic.And && right.kind === 'constant') {
    // A caller's RSP is 8 below a multiple of 16, where the return address lies.
    const boundary = BigInt.asUintN(64, -right.value);
    if (left.kind === 'frame' && boundary <= 4096n)
      return frameAddress(Number(BigInt.asIntN(64, (BigInt(left.offset) + 8n) & right.value)) - 8);
    if (right.value === 0xffn || right.value === 0xffffn || right.value === 0xffff_ffffn)
      return part(left, widthOf(right.value === 0xffn ? 1 : right.value === 0xffffn ? 2 : 4));
  }
  return computed(Mnemonic[mnemonic].toLowerCase(), [left, right]);
}

function settledAddress(value: Value): Value {
  return value.kind === 'answer' && value.before.kind === 'frame' ? settled(value) : value;
}

function comparison(state: State, mnemonic: Mnemonic, target: Operand, source: Operand): Flags | undefined {
  const left = readOperand(state, target);
  const right = readOperand(state, source);
  if (left === undefined || right === undefined) return undefined;
  const bits = bitsOf(target);
  if (mnemonic === Mnemonic.Cmp) return { kind: 'compare', left: settled(left), right: settled(right), bits };
  if (isSameRegister(target, source))
    return { kind: 'bits', value: settled(left), mask: allOf(bits), bits, clearsCarry: true };
  if (right.kind === 'constant')
    return { kind: 'bits', value: settled(left), mask: right.value & allOf(bits), bits, clearsCarry: true };
  if (left.kind === 'constant')
    return { kind: 'bits', value: settled(right), mask: left.value & allOf(bits), bits, clearsCarry: true };
  return { kind: 'bits', value: computed('and', [left, right]), mask: ALL & allOf(bits), bits, clearsCarry: true };
}

function bitTest(state: State, target: Operand, source: Operand): Flags | undefined {
  const value = readOperand(state, target);
  const bit = readOperand(state, source);
  if (value === undefined || bit?.kind !== 'constant') return undefined;
  return { kind: 'bit', value: settled(value), mask: 1n << (bit.value % BigInt(bitsOf(target))) };
}

/** `rep stos` of a known length. */
function fill(state: State, { isRepeated, address }: Operation, bytes: number): boolean {
  const { rax, rcx, rdi } = REGISTER_INDEX;
  const count = isRepeated ? state.registers[rcx] : constant(1n);
  if (count.kind !== 'constant' || count.value * BigInt(bytes) > LARGEST_FILL) {
    state.registers[rdi] = unknown(`fill ${address}`);
    if (isRepeated) state.registers[rcx] = constant(0n);
    return true;
  }
  const start = settled(state.registers[rdi]);
  const value = part(state.registers[rax], widthOf(bytes));
  const times = Number(count.value);
  for (let index = 0; index < times; index++) writeMemory(state, offsetFrom(start, bytes * index), bytes, value);
  state.registers[rdi] = offsetFrom(start, bytes * times);
  if (isRepeated) state.registers[rcx] = constant(0n);
  return true;
}
