import { Code, Mnemonic, OpKind } from 'iced-x86';
import { VECTOR } from '../exit.js';
import { GPR, type Lifter, UnsupportedForm } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { push } from './stack.js';

function isDirect(l: Lifter): boolean {
  return l.instruction.opKind(0) === OpKind.NearBranch64;
}

/** A register or memory target of a near branch, which must be 64 bits wide. */
function indirectTarget(l: Lifter): number {
  if (l.width(0) !== 64) throw new UnsupportedForm('a branch target that is not 64 bits');
  if (l.instruction.isJmpFarIndirect || l.instruction.isCallFarIndirect) throw new UnsupportedForm('a far branch');
  const target = l.compute(OP.Mov, l.read(0));
  l.emit(OP.CheckTarget, 0, target);
  return target;
}

function plain(mnemonic: Mnemonic, lift: (l: Lifter) => void): Row {
  return { mnemonic, writes: 0, undefined: 0, lift };
}

const CONDITIONAL_JUMPS = [
  Mnemonic.Jo,
  Mnemonic.Jno,
  Mnemonic.Jb,
  Mnemonic.Jae,
  Mnemonic.Je,
  Mnemonic.Jne,
  Mnemonic.Jbe,
  Mnemonic.Ja,
  Mnemonic.Js,
  Mnemonic.Jns,
  Mnemonic.Jp,
  Mnemonic.Jnp,
  Mnemonic.Jl,
  Mnemonic.Jge,
  Mnemonic.Jle,
  Mnemonic.Jg,
];

/**
 * Decrements RCX (ECX with an address-size prefix, whose code is `narrow`) and jumps while it is not zero, and while
 * `condition` (0 to 15; -1: none) holds.
 */
function loop(mnemonic: Mnemonic, narrow: Code, condition: number): Row {
  return plain(mnemonic, (l) => {
    const count = l.zeroExtend(l.compute(OP.Sub, GPR.RCX, l.constant(1)), l.instruction.code === narrow ? 32 : 64);
    l.emit(OP.Mov, GPR.RCX, count);
    const going = condition < 0 ? count : l.compute(OP.SelectCondition, count, l.constant(0), condition);
    l.emit(OP.JumpIfNotZero, 0, going);
  });
}

/** Jumps, calls, returns and the instructions that always trap. A target is checked before anything is written. */
export const FLOW_ROWS: readonly Row[] = [
  plain(Mnemonic.Jmp, (l) => {
    if (isDirect(l)) l.emit(OP.Jump);
    else l.emit(OP.JumpIndirect, 0, indirectTarget(l));
  }),
  ...CONDITIONAL_JUMPS.map((mnemonic, condition) =>
    plain(mnemonic, (l) => {
      if (!isDirect(l)) throw new UnsupportedForm('a 16-bit branch');
      l.emit(OP.JumpCondition, 0, 0, 0, condition);
    }),
  ),
  plain(Mnemonic.Jrcxz, (l) => l.emit(OP.JumpIfZero, 0, GPR.RCX)),
  plain(Mnemonic.Jecxz, (l) => l.emit(OP.JumpIfZero, 0, l.compute(OP.Zx32, GPR.RCX))),
  loop(Mnemonic.Loop, Code.Loop_rel8_64_ECX, -1),
  loop(Mnemonic.Loope, Code.Loope_rel8_64_ECX, 4),
  loop(Mnemonic.Loopne, Code.Loopne_rel8_64_ECX, 5),
  plain(Mnemonic.Call, (l) => {
    const next = l.constant64(l.instruction.nextIP);
    if (isDirect(l)) {
      push(l, next, 64);
      l.emit(OP.Jump);
    } else {
      const target = indirectTarget(l);
      push(l, next, 64);
      l.emit(OP.JumpIndirect, 0, target);
    }
  }),
  plain(Mnemonic.Ret, (l) => {
    if (l.instruction.stackPointerIncrement < 8) throw new UnsupportedForm('ret with an operand-size prefix');
    const target = l.loadStack(GPR.RSP, 64);
    l.emit(OP.CheckTarget, 0, target);
    l.emit(OP.Add, GPR.RSP, GPR.RSP, l.constant(l.instruction.stackPointerIncrement));
    l.emit(OP.JumpIndirect, 0, target);
  }),
  plain(Mnemonic.Ud2, (l) => l.emit(OP.Fault, 0, 0, 0, VECTOR.UD)),
  plain(Mnemonic.Ud1, (l) => l.emit(OP.Fault, 0, 0, 0, VECTOR.UD)),
  plain(Mnemonic.Ud0, (l) => l.emit(OP.Fault, 0, 0, 0, VECTOR.UD)),
  plain(Mnemonic.Int1, (l) => l.emit(OP.Fault, 0, 0, 0, VECTOR.DB)),
  plain(Mnemonic.Int3, (l) => l.emit(OP.Fault, 0, 0, 0, VECTOR.BP)),
];
