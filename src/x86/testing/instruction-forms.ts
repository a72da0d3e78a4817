import {
  Code,
  CodeExt,
  Encoder,
  EncodingKind,
  Instruction,
  type Mnemonic,
  OpCodeOperandKind,
  OpKind,
  Register,
} from 'iced-x86';
import { NATIVE } from './native-oracle.js';
import type { RandomValues } from './random-values.js';

/** One encoded instruction and what its registers must hold for its memory operand to be mapped. */
export interface EncodedForm {
  readonly code: Code;
  readonly bytes: Uint8Array;
  /** Registers (hardware numbers) that take part in the address. */
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  readonly displacement: number;
  readonly hasMemory: boolean;
  /** Hardware number of the general register that is operand i, or -1. */
  readonly operandRegister: readonly number[];
}

const K = OpCodeOperandKind;

/** Register families by operand kind; the first register of each in hardware order. */
const REGISTER_KINDS: ReadonlyMap<OpCodeOperandKind, { first: Register; count: number }> = new Map(
  (
    [
      [[K.r8_reg, K.r8_opcode, K.r8_or_mem], Register.AL, 4],
      [[K.r16_reg, K.r16_reg_mem, K.r16_rm, K.r16_opcode, K.r16_or_mem], Register.AX, 16],
      [[K.r32_reg, K.r32_reg_mem, K.r32_rm, K.r32_opcode, K.r32_vvvv, K.r32_or_mem], Register.EAX, 16],
      [[K.r64_reg, K.r64_reg_mem, K.r64_rm, K.r64_opcode, K.r64_vvvv, K.r64_or_mem], Register.RAX, 16],
      [[K.xmm_reg, K.xmm_rm, K.xmm_or_mem], Register.XMM0, 16],
    ] as const
  ).flatMap(([kinds, first, count]) => kinds.map((kind) => [kind, { first, count }] as const)),
);

const FIXED_REGISTERS: ReadonlyMap<OpCodeOperandKind, Register> = new Map([
  [K.al, Register.AL],
  [K.cl, Register.CL],
  [K.ax, Register.AX],
  [K.dx, Register.DX],
  [K.eax, Register.EAX],
  [K.rax, Register.RAX],
]);

const OR_MEMORY: ReadonlySet<OpCodeOperandKind> = new Set([
  K.r8_or_mem,
  K.r16_or_mem,
  K.r32_or_mem,
  K.r64_or_mem,
  K.xmm_or_mem,
  K.mem,
]);

const IMMEDIATES: ReadonlyMap<OpCodeOperandKind, { kind: OpKind; bits: number }> = new Map([
  [K.imm8, { kind: OpKind.Immediate8, bits: 8 }],
  [K.imm8sex16, { kind: OpKind.Immediate8to16, bits: 8 }],
  [K.imm8sex32, { kind: OpKind.Immediate8to32, bits: 8 }],
  [K.imm8sex64, { kind: OpKind.Immediate8to64, bits: 8 }],
  [K.imm16, { kind: OpKind.Immediate16, bits: 16 }],
  [K.imm32, { kind: OpKind.Immediate32, bits: 32 }],
  [K.imm32sex64, { kind: OpKind.Immediate32to64, bits: 32 }],
  [K.imm64, { kind: OpKind.Immediate64, bits: 64 }],
]);

let codes: Map<Mnemonic, Code[]> | undefined;

/** All legacy and VEX encodings that exist in 64-bit mode, by mnemonic; looked up once, because iced has some 4900. */
function allCodes(): Map<Mnemonic, Code[]> {
  if (codes !== undefined) return codes;
  codes = new Map();
  for (const value of Object.values(Code)) {
    if (typeof value !== 'number' || value === Code.INVALID) continue;
    const info = CodeExt.opCode(value);
    const encodable = info.encoding === EncodingKind.Legacy || info.encoding === EncodingKind.VEX;
    if (info.isInstruction && info.mode64 && encodable) {
      const known = codes.get(info.mnemonic);
      if (known === undefined) codes.set(info.mnemonic, [value]);
      else known.push(value);
    }
    info.free();
  }
  return codes;
}

/** All legacy and VEX encodings of a mnemonic that exist in 64-bit mode. */
export function codesOf(mnemonic: Mnemonic): readonly Code[] {
  return allCodes().get(mnemonic) ?? [];
}

/**
 * Encodes one random instance of an encoding; undefined for operand kinds that the test does not make (segment registers, MMX,
 * two immediates) and for combinations that cannot be encoded (AH with a REX prefix).
 */
