import { Instruction, MemorySizeExt, OpKind, Register, RegisterExt } from 'iced-x86';
import { SLOT, TEMPORARY_SLOT, TEMPORARY_SLOTS } from './layout.js';
import { ACCESS, OP, flagWord } from './micro-ops.js';

/** Slots of the general registers that many rows name. */
export const GPR = { RAX: 0, RCX: 1, RDX: 2, RBX: 3, RSP: 4, RBP: 5, RSI: 6, RDI: 7 } as const;

/** Gives constants their slots. */
export interface ConstantPool {
  /** The slot that always holds this 64-bit value, or -1 if all constant slots are in use. */
  slotOf(low: number, high: number): number;
}

/** Thrown by a row for a form of its instruction that the machine does not execute. */
export class UnsupportedForm extends Error {}

/** Where an operand lives: a slot, its width in bits, and whether it is one of AH, CH, DH, BH. */
interface RegisterOperand {
  readonly slot: number;
  readonly width: number;
  readonly high: boolean;
}

/**
 * Builds the micro-operations of one instruction. A row of the table calls `read`, `write`, `emit`... in the order in which
 * the machine shall act: loads, checks, stores, flags, registers.
 */
export class Lifter {
  /** The micro-operations so far, MICRO_WORDS words each. */
  readonly words: number[] = [];
  readonly instruction: Instruction;
  private readonly pool: ConstantPool;
  private temporaries = 0;
  private addressSlot = -1;
  /** Temporaries that hold constants without a slot of their own. */
  private readonly loadedConstants = new Map<string, number>();

  constructor(instruction: Instruction, pool: ConstantPool) {
    this.instruction = instruction;
    this.pool = pool;
  }

  /** Appends one micro-operation. */
  emit(op: number, d = 0, a = 0, b = 0, x = 0): void {
    this.words.push(op, d, a, b, x);
  }

  /** A fresh temporary slot. */
  temporary(count = 1): number {
    const slot = TEMPORARY_SLOT + this.temporaries;
    this.temporaries += count;
    if (this.temporaries > TEMPORARY_SLOTS) throw new Error('an instruction needs too many temporaries');
    return slot;
  }

  /** A slot that holds this constant. */
  constant(low: number, high = low < 0 ? -1 : 0): number {
    const slot = this.pool.slotOf(low | 0, high | 0);
    if (slot >= 0) return slot;
    const key = `${low | 0} ${high | 0}`;
    let t = this.loadedConstants.get(key);
    if (t === undefined) {
      t = this.temporary();
      this.loadedConstants.set(key, t);
      this.emit(OP.Const, t, low | 0, high | 0);
    }
    return t;
  }

