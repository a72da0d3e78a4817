import {
  Decoder,
  DecoderError,
  DecoderOptions,
  FlowControl,
  Formatter,
  FormatterSyntax,
  type Instruction,
  InstructionInfoFactory,
  Mnemonic,
  OpAccess,
  OpKind,
  Register,
  RegisterExt,
  type UsedRegister,
} from 'iced-x86';
import { ARITHMETIC_FLAGS, FLAG } from './flags.js';
import { liftInstruction, NO_CONSTANT_SLOTS } from './lift.js';
import { OP } from './micro-ops.js';
import { REGISTER_INDEX } from './registers.js';
import { rowOf } from './table.js';

/** Where control goes after an instruction. */
export type Flow = 'next' | 'branch' | 'conditional' | 'call' | 'return' | 'trap' | 'environment';

/** What can be said of one instruction without executing it. */
export interface DecodedInstruction {
  readonly address: bigint;
  /** Bytes; 1 for bytes that are no instruction. */
  readonly length: number;
  /** GNU AT&T syntax. */
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Bit i: general register i (hardware order) or a part of it is read, implicit operands and addresses included. */
  readonly readsRegisters: number;
  /** Bit i: general register i or a part of it may be written. */
  readonly writesRegisters: number;
  /** Reads or writes an XMM register, MXCSR or x87 state. */
  readonly touchesVector: boolean;
  /** Bits of FLAG that may be written, undefined ones, IF and DF included; 0 if none. */
  readonly touchesFlags: number;
  /** Immediate operands as unsigned 64-bit values, sign-extended where the instruction does so. */
  readonly immediates: readonly bigint[];
  /** The displacement of a memory operand, 32 bits or wider and sign-extended, that is not relative to RIP: it may be an address. */
  readonly displacement?: bigint;
  readonly flow: Flow;
  /** The target of a direct branch or call. */
  readonly target?: bigint;
  /** Set if the machine cannot execute it, or if the bytes end too early to tell: a text for people. */
  readonly unknown?: string;
}

const ALL_GENERAL = 0xffff;

interface Effects {
  readonly reads: number;
  readonly writes: number;
  readonly flags: number;
}

/** What a call of another world may do: everything but RSP may come back changed. */
function callOut(flags: number): Effects {
  return { reads: ALL_GENERAL, writes: ALL_GENERAL & ~(1 << REGISTER_INDEX.rsp), flags };
}

/**
 * Registers and flags of instructions for which iced-x86 1.21 has none or not all. What TDCALL, SEAMCALL and their relatives
 * do depends on the leaf. The flags are those of VMfail and VMsucceed.
 */
const OWN_EFFECTS: ReadonlyMap<Mnemonic, Effects> = new Map([
  [Mnemonic.Tdcall, callOut(0)],
  [Mnemonic.Vmmcall, callOut(0)],
  [Mnemonic.Vmgexit, callOut(0)],
  [Mnemonic.Getsec, callOut(0)],
  [Mnemonic.Getsecq, callOut(0)],
  [Mnemonic.Seamcall, callOut(ARITHMETIC_FLAGS)],
  [Mnemonic.Seamops, callOut(ARITHMETIC_FLAGS)],
  [Mnemonic.Seamret, callOut(ARITHMETIC_FLAGS)],
  [Mnemonic.Vmcall, callOut(ARITHMETIC_FLAGS)],
  [Mnemonic.Vmlaunch, callOut(ARITHMETIC_FLAGS)],
  [Mnemonic.Vmresume, callOut(ARITHMETIC_FLAGS)],
  [Mnemonic.Rdrand, { reads: 0, writes: 0, flags: ARITHMETIC_FLAGS }],
  [Mnemonic.Rdseed, { reads: 0, writes: 0, flags: ARITHMETIC_FLAGS }],
]);

/** The parts of iced-x86 that live as long as the process. */
let formatters: { att: Formatter; intel: Formatter; info: InstructionInfoFactory } | undefined;

