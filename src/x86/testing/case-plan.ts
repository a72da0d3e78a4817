import {
  Code,
  CpuidFeature,
  FlowControl,
  InstructionInfoFactory,
  Mnemonic,
  OpKind,
  Register,
  RegisterExt,
  type UsedMemory,
} from 'iced-x86';
import { decodeInstruction, disassemble, type Flow } from '../decode.js';
import type { Row } from '../row.js';
import { NATIVE } from './native-oracle.js';

/** One memory operand, named or implied: base + index * scale + displacement + segment base. */
export interface MemoryUse {
  /** Hardware number of the general register, or -1. */
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  readonly displacementLow: number;
  readonly displacementHigh: number;
  /** The index is AL, as of XLATB. */
  readonly indexIsByte: boolean;
  /** The address is cut to 32 bits. */
  readonly is32: boolean;
  readonly segment: 'none' | 'fs' | 'gs';
}

/** What is known of an encoding before its states are made: where its operands lie, and what of its outcome is undefined. */
export interface CasePlan {
  readonly row: Row;
  readonly code: Code;
  readonly bytes: Uint8Array;
  /** GNU syntax. */
  readonly text: string;
  readonly flow: Flow;
  /** What the CPU must have to know it, as iced-x86 names it: `BMI1`. */
  readonly features: readonly string[];
  readonly memory: readonly MemoryUse[];
  /** General registers that the instruction reads. */
  readonly reads: readonly number[];
  /** XMM registers that it reads. */
  readonly readsXmm: readonly number[];
  readonly usesSegment: boolean;
  /** What an indirect branch takes its target from: a general register, memory (-2), or nothing (-1). */
  readonly targetFrom: number;
  /** Counts with RCX: a REP prefix, LOOP, JRCXZ. */
  readonly repeats: boolean;
  readonly loops: boolean;
  readonly isString: boolean;
  /** The register whose value, as a signed number of bits, is added to the address of a bit test; -1 if none. */
  readonly bitOffset: number;
  /** Width in bits of operand 0, for counts and bit offsets. */
  readonly width: number;
  /** The immediate shift count, -1 if CL. */
  readonly immediateCount: number;
  /** Hardware number of operand 0 if it is a general register, -1 otherwise. */
  readonly destination: number;
  /** Hardware number of operand 1 if it is a general register, -1 otherwise. */
  readonly source: number;
}

const BIT_TEST: ReadonlySet<Mnemonic> = new Set([Mnemonic.Bt, Mnemonic.Bts, Mnemonic.Btr, Mnemonic.Btc]);
const STRING = /^(Movs|Stos|Lods|Cmps|Scas)[bwdq]$/;

let infos: InstructionInfoFactory | undefined;

/** Hardware number of a general register or a part of one; AH to BH are those of RAX to RBX. -1 for all others. */
function generalNumber(register: Register): number {
  const full = RegisterExt.fullRegister(register);
  return full >= Register.RAX && full <= Register.R15 ? full - Register.RAX : -1;
}

function memoryUse(used: UsedMemory): MemoryUse | undefined {
  const { base, index, displacement, segment } = used;
  if (RegisterExt.isVectorRegister(index)) return undefined;
  // Relative to RIP: iced has the address as the displacement then.
  const baseNumber = generalNumber(base);
  return {
    base: baseNumber,
    index: generalNumber(index),
    scale: used.scale,
    displacementLow: Number(BigInt.asIntN(32, displacement)),
    displacementHigh: Number(BigInt.asIntN(32, displacement >> 32n)),
    indexIsByte: index === Register.AL,
    is32:
      base === Register.EIP ||
      (base >= Register.EAX && base <= Register.R15D) ||
      (index >= Register.EAX && index <= Register.R15D),
    segment: segment === Register.FS ? 'fs' : segment === Register.GS ? 'gs' : 'none',
  };
}

/** Looks at an encoding. @returns undefined if the machine does not execute it, or it is of another row */
export function planOf(row: Row, bytes: Uint8Array): CasePlan | undefined {
  const known = disassemble(bytes, BigInt(NATIVE.code));
  if (known.unknown !== undefined || known.length !== bytes.length) return undefined;
  const instruction = decodeInstruction(bytes, BigInt(NATIVE.code));
  infos ??= new InstructionInfoFactory();
  const info = infos.info(instruction);
  try {
    if (instruction.mnemonic !== row.mnemonic) return undefined;
    const memory: MemoryUse[] = [];
    const isLea = row.mnemonic === Mnemonic.Lea || row.mnemonic === Mnemonic.Nop;
    for (const used of info.usedMemory() as UsedMemory[]) {
      const use = isLea ? undefined : memoryUse(used);
      used.free();
      if (use !== undefined) memory.push(use);
    }
    const readsXmm: number[] = [];
    for (const used of info.usedRegisters() as { register: Register; free(): void }[]) {
      const full = RegisterExt.fullRegister(used.register);
      used.free();
      if (RegisterExt.isVectorRegister(full)) readsXmm.push(RegisterExt.number(full));
    }
    const name = Mnemonic[row.mnemonic];
    const isRegister = (operand: number): boolean =>
      operand < instruction.opCount && instruction.opKind(operand) === OpKind.Register;
    const hasMemory = instruction.opCount > 0 && instruction.opKind(0) === OpKind.Memory;
    const flow = instruction.flowControl;
    let targetFrom = -1;
    if (flow === FlowControl.Return) targetFrom = -2;
    else if (flow === FlowControl.IndirectBranch || flow === FlowControl.IndirectCall)
      targetFrom = isRegister(0) ? generalNumber(instruction.opRegister(0)) : -2;
    const immediates = known.immediates;
    return {
      row,
      code: instruction.code,
      bytes,
      text: known.text,
      flow: known.flow,
      features: Array.from(instruction.cpuidFeatures(), (feature) => CpuidFeature[feature]),
      memory,
      reads: Array.from({ length: 16 }, (_, r) => r).filter((r) => (known.readsRegisters & (1 << r)) !== 0),
      readsXmm,
      usesSegment: memory.some(({ segment }) => segment !== 'none') || /^(rd|wr)[fg]sbase/i.test(name),
      targetFrom,
      repeats: STRING.test(name) && (instruction.hasRepPrefix || instruction.hasRepnePrefix),
      loops: /^Loop|^Jr?e?cxz/.test(name),
      isString: STRING.test(name),
      bitOffset:
        BIT_TEST.has(row.mnemonic) && hasMemory && isRegister(1) ? generalNumber(instruction.opRegister(1)) : -1,
      width: Number(/_rm(8|16|32|64)/.exec(Code[instruction.code])?.[1] ?? 64),
      immediateCount: immediates.length > 0 ? Number(immediates[0] & 0xffn) : -1,
      destination: isRegister(0) ? generalNumber(instruction.opRegister(0)) : -1,
      source: isRegister(1) ? generalNumber(instruction.opRegister(1)) : -1,
    };
  } finally {
    info.free();
    instruction.free();
  }
}