  /** A slot that holds this 64-bit constant. */
  constant64(value: bigint): number {
    return this.constant(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** A slot with the result of `inner`, whose temporaries are free again afterwards. It may not be the first to ask for the address. */
  enclosed(inner: () => number): number {
    const result = this.temporary();
    const first = this.temporaries;
    this.emit(OP.Mov, result, inner());
    this.temporaries = first;
    for (const [constant, slot] of this.loadedConstants)
      if (slot >= TEMPORARY_SLOT + first) this.loadedConstants.delete(constant);
    return result;
  }

  /** d = op(a, b) in a fresh temporary. */
  compute(op: number, a: number, b = 0, x = 0): number {
    const t = this.temporary();
    this.emit(op, t, a, b, x);
    return t;
  }

  /** Emits a Flags operation; see flagWord. */
  flags(op: number, width: number, written: number, undefinedFlags: number, d: number, a = 0, b = 0): void {
    this.emit(op, d, a, b, flagWord(width, written, undefinedFlags));
  }

  isRegister(operand: number): boolean {
    return this.instruction.opKind(operand) === OpKind.Register;
  }

  isMemory(operand: number): boolean {
    return this.instruction.opKind(operand) === OpKind.Memory;
  }

  /** Width of a register or memory operand in bits. */
  width(operand: number): number {
    if (this.isRegister(operand)) return RegisterExt.size(this.instruction.opRegister(operand)) * 8;
    if (this.isMemory(operand)) return MemorySizeExt.size(this.instruction.memorySize) * 8;
    throw new UnsupportedForm('an operand without a width');
  }

  /** The general register that an operand names. */
  general(operand: number): RegisterOperand {
    return generalRegister(this.instruction.opRegister(operand));
  }

  /** The low slot of the XMM register that an operand names; the high quadword is the next slot. */
  xmm(operand: number): number {
    const register = this.instruction.opRegister(operand);
    if (register < Register.XMM0 || register > Register.XMM15) throw new UnsupportedForm('no XMM register');
    return SLOT.XMM + 2 * (register - Register.XMM0);
  }

  /** The slot with the value of an operand, whose upper bits may hold anything; memory is zero-extended. */
  read(operand: number): number {
    if (this.isRegister(operand)) {
      const register = this.general(operand);
      return register.high ? this.compute(OP.Zx8High, register.slot) : register.slot;
    }
    if (this.isMemory(operand)) return this.load(this.address(), this.width(operand));
    return this.constant64(this.instruction.immediate(operand));
  }

  /** As `read`, but of a memory operand that is written afterwards: the load already needs write permission. */
  readForWrite(operand: number): number {
    if (this.isMemory(operand)) return this.load(this.address(), this.width(operand), ACCESS.ForWrite);
    return this.read(operand);
  }

  /** A slot with the low `width` bits of a slot, zero-extended. */
  zeroExtend(slot: number, width: number): number {
    if (width === 64) return slot;
    return this.compute(width === 32 ? OP.Zx32 : width === 16 ? OP.Zx16 : OP.Zx8, slot);
  }

  /** A slot with the low `width` bits of a slot, sign-extended. */
  signExtend(slot: number, width: number): number {
    if (width === 64) return slot;
    return this.compute(width === 32 ? OP.Sx32 : width === 16 ? OP.Sx16 : OP.Sx8, slot);
  }

  /** Loads 8 to 64 bits, zero-extended. */
  load(address: number, width: number, access = 0): number {
    return this.compute(OP.Load, address, 0, (width / 8) | access | this.stackAccess());
  }

  /** Stores the low 8 to 64 bits of a slot. */
  store(address: number, value: number, width: number, access = 0): void {
    this.emit(OP.Store, 0, address, value, (width / 8) | access | this.stackAccess());
  }

  /** As `load`, of what is stored back afterwards: needs write permission too. */
  loadForWrite(address: number, width: number): number {
    return this.load(address, width, ACCESS.ForWrite);
  }

  /** As `store`, whatever the segment of the instruction's other operand is (string destinations). */
  storePlain(address: number, value: number, width: number): void {
    this.emit(OP.Store, 0, address, value, width / 8);
  }

  /** Reads what the instruction pops by itself. */
  loadStack(address: number, width: number): number {
    return this.compute(OP.Load, address, 0, (width / 8) | ACCESS.Implicit | ACCESS.Stack);
  }

  /** Writes what the instruction pushes by itself. */
  storeStack(address: number, value: number, width: number): void {
    this.emit(OP.Store, 0, address, value, (width / 8) | ACCESS.Implicit | ACCESS.Stack);
  }

  /** Emits a check of an access to `size` bytes at the memory operand, without the access. */
  checkAccess(size: number, access: number): void {
    this.emit(OP.CheckAccess, 0, this.address(), 0, size | access | this.stackAccess());
  }

  private stackAccess(): number {
    return this.instruction.memorySegment === Register.SS ? ACCESS.Stack : 0;
  }

  /** Puts a value into an operand: registers as the hardware does (32 bits clear the upper half), memory by a store. */
  write(operand: number, value: number): void {
    if (this.isMemory(operand)) this.store(this.address(), value, this.width(operand));
    else this.writeGeneral(this.general(operand), value);
  }

  /**
   * Puts a result into operand 0 and lets `flags` emit the flags of it: before a register is written, which may be an operand of
   * theirs, and after a store, before which nothing may have had an effect.
   */
  writeWithFlags(result: number, flags: () => void): void {
    if (!this.isMemory(0)) flags();
    this.write(0, result);
    if (this.isMemory(0)) flags();
  }

  /** Puts a value into a general register of this width (AH..BH only through `write`). */
  writeRegister(slot: number, width: number, value: number): void {
    this.writeGeneral({ slot, width, high: false }, value);
  }

  private writeGeneral(register: RegisterOperand, value: number): void {
    const { slot, width, high } = register;
    if (high) this.emit(OP.Ins8High, slot, value);
    else if (width === 8) this.emit(OP.Ins8, slot, value);
    else if (width === 16) this.emit(OP.Ins16, slot, value);
    else if (width === 32) this.emit(OP.Zx32, slot, value);
    else if (slot !== value) this.emit(OP.Mov, slot, value);
  }

  /** The slot with the address of the memory operand, segment base included; computed once. */
  address(rspSlot: number = GPR.RSP): number {
    if (this.addressSlot < 0) this.addressSlot = this.withSegmentBase(this.effectiveAddress(rspSlot));
    return this.addressSlot;
  }

  /** Address of the memory operand plus a byte offset held in a slot. */
  addressPlus(offset: number): number {
    return this.compute(OP.Add, this.address(), offset);
  }

  /** As `addressPlus`, but the offset is a part of the effective address: one of 32 bits is cut after the sum. */
  addressBeyond(offset: number): number {
    const sum = this.compute(OP.Add, this.effectiveAddress(), offset);
    return this.withSegmentBase(addressIs32Bits(this.instruction) ? this.compute(OP.Zx32, sum) : sum);
  }

  /** Base, index and displacement without the segment; `rspSlot` stands in for RSP (POP to memory). */
  effectiveAddress(rspSlot: number = GPR.RSP): number {
    const i = this.instruction;
    if (i.isIpRelMemoryOperand) return this.constant64(i.ipRelMemoryAddress);
    const base = i.memoryBase;
    const index = i.memoryIndex;
    const narrow = addressIs32Bits(i);
    let sum = -1;
    if (base !== Register.None) {
      const register = generalRegister(base);
      sum = register.slot === GPR.RSP ? rspSlot : register.slot;
    }
    if (index !== Register.None) {
      let scaled = generalRegister(index).slot;
      const shift = Math.log2(i.memoryIndexScale);
      if (shift > 0) scaled = this.compute(OP.Shl, scaled, this.constant(shift));
      sum = sum < 0 ? scaled : this.compute(OP.Add, sum, scaled);
    }
    const displacement = i.memoryDisplacementU64;
    if (sum < 0) sum = this.constant64(displacement);
    else if (displacement !== 0n) sum = this.compute(OP.Add, sum, this.constant64(displacement));
    return narrow ? this.compute(OP.Zx32, sum) : sum;
  }

  /** Adds the FS or GS base if the instruction's segment is one of them; the other segments have base 0 in 64-bit mode. */
  withSegmentBase(address: number): number {
    const segment = this.instruction.memorySegment;
    if (segment === Register.FS) return this.compute(OP.Add, address, SLOT.FS_BASE);
    if (segment === Register.GS) return this.compute(OP.Add, address, SLOT.GS_BASE);
    return address;
  }
}

/** Whether the memory operand is addressed with 32-bit registers (address-size prefix). */
function addressIs32Bits(instruction: Instruction): boolean {
  const base = instruction.memoryBase;
  const index = instruction.memoryIndex;
  if (base !== Register.None) return RegisterExt.size(base) === 4;
  if (index !== Register.None) return RegisterExt.size(index) === 4;
  return instruction.memoryDisplSize === 4;
}

/** The slot of a general register or of a part of one. */
function generalRegister(register: Register): RegisterOperand {
  if (register >= Register.RAX && register <= Register.R15) return at(register - Register.RAX, 64);
  if (register >= Register.EAX && register <= Register.R15D) return at(register - Register.EAX, 32);
  if (register >= Register.AX && register <= Register.R15W) return at(register - Register.AX, 16);
  if (register >= Register.AH && register <= Register.BH) return { slot: register - Register.AH, width: 8, high: true };
  if (register >= Register.AL && register <= Register.BL) return at(register - Register.AL, 8);
  if (register >= Register.SPL && register <= Register.R15L) return at(register - Register.SPL + 4, 8);
  throw new UnsupportedForm('no general register');
}

function at(slot: number, width: number): RegisterOperand {
  return { slot, width, high: false };
}