function tools(): { att: Formatter; intel: Formatter; info: InstructionInfoFactory } {
  if (formatters === undefined) {
    const att = new Formatter(FormatterSyntax.Gas);
    // 1.21 names branch targets and displacements of RIP-relative operands as plain hexadecimal numbers with these.
    for (const formatter of [att]) {
      formatter.hexPrefix = '0x';
      formatter.hexSuffix = '';
      formatter.uppercaseHex = false;
      formatter.spaceAfterOperandSeparator = false;
    }
    const intel = new Formatter(FormatterSyntax.Nasm);
    intel.hexPrefix = '0x';
    intel.hexSuffix = '';
    intel.uppercaseHex = false;
    formatters = { att, intel, info: new InstructionInfoFactory() };
  }
  return formatters;
}

/**
 * Decodes one 64-bit instruction. The caller frees the result.
 *
 * @returns the instruction; `isInvalid` if the bytes are none, with a length of 0 if they are too few to tell
 */
export function decodeInstruction(bytes: Uint8Array, address: bigint): Instruction {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  try {
    decoder.ip = address;
    const instruction = decoder.decode();
    // iced gives an invalid instruction the length that it looked at.
    if (decoder.lastError === DecoderError.NoMoreBytes) instruction.length = 0;
    return instruction;
  } finally {
    decoder.free();
  }
}

/** Decodes and describes the instruction that begins at `bytes[0]`. */
export function disassemble(bytes: Uint8Array, address: bigint): DecodedInstruction {
  const instruction = decodeInstruction(bytes, address);
  try {
    return describe(instruction, bytes, address);
  } finally {
    instruction.free();
  }
}

/** The text for people of an instruction that the machine cannot execute: Intel syntax, bytes and address. */
export function unknownText(instruction: Instruction, bytes: Uint8Array, address: bigint): string {
  const shown = instruction.isInvalid
    ? bytes.subarray(0, Math.min(bytes.length, 15))
    : bytes.subarray(0, instruction.length);
  const name = instruction.isInvalid ? 'no valid instruction' : tools().intel.format(instruction);
  return `${name} (${hexBytes(shown)}) at 0x${address.toString(16)}`;
}

/** iced-x86 1.21 tells a small number, which it writes in decimal, by the lower half alone: 0x8000000000000001 would be 1. */
function textOf(instruction: Instruction, immediates: readonly bigint[]): string {
  const { att } = tools();
  att.smallHexNumbersInDecimal = immediates.every((value) => value >> 32n === 0n || (value & 0xffffffffn) > 9n);
  return att.format(instruction);
}

function describe(instruction: Instruction, bytes: Uint8Array, address: bigint): DecodedInstruction {
  if (instruction.isInvalid) {
    return {
      address,
      length: 1,
      text: '(bad)',
      bytes: bytes.slice(0, 1),
      readsRegisters: 0,
      writesRegisters: 0,
      touchesVector: false,
      touchesFlags: 0,
      immediates: [],
      flow: 'trap',
      ...(instruction.length === 0 ? { unknown: unknownText(instruction, bytes, address) } : {}),
    };
  }
  const used = usedRegisters(instruction);
  const own = OWN_EFFECTS.get(instruction.mnemonic);
  const row = rowOf(instruction.mnemonic);
  const words = liftInstruction(instruction, NO_CONSTANT_SLOTS);
  const known = words !== undefined;
  const flow = words?.[0] === OP.Environment ? 'environment' : flowOf(instruction);
  const immediates = immediatesOf(instruction);
  const displacement = displacementOf(instruction);
  const hasTarget = instruction.opCount > 0 && instruction.opKind(0) === OpKind.NearBranch64;
  const result: DecodedInstruction = {
    address,
    length: instruction.length,
    text: textOf(instruction, immediates),
    bytes: bytes.slice(0, instruction.length),
    readsRegisters: used.reads | (own?.reads ?? 0),
    writesRegisters: used.writes | (own?.writes ?? 0),
    touchesVector: used.vector || VECTOR_STATE.has(instruction.mnemonic),
    touchesFlags:
      (own?.flags ?? 0) | (known && row !== undefined && flow !== 'environment' ? row.writes : icedFlags(instruction)),
    immediates,
    ...(displacement === undefined ? {} : { displacement }),
    flow,
    ...(hasTarget ? { target: instruction.nearBranchTarget } : {}),
    ...(known ? {} : { unknown: unknownText(instruction, bytes, address) }),
  };
  return result;
}

