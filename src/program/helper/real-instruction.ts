/**
 * An access to a device as machine code, for a kernel that decodes what lies at RIP itself: the form of a story as bytes, with
 * the address in a base register (Intel SDM volume 2, 2.1 and 2.2.1; MOV, MOVZX, MOVSX, MOVS, ADD).
 */
import { PT_REGS_BY_NUMBER } from '../../../models/abi/linux-structs.js';
import type { MMIO_INSTRUCTION } from '../../../models/predict/helper/mmio.js';

/** What the instruction is: `bytes` in memory, `operand` in the register. */
export interface AccessForm {
  readonly kind: keyof typeof MMIO_INSTRUCTION;
  readonly bytes: number;
  readonly operand: number;
}

export interface RealInstruction {
  readonly bytes: readonly number[];
  /** Number of the register that must hold the address. */
  readonly base: number;
  /** What the decoder makes of the immediate: 64 bits, sign-extended from as many as are encoded. */
  readonly immediate: bigint;
}

const RBX = 3;
const RSI = 6;
/** Of an 8-bit operand the opcode is one less. */
const WIDE = 1;

/** @param register number of the register operand, in which the address never lies */
export function encodeAccess(
  { kind, bytes, operand }: AccessForm,
  register: number,
  immediate: bigint,
): RealInstruction {
  const base = register === RBX ? RSI : RBX;
  const width = kind === 'readZeroExtend' || kind === 'readSignExtend' ? operand : bytes;
  const wide = bytes > 1 ? WIDE : 0;
  // REX always: without it the 8-bit registers 4 to 7 are other ones.
  const rex = 0x40 | (width === 8 ? 8 : 0) | (register >= 8 ? 4 : 0);
  const prefixes = width === 2 ? [0x66, rex] : [rex];
  const modrm = ((register & 7) << 3) | base;
  const plain = (...opcode: number[]): RealInstruction => ({
    bytes: [...prefixes, ...opcode, modrm],
    base,
    immediate: 0n,
  });
  switch (kind) {
    case 'read':
      return plain(0x8a | wide);
    case 'write':
      return plain(0x88 | wide);
    case 'readZeroExtend':
      return plain(0x0f, 0xb6 | wide);
    case 'readSignExtend':
      return plain(0x0f, 0xbe | wide);
    case 'writeImmediate': {
      const encoded = Math.min(bytes, 4);
      const low = Array.from({ length: encoded }, (_, index) => Number((immediate >> BigInt(8 * index)) & 0xffn));
      return {
        bytes: [...prefixes, 0xc6 | wide, base, ...low],
        base,
        immediate: BigInt.asUintN(64, BigInt.asIntN(8 * encoded, immediate)),
      };
    }
    case 'string':
      return { bytes: [...prefixes, 0xa4 | wide], base, immediate: 0n };
    case 'undecodable':
      // An ADD to memory: it is decoded, and is none that the kernel emulates.
      return plain(0x00 | wide);
  }
}

/** Name of the field in which the saved registers have a base. */
export function savedBase({ base }: RealInstruction): string {
  return `regs.${PT_REGS_BY_NUMBER[base]}`;
}
