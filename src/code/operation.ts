/** One instruction as plain data: what it does to which operands, for reading code without running it. */
import {
  type ConditionCode,
  type Instruction,
  MemorySizeExt,
  type Mnemonic,
  OpKind,
  Register,
  RegisterExt,
} from 'iced-x86';
import type { Image } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import { decodeInstruction, disassemble, type Flow } from '../x86/decode.js';

/** The longest x86 instruction has 15 bytes. */
const LONGEST = 15;

export interface RegisterOperand {
  readonly kind: 'register';
  /** Hardware number. */
  readonly register: number;
  readonly bits: 8 | 16 | 32 | 64;
  /** AH, CH, DH or BH. */
  readonly high: boolean;
}

export interface MemoryOperand {
  readonly kind: 'memory';
  /** Hardware numbers of the registers that the address is made of; none for an absolute or RIP-relative one. */
  readonly base: number | undefined;
  readonly index: number | undefined;
  readonly scale: number;
  /** Signed; of a RIP-relative operand the whole address. */
  readonly displacement: bigint;
  /** FS or GS: no address that this code knows. */
  readonly hasSegment: boolean;
  /** Bytes that are read or written; 0 where the instruction has no size of its own. */
  readonly bytes: number;
}

export type Operand =
  | RegisterOperand
  | MemoryOperand
  | { readonly kind: 'immediate'; readonly value: bigint }
  /** An XMM, YMM or ZMM register, by number. */
  | { readonly kind: 'vector'; readonly register: number }
  | { readonly kind: 'other' };

export interface Operation {
  readonly address: bigint;
  /** Address of the next instruction. */
  readonly next: bigint;
  readonly mnemonic: Mnemonic;
  /** Of Jcc, SETcc and CMOVcc. */
  readonly condition: ConditionCode;
  readonly operands: readonly Operand[];
  readonly flow: Flow;
  /** Of a direct branch or call. */
  readonly target: bigint | undefined;
  /** Bit i: general register i or a part of it may be written. */
  readonly writes: number;
  /** Whether arithmetic flags may be changed. */
  readonly changesFlags: boolean;
  readonly isRepeated: boolean;
  /** GNU AT&T syntax. */
  readonly text: string;
}

/** The instruction at an address; undefined where the image has no code or the bytes are no instruction. */
export function operationAt(image: Image, address: bigint): Operation | undefined {
  const segment = segmentAt(image.segments, address);
  if (segment === undefined || !segment.execute) return undefined;
  const at = Number(address - segment.address);
  const bytes = segment.bytes.subarray(at, at + LONGEST);
  const instruction = decodeInstruction(bytes, address);
  try {
    return instruction.isInvalid ? undefined : describe(instruction, bytes, address);
  } finally {
    instruction.free();
  }
}

function describe(instruction: Instruction, bytes: Uint8Array, address: bigint): Operation {
  const { flow, target, writesRegisters, touchesFlags, text } = disassemble(bytes, address);
  return {
    address,
    next: address + BigInt(instruction.length),
    mnemonic: instruction.mnemonic,
    condition: instruction.conditionCode,
    operands: Array.from({ length: instruction.opCount }, (_, index) => operandOf(instruction, index)),
    flow,
    target,
    writes: writesRegisters,
    changesFlags: touchesFlags !== 0,
    isRepeated: instruction.hasRepPrefix || instruction.hasRepePrefix || instruction.hasRepnePrefix,
    text,
  };
}

function operandOf(instruction: Instruction, index: number): Operand {
  const kind = instruction.opKind(index);
  if (kind === OpKind.Register) return registerOperand(instruction.opRegister(index));
  if (kind === OpKind.Memory) return memoryOperand(instruction);
  if (kind >= OpKind.Immediate8 && kind <= OpKind.Immediate32to64)
    return { kind: 'immediate', value: BigInt.asUintN(64, instruction.immediate(index)) };
  return { kind: 'other' };
}

function registerOperand(register: Register): Operand {
  const number = generalNumber(register);
  if (number === undefined)
    return RegisterExt.isVectorRegister(register)
      ? { kind: 'vector', register: RegisterExt.number(register) }
      : { kind: 'other' };
  return {
    kind: 'register',
    register: number,
    bits: (8 * RegisterExt.size(register)) as RegisterOperand['bits'],
    high: register >= Register.AH && register <= Register.BH,
  };
}

function generalNumber(register: Register): number | undefined {
  const full = RegisterExt.fullRegister(register);
  return full >= Register.RAX && full <= Register.R15 ? full - Register.RAX : undefined;
}

function memoryOperand(instruction: Instruction): MemoryOperand {
  const { memoryBase, memoryIndex, memorySegment } = instruction;
  const displacement = instruction.isIpRelMemoryOperand
    ? instruction.ipRelMemoryAddress
    : BigInt.asIntN(64, instruction.memoryDisplacement);
  return {
    kind: 'memory',
    base: instruction.isIpRelMemoryOperand ? undefined : generalNumber(memoryBase),
    index: generalNumber(memoryIndex),
    scale: instruction.memoryIndexScale,
    displacement,
    hasSegment: memorySegment === Register.FS || memorySegment === Register.GS,
    bytes: MemorySizeExt.size(instruction.memorySize),
  };
}
