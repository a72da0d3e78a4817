import { Code, Mnemonic } from 'iced-x86';
import { FLAG, POPF_CLEARED, POPF_WRITABLE } from '../flags.js';
import { GPR, type Lifter, UnsupportedForm } from '../lifter.js';
import { ACCESS, OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { accessesSpecialRegister } from './special-register.js';

/** Stores a value on the stack and then lowers RSP. */
export function push(l: Lifter, value: number, width: number): void {
  const rsp = l.compute(OP.Add, GPR.RSP, l.constant(-width / 8));
  l.storeStack(rsp, value, width);
  l.emit(OP.Mov, GPR.RSP, rsp);
}

/** 2 for the forms with an operand-size prefix, else 8 bytes. */
function stackWidth(l: Lifter): number {
  return Math.abs(l.instruction.stackPointerIncrement) * 8;
}

/**
 * ENTER: pushes RBP, copies `level` - 1 frame pointers of the callers from below the old RBP, pushes the new one, and reserves
 * space, whose last byte must be writable. Everything is checked before the first store.
 */
function enter(l: Lifter): void {
  if (l.instruction.code !== Code.Enterq_imm16_imm8) throw new UnsupportedForm('enter with an operand-size prefix');
  const level = l.instruction.immediate8_2nd % 32;
  const frame = l.compute(OP.Add, GPR.RSP, l.constant(-8));
  const rsp = l.compute(OP.Sub, frame, l.constant(l.instruction.immediate16 + 8 * level));
  const [address, source, value] = [l.temporary(), l.temporary(), l.temporary()];
  const at = (slot: number, from: number, index: number): void => l.emit(OP.Add, slot, from, l.constant(-8 * index));
  l.emit(OP.CheckAccess, 0, frame, 0, 8 | ACCESS.ForWrite | ACCESS.Stack);
  for (let i = 1; i < level; i++) {
    at(source, GPR.RBP, i);
    l.emit(OP.CheckAccess, 0, source, 0, 8 | ACCESS.Stack);
  }
  for (let i = 1; i <= level; i++) {
    at(address, frame, i);
    l.emit(OP.CheckAccess, 0, address, 0, 8 | ACCESS.ForWrite | ACCESS.Stack);
  }
  l.emit(OP.CheckAccess, 0, rsp, 0, 1 | ACCESS.ForWrite | ACCESS.Stack);
  l.storeStack(frame, GPR.RBP, 64);
  for (let i = 1; i < level; i++) {
    at(source, GPR.RBP, i);
    l.emit(OP.Load, value, source, 0, 8 | ACCESS.Implicit | ACCESS.Stack);
    at(address, frame, i);
    l.storeStack(address, value, 64);
  }
  if (level > 0) {
    at(address, frame, level);
    l.storeStack(address, frame, 64);
  }
  l.emit(OP.Mov, GPR.RBP, frame);
  l.emit(OP.Mov, GPR.RSP, rsp);
  l.emit(OP.Next);
}

/** PUSH, POP and their relatives. */
export const STACK_ROWS: readonly Row[] = [
  {
    mnemonic: Mnemonic.Push,
    writes: 0,
    undefined: 0,
    lift: (l) => {
      if (accessesSpecialRegister(l)) return;
      // PUSH RSP pushes the value before the decrement: read before RSP changes.
      push(l, l.read(0), stackWidth(l));
      l.emit(OP.Next);
    },
  },
  {
    mnemonic: Mnemonic.Pop,
    writes: 0,
    undefined: 0,
    lift: (l) => {
      if (accessesSpecialRegister(l)) return;
      const width = stackWidth(l);
      const value = l.loadStack(GPR.RSP, width);
      if (l.isMemory(0)) {
        const rsp = l.compute(OP.Add, GPR.RSP, l.constant(width / 8));
        // An address based on RSP uses the incremented value (SDM, POP).
        l.address(rsp);
        l.write(0, value);
        l.emit(OP.Mov, GPR.RSP, rsp);
      } else {
        // POP RSP: the popped value replaces the incremented one.
        const popsRsp = l.general(0).slot === GPR.RSP;
        if (!popsRsp) l.write(0, value);
        l.emit(OP.Add, GPR.RSP, GPR.RSP, l.constant(width / 8));
        if (popsRsp) l.write(0, value);
      }
      l.emit(OP.Next);
    },
  },
  ...[Mnemonic.Pushfq, Mnemonic.Pushf].map((mnemonic): Row => ({
    mnemonic,
    writes: 0,
    undefined: 0,
    lift: (l) => {
      // VM and RF read as 0 in the pushed image.
      const image = l.compute(OP.And, l.compute(OP.ReadFlags, 0), l.constant(~(FLAG.VM | FLAG.RF) & 0xffffff, 0));
      push(l, image, stackWidth(l));
      l.emit(OP.Next);
    },
  })),
  ...[Mnemonic.Popfq, Mnemonic.Popf].map((mnemonic): Row => ({
    mnemonic,
    writes: POPF_WRITABLE | POPF_CLEARED,
    undefined: 0,
    lift: (l) => {
      const width = stackWidth(l);
      const value = l.loadStack(GPR.RSP, width);
      const rsp = l.compute(OP.Add, GPR.RSP, l.constant(width / 8));
      l.emit(OP.WriteFlags, 0, value, 0, width === 16 ? POPF_WRITABLE & 0xffff : POPF_WRITABLE);
      l.emit(OP.FlagsClear, 0, 0, 0, width === 16 ? FLAG.RF : POPF_CLEARED);
      l.emit(OP.Mov, GPR.RSP, rsp);
      l.emit(OP.Next);
    },
  })),
  {
    mnemonic: Mnemonic.Leave,
    writes: 0,
    undefined: 0,
    lift: (l) => {
      if (l.instruction.code !== Code.Leaveq) throw new UnsupportedForm('leave with an operand-size prefix');
      const value = l.loadStack(GPR.RBP, 64);
      l.emit(OP.Add, GPR.RSP, GPR.RBP, l.constant(8));
      l.emit(OP.Mov, GPR.RBP, value);
      l.emit(OP.Next);
    },
  },
  {
    mnemonic: Mnemonic.Enter,
    writes: 0,
    undefined: 0,
    lift: enter,
  },
];