export function encodeForm(code: Code, random: RandomValues, wantsMemory: boolean): EncodedForm | undefined {
  const info = CodeExt.opCode(code);
  const instruction = new Instruction();
  const encoder = new Encoder(64);
  try {
    instruction.code = code;
    let hasMemory = false;
    let base = -1;
    let index = -1;
    let scale = 1;
    let displacement = 0;
    const operandRegister: number[] = [];
    // String instructions: ESI and EDI instead of RSI and RDI.
    const narrow = random.chance(0.2);
    for (let i = 0; i < info.opCount; i++) {
      const kind = info.opKind(i);
      operandRegister.push(-1);
      const fixed = FIXED_REGISTERS.get(kind);
      const immediate = IMMEDIATES.get(kind);
      const family = REGISTER_KINDS.get(kind);
      if (fixed !== undefined) {
        instruction.setOpKind(i, OpKind.Register);
        instruction.setOpRegister(i, fixed);
        operandRegister[i] = kind === K.cl ? 1 : kind === K.dx ? 2 : 0;
      } else if (immediate !== undefined) {
        instruction.setOpKind(i, immediate.kind);
        const raw = immediate.bits === 64 ? random.value64() : BigInt.asIntN(immediate.bits, random.value64());
        if (kind === K.imm8 || kind === K.imm16 || kind === K.imm32 || kind === K.imm64) {
          instruction.setImmediateU64(i, BigInt.asUintN(immediate.bits, raw));
        } else instruction.setImmediateI64(i, raw);
      } else if (kind === K.imm8_const_1) {
        instruction.setOpKind(i, OpKind.Immediate8);
        instruction.setImmediateU32(i, 1);
      } else if (OR_MEMORY.has(kind) && (wantsMemory || kind === K.mem)) {
        hasMemory = true;
        instruction.setOpKind(i, OpKind.Memory);
        base = random.pick([0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        instruction.memoryBase = Register.RAX + base;
        if (random.chance(0.4)) {
          do index = random.below(16);
          while (index === 4 || index === base);
          scale = random.pick([1, 2, 4, 8]);
          instruction.memoryIndex = Register.RAX + index;
          instruction.memoryIndexScale = scale;
        }
        displacement = random.pick([0, 0, 8, -16, 127, -128, 0x1234, -0x7654321]);
        instruction.memoryDisplacement = BigInt(displacement);
        instruction.memoryDisplSize = displacement === 0 ? 0 : displacement >= -128 && displacement < 128 ? 1 : 8;
      } else if (kind === K.mem_offs) {
        // An absolute address, which needs no register to be aimed.
        instruction.setOpKind(i, OpKind.Memory);
        instruction.memoryDisplacement = BigInt(NATIVE.window + 64 + random.below(112));
        instruction.memoryDisplSize = 8;
      } else if (family !== undefined) {
        instruction.setOpKind(i, OpKind.Register);
        let number = random.below(family.count);
        if (number === 4 && family.count === 16 && family.first !== Register.XMM0 && random.chance(0.8)) number = 5;
        let register: Register = family.first + number;
        let hardware = number;
        if (family.count === 4) {
          // 8-bit registers: low ones of the old four, high ones, and those that need REX.
          const choice = random.below(3);
          if (choice === 1) register = Register.AH + number;
          else if (choice === 2) {
            const rex = random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
            register = Register.SPL + rex;
            hardware = 4 + rex;
          }
        }
        instruction.setOpRegister(i, register);
        operandRegister[i] = family.first === Register.XMM0 ? -1 : hardware;
      } else if (kind === K.seg_rSI) {
        instruction.setOpKind(i, narrow ? OpKind.MemorySegESI : OpKind.MemorySegRSI);
      } else if (kind === K.es_rDI) {
        instruction.setOpKind(i, narrow ? OpKind.MemoryESEDI : OpKind.MemoryESRDI);
      } else if (kind === K.seg_rBX_al) {
        instruction.setOpKind(i, OpKind.Memory);
        instruction.memoryBase = narrow ? Register.EBX : Register.RBX;
        instruction.memoryIndex = Register.AL;
      } else if (kind === K.br64_1 || kind === K.br64_4) {
        instruction.setOpKind(i, OpKind.NearBranch64);
        instruction.nearBranch64 = BigInt(NATIVE.taken);
      } else return undefined;
    }
    try {
      encoder.encode(instruction, BigInt(NATIVE.code));
    } catch {
      return undefined;
    }
    const bytes = encoder.takeBuffer();
    if (bytes.length > 15) return undefined;
    return { code, bytes, base, index, scale, displacement, hasMemory, operandRegister };
  } finally {
    info.free();
    instruction.free();
    encoder.free();
  }
}