function usedRegisters(instruction: Instruction): { reads: number; writes: number; vector: boolean } {
  const info = tools().info.info(instruction);
  let reads = 0;
  let writes = 0;
  let vector = false;
  try {
    for (const used of info.usedRegisters() as UsedRegister[]) {
      const { register, access } = used;
      used.free();
      const full = RegisterExt.fullRegister(register);
      if (RegisterExt.isVectorRegister(register) || RegisterExt.isMM(register) || RegisterExt.isST(register))
        vector = true;
      if (full < Register.RAX || full > Register.R15) continue;
      const bit = 1 << (full - Register.RAX);
      if (access !== OpAccess.Write && access !== OpAccess.CondWrite && access !== OpAccess.NoMemAccess) reads |= bit;
      if (access !== OpAccess.Read && access !== OpAccess.CondRead && access !== OpAccess.NoMemAccess) writes |= bit;
    }
  } finally {
    info.free();
  }
  return { reads, writes, vector };
}

/** Instructions whose XMM registers or control words iced does not name. */
const VECTOR_STATE: ReadonlySet<Mnemonic> = new Set([
  Mnemonic.Ldmxcsr,
  Mnemonic.Stmxcsr,
  Mnemonic.Fldcw,
  Mnemonic.Fnstcw,
  Mnemonic.Fxsave,
  Mnemonic.Fxsave64,
  Mnemonic.Fxrstor,
  Mnemonic.Fxrstor64,
  Mnemonic.Xsave,
  Mnemonic.Xsave64,
  Mnemonic.Xsavec,
  Mnemonic.Xsavec64,
  Mnemonic.Xsaveopt,
  Mnemonic.Xsaveopt64,
  Mnemonic.Xsaves,
  Mnemonic.Xsaves64,
  Mnemonic.Xrstor,
  Mnemonic.Xrstor64,
  Mnemonic.Xrstors,
  Mnemonic.Xrstors64,
]);

/** iced's own numbering of flags (RflagsBits) as bits of RFLAGS. */
const ICED_FLAGS: readonly number[] = [FLAG.OF, FLAG.SF, FLAG.ZF, FLAG.AF, FLAG.CF, FLAG.PF, FLAG.DF, FLAG.IF, FLAG.AC];

function icedFlags(instruction: Instruction): number {
  const modified = instruction.rflagsModified;
  let flags = 0;
  ICED_FLAGS.forEach((flag, bit) => {
    if ((modified & (1 << bit)) !== 0) flags |= flag;
  });
  return flags;
}

function flowOf(instruction: Instruction): Flow {
  switch (instruction.flowControl) {
    case FlowControl.UnconditionalBranch:
    case FlowControl.IndirectBranch:
      return 'branch';
    case FlowControl.ConditionalBranch:
      return 'conditional';
    case FlowControl.Return:
      return 'return';
    case FlowControl.Call:
    case FlowControl.IndirectCall:
      return 'call';
    case FlowControl.Interrupt:
    case FlowControl.Exception:
      return 'trap';
    default:
      return 'next';
  }
}

function immediatesOf(instruction: Instruction): bigint[] {
  const result: bigint[] = [];
  for (let operand = 0; operand < instruction.opCount; operand++) {
    const kind = instruction.opKind(operand);
    if (kind >= OpKind.Immediate8 && kind <= OpKind.Immediate32to64) {
      result.push(BigInt.asUintN(64, instruction.immediate(operand)));
    }
  }
  return result;
}

function displacementOf(instruction: Instruction): bigint | undefined {
  const wide = instruction.memoryDisplSize >= 4 && !instruction.isIpRelMemoryOperand;
  return wide ? BigInt.asUintN(64, instruction.memoryDisplacement) : undefined;
}

function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
