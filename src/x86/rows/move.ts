import { Mnemonic, Register } from 'iced-x86';
import { GPR, type Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { accessesSpecialRegister } from './special-register.js';

function plain(mnemonic: Mnemonic, lift: (l: Lifter) => void): Row {
  return {
    mnemonic,
    writes: 0,
    undefined: 0,
    lift: (l) => {
      lift(l);
      l.emit(OP.Next);
    },
  };
}

function conditional(mnemonic: Mnemonic, condition: number): Row {
  return plain(mnemonic, (l) => {
    const b = l.read(1);
    const a = l.read(0);
    l.write(0, l.compute(OP.SelectCondition, b, a, condition));
  });
}

function setByCondition(mnemonic: Mnemonic, condition: number): Row {
  return plain(mnemonic, (l) => l.write(0, l.compute(OP.SetCondition, 0, 0, condition)));
}

function signExtendRegister(mnemonic: Mnemonic, from: number, to: number): Row {
  return plain(mnemonic, (l) => l.writeRegister(GPR.RAX, to, l.signExtend(GPR.RAX, from)));
}

function spreadSign(mnemonic: Mnemonic, width: number): Row {
  return plain(mnemonic, (l) =>
    l.writeRegister(GPR.RDX, width, l.compute(OP.Sar, l.signExtend(GPR.RAX, width), l.constant(63))),
  );
}

/** Conditions in hardware order, with the mnemonics of CMOVcc and SETcc. */
const CONDITIONAL_MOVES = [
  Mnemonic.Cmovo,
  Mnemonic.Cmovno,
  Mnemonic.Cmovb,
  Mnemonic.Cmovae,
  Mnemonic.Cmove,
  Mnemonic.Cmovne,
  Mnemonic.Cmovbe,
  Mnemonic.Cmova,
  Mnemonic.Cmovs,
  Mnemonic.Cmovns,
  Mnemonic.Cmovp,
  Mnemonic.Cmovnp,
  Mnemonic.Cmovl,
  Mnemonic.Cmovge,
  Mnemonic.Cmovle,
  Mnemonic.Cmovg,
];

const CONDITIONAL_SETS = [
  Mnemonic.Seto,
  Mnemonic.Setno,
  Mnemonic.Setb,
  Mnemonic.Setae,
  Mnemonic.Sete,
  Mnemonic.Setne,
  Mnemonic.Setbe,
  Mnemonic.Seta,
  Mnemonic.Sets,
  Mnemonic.Setns,
  Mnemonic.Setp,
  Mnemonic.Setnp,
  Mnemonic.Setl,
  Mnemonic.Setge,
  Mnemonic.Setle,
  Mnemonic.Setg,
];

/** Moves between general registers and memory, sign and zero extension, exchanges, CMOVcc and SETcc. */
export const MOVE_ROWS: readonly Row[] = [
  {
    mnemonic: Mnemonic.Mov,
    writes: 0,
    undefined: 0,
    lift: (l) => {
      if (accessesSpecialRegister(l)) return;
      l.write(0, l.read(1));
      l.emit(OP.Next);
    },
  },
  plain(Mnemonic.Movzx, (l) => l.write(0, l.zeroExtend(l.read(1), l.width(1)))),
  plain(Mnemonic.Movsx, (l) => l.write(0, l.signExtend(l.read(1), l.width(1)))),
  plain(Mnemonic.Movsxd, (l) => l.write(0, l.signExtend(l.read(1), Math.min(l.width(0), l.width(1))))),
  plain(Mnemonic.Lea, (l) => l.write(0, l.effectiveAddress())),
  plain(Mnemonic.Xchg, (l) => {
    // XCHG allows the memory operand on either side; the store comes before the register is written.
    const memory = l.isMemory(0) ? 0 : 1;
    const other = 1 - memory;
    const former = l.isMemory(memory) ? l.readForWrite(memory) : l.compute(OP.Mov, l.read(memory));
    const value = l.compute(OP.Mov, l.read(other));
    l.write(memory, value);
    l.write(other, former);
  }),
  plain(Mnemonic.Bswap, (l) => {
    if (l.width(0) === 16) l.write(0, l.constant(0));
    else l.write(0, l.compute(OP.ByteSwap, l.read(0), 0, l.width(0)));
  }),
  plain(Mnemonic.Movbe, (l) => {
    const width = l.width(0);
    const value = l.read(1);
    if (width === 16) {
      const swapped = l.compute(OP.ByteSwap, value, 0, 32);
      l.write(0, l.compute(OP.Shr, swapped, l.constant(16)));
    } else l.write(0, l.compute(OP.ByteSwap, value, 0, width));
  }),
  signExtendRegister(Mnemonic.Cbw, 8, 16),
  signExtendRegister(Mnemonic.Cwde, 16, 32),
  signExtendRegister(Mnemonic.Cdqe, 32, 64),
  spreadSign(Mnemonic.Cwd, 16),
  spreadSign(Mnemonic.Cdq, 32),
  spreadSign(Mnemonic.Cqo, 64),
  ...CONDITIONAL_MOVES.map(conditional),
  ...CONDITIONAL_SETS.map(setByCondition),
  plain(Mnemonic.Xlatb, (l) => {
    const index = l.compute(OP.Zx8, GPR.RAX);
    const width = l.instruction.memoryBase === Register.EBX ? 32 : 64;
    const address = l.withSegmentBase(l.zeroExtend(l.compute(OP.Add, GPR.RBX, index), width));
    l.writeRegister(GPR.RAX, 8, l.load(address, 8));
  }),
];
