/**
 * TDCALL and SEAMCALL of a program, with values by name: what the module shows to whom, and what an answer changes. The
 * module model decides what may change; the values are the caller's to choose.
 */
import { GPR, GPR_NAMES } from '../../models/abi/registers.js';
import type { Values } from '../../models/exchange/exchange.js';
import { type ModuleConfiguration, REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { leafOf, rejectRax, versionOf } from '../../models/module/dispatch.js';
import { leafOutcome, leafReturn } from '../../models/module/leaf-outcome.js';
import { operandInvalidRax } from '../../models/module/status.js';
import {
  vmcallFail,
  vmcallHostView,
  vmcallMaskIsLegal,
  vmcallReject,
  vmcallReturn,
} from '../../models/module/vmcall.js';
import { highHalf, lowHalf, readHalves, writeHalves } from '../halves.js';
import { Layout, makeRoom, type NamedWords } from '../named-words.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import { RegisterAnswer } from './register-answer.js';
import { seamFlags } from './seam-return.js';

const GPR_WORDS = 32;
const XMM_WORDS = 64;
/** RSP is shared with nobody. */
const SHOWN = REGISTER_NAMES.map((name, register) => ({ name, register })).filter(({ name }) => name !== 'rsp');
/** Registers that a leaf may take or give. */
const LEAF_REGISTERS = ['rax', 'rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;

/** Of a SEAMCALL: every register but RSP. */
const SEAMCALL = new Layout(SHOWN.map(({ name }) => name));
/** Of a TDG.VP.VMCALL as the host sees it; and RFLAGS.IF, and whether STI came just before, which the caller fills in. */
const VMCALL = new Layout([...SEAMCALL.names, 'if', 'sti']);
const LEAF = new Layout(LEAF_REGISTERS);
/** Indices of halves. */
export const IF_OF_VMCALL = 2 * VMCALL.indexOf('if');
export const STI_OF_VMCALL = 2 * VMCALL.indexOf('sti');
const LEAF_INDICES = LEAF_REGISTERS.map((name) => registerIndex(name));

/** With NO_RBP_MOD, as the TD of every Linux host (docs/abi/tdvmcall.md#exposure-mask), and without. */
const CONFIGURATIONS: readonly [ModuleConfiguration, ModuleConfiguration] = [
  { ...REFERENCE_CONFIGURATION, noRbpMod: true },
  { ...REFERENCE_CONFIGURATION, noRbpMod: false },
];

/** What a TDCALL is, before it is answered. */
export interface ModuleCall {
  moment: 'TDVMCALL' | 'TDCALL';
  shown: NamedWords;
  /** The module refuses the exposure mask: nobody sees anything. */
  refused: boolean;
}

export class ModuleCalls {
  /** Whether the TD is without NO_RBP_MOD. */
  rbpMod = false;
  private readonly guest = new Int32Array(GPR_WORDS);
  private readonly out = new Int32Array(GPR_WORDS);
  private readonly view = new Int32Array(GPR_WORDS);
  private readonly host = new Int32Array(GPR_WORDS);
  private readonly xmm = new Int32Array(XMM_WORDS);
  private readonly xmmOut = new Int32Array(XMM_WORDS);

  private get configuration(): ModuleConfiguration {
    return CONFIGURATIONS[this.rbpMod ? 1 : 0];
  }

  /** The TDCALL at which the machine stands: for TDG.VP.VMCALL what the host sees, with RCX as the code has it. */
  tdcall(machine: Machine): ModuleCall {
    const { guest, view } = this;
    guest.set(machine.state.subarray(0, GPR_WORDS));
    if (leafOf(guest[2 * GPR.RAX]) !== 0 || this.refusesRax()) {
      const shown = makeRoom(LEAF);
      let to = shown.at;
      for (const register of LEAF_INDICES) {
        shown.words[to++] = guest[2 * register];
        shown.words[to++] = guest[2 * register + 1];
      }
      return { moment: 'TDCALL', shown, refused: false };
    }
    // Of what the host has of its own nothing is left from a play before: a play follows from its case alone.
    this.host.fill(0);
    vmcallHostView(this.configuration, guest, this.xmm, this.host, view, this.xmmOut);
    const shown = makeRoom(VMCALL);
    showRegisters(view, shown);
    const { words, at } = shown;
    for (const register of [GPR.RAX, GPR.RCX]) {
      words[at + 2 * register] = guest[2 * register];
      words[at + 2 * register + 1] = guest[2 * register + 1];
    }
    return { moment: 'TDVMCALL', shown, refused: !this.isLegalMask() };
  }

  private isLegalMask(): boolean {
    return vmcallMaskIsLegal(this.configuration, this.guest[2 * GPR.RCX], this.guest[2 * GPR.RCX + 1]);
  }

  private refusesRax(): boolean {
    return rejectRax(this.configuration, this.guest[2 * GPR.RAX], this.guest[2 * GPR.RAX + 1]);
  }

  /**
   * Answers the TDCALL that `tdcall` described.
   *
   * @param answer `status`: RAX, 0 if not given. Registers: of a TDG.VP.VMCALL what the host holds at the re-entry, as it
   *   found it if not given; of another leaf its outputs, 0 if not given. Registers that the module would not change are
   *   not changed.
   */
  answerTdcall(machine: Machine, answer: Values): void {
    this.compute(answer, 0n);
    machine.state.set(this.out);
  }

  /** Registers that the module writes when it answers so, whether or not their values change: one bit each. */
  tdcallWrites(answer: Values): number {
    this.compute(answer, 0n);
    const plain = this.out.slice();
    this.compute(answer, ALL_BITS);
    let written = 1 << GPR.RAX;
    for (let register = 0; register < GPR_WORDS / 2; register++)
      if (plain[2 * register] !== this.out[2 * register]) written |= 1 << register;
    return written;
  }

  /** @param flip bits by which what the host holds is changed first */
  private compute(answer: Values, flip: bigint): void {
    const { guest, host, out } = this;
    const status = answer['status'] ?? 0n;
    out.set(guest);
    const isLeaf = leafOf(guest[2 * GPR.RAX]) !== 0;
    const made: object = answer;
    if (made instanceof RegisterAnswer) this.hold(made, isLeaf, flip === 0n ? 0 : -1);
    else
      for (const { name, register } of SHOWN) {
        const held = answer[name] ?? (isLeaf ? 0n : readHalves(this.view, 2 * register));
        writeHalves(host, 2 * register, held ^ flip);
      }
    if (this.refusesRax()) operandInvalidRax(out);
    else if (isLeaf) this.leaf(status);
    else if (!this.isLegalMask()) vmcallReject(guest, out);
    else if (status !== 0n) vmcallFail(guest, lowHalf(status), highHalf(status), out);
    else vmcallReturn(guest, this.xmm, host, this.xmm, out, this.xmmOut);
  }

  /** What the host holds. @param flip 0, or all ones in both halves */
  private hold({ given, words, at }: RegisterAnswer, isLeaf: boolean, flip: number): void {
    const { host, view } = this;
    for (let register = 0; register < GPR_WORDS / 2; register++) {
      if (register === GPR.RSP) continue;
      for (let half = 2 * register; half < 2 * register + 2; half++) {
        const held = ((given >>> register) & 1) === 1 ? words[at + half] : isLeaf ? 0 : view[half];
        host[half] = held ^ flip;
      }
    }
  }

  private leaf(status: bigint): void {
    const { guest, host, out } = this;
    const outcome = leafOutcome(this.configuration, leafOf(guest[2 * GPR.RAX]), versionOf(guest[2 * GPR.RAX]));
    if (outcome === undefined) operandInvalidRax(out);
    else leafReturn(outcome, lowHalf(status), highHalf(status), host, out);
  }
}

const ALL_BITS = (1n << 64n) - 1n;

function registerIndex(name: string): number {
  return GPR[name.toUpperCase() as (typeof GPR_NAMES)[number]];
}

/** Every register but RSP, which is the fifth: RAX and RCX lie where they are in the machine's state. */
function showRegisters(registers: Int32Array, { words, at }: NamedWords): void {
  const rsp = 2 * GPR.RSP;
  for (let half = 0; half < rsp; half++) words[at + half] = registers[half];
  for (let half = rsp + 2; half < GPR_WORDS; half++) words[at + half - 2] = registers[half];
}

/** The registers of the SEAMCALL at which the machine stands. */
export function seamcallValues(machine: Machine): NamedWords {
  const shown = makeRoom(SEAMCALL);
  showRegisters(machine.state, shown);
  return shown;
}

/** Registers that an answer to SEAMCALL writes, one bit each. */
export function seamcallWrites(answer: Values): number {
  if ((answer['carry'] ?? 0n) !== 0n) return 0;
  return SHOWN.reduce(
    (written, { name, register }) =>
      name === 'rax' || answer[name] !== undefined ? written | (1 << register) : written,
    0,
  );
}

/**
 * Answers the SEAMCALL at which the machine stands.
 *
 * @param answer `carry` not 0: VMfailInvalid, nothing but the flags changes. Else `status` for RAX, and the registers that
 *   the leaf writes; the others stay.
 */
export function answerSeamcall(machine: Machine, answer: Values): void {
  const { state } = machine;
  const failed = (answer['carry'] ?? 0n) !== 0n;
  state[2 * STATE.RFLAGS] = seamFlags(state[2 * STATE.RFLAGS], failed);
  if (failed) return;
  const made: object = answer;
  if (made instanceof RegisterAnswer) {
    const { given, words, at } = made;
    for (let register = 0; register < GPR_WORDS / 2; register++)
      if (((given >>> register) & 1) === 1) {
        state[2 * register] = words[at + 2 * register];
        state[2 * register + 1] = words[at + 2 * register + 1];
      }
    state[2 * GPR.RAX] = made.statusLow;
    state[2 * GPR.RAX + 1] = made.statusHigh;
    return;
  }
  for (const { name, register } of SHOWN) {
    const value = name === 'rax' ? (answer['status'] ?? 0n) : answer[name];
    if (value !== undefined) writeHalves(state, 2 * register, value);
  }
}
