/** A function of the shape of EDK2's TdVmCall (docs/abi/other-projects.md#edk2-tdvmcall), assembled by hand, sound or with one mistake. */
import {
  clear,
  jnz,
  jz,
  load,
  move,
  type Piece,
  pop,
  push,
  RET,
  set32,
  store,
  TDCALL,
  test64,
} from '../../harness/made-function.test.helper.js';
import type { RegisterName } from '../../x86/registers.js';

export interface TdVmCallForm {
  /** What goes to RCX. */
  mask?: number;
  /** The value is given back only where R10 is 0. */
  onlyOnSuccess?: boolean;
  /** What P2 goes to; R13 if it is right. */
  secondOperand?: RegisterName;
  /** Registers that are cleared before the return. */
  scrubbed?: readonly RegisterName[];
}

const SAVED = ['rbp', 'r15', 'r14', 'r13', 'r12', 'rbx', 'rsi', 'rdi'] as const;
const ZERO = ['r10', 'rbx', 'rsi', 'rdi', 'rdx', 'rbp', 'r8', 'r9'] as const;
export const SCRUBBED = ['rbx', 'rsi', 'rdi', 'rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;
/** Behind eight saved registers, the return address and the shadow space. */
const P4 = 0x68;
const VAL = 0x70;

const lengthOf = (pieces: readonly number[][]): number => pieces.flat().length;

export function tdVmCallCode(form: TdVmCallForm = {}): Piece[] {
  const { mask = 0xffcc, onlyOnSuccess = false, secondOperand = 'r13', scrubbed = SCRUBBED } = form;
  const give = [load('r9', 'rsp', VAL), test64('r9'), jz(4), [...store('r9', 0, 'r11')]];
  const check = onlyOnSuccess ? [test64('rax'), jnz(lengthOf(give))] : [];
  const after = [move('rax', 'r10'), ...check, ...give];
  return [
    ...SAVED.map(push),
    move('r11', 'rcx'),
    move('r12', 'rdx'),
    move(secondOperand, 'r8'),
    move('r14', 'r9'),
    load('r15', 'rsp', P4),
    set32('rax', 0),
    set32('rcx', mask),
    ...ZERO.map(clear),
    TDCALL,
    test64('rax'),
    jnz(lengthOf(after)),
    ...after,
    ...scrubbed.map(clear),
    ...SAVED.toReversed().map(pop),
    RET,
  ];
}
