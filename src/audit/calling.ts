/** The two calling conventions as an audit needs them: registers by number, and which of the two code follows. */
import { GPR_NAMES } from '../../models/abi/registers.js';
import { CONVENTIONS, type ConventionName } from '../x86/conventions.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';

/** Of a convention, with registers by their numbers. */
export interface Calling {
  readonly name: ConventionName;
  /** Registers of the first parameters, in their order. */
  readonly parameters: readonly number[];
  /** Registers that the callee keeps, beside RSP. */
  readonly kept: readonly number[];
  /** XMM registers that it keeps, one bit each. */
  readonly keptVectors: number;
}

const VECTORS = 0xffff;
const indices = (...names: readonly RegisterName[]): number[] => names.map((name) => REGISTER_INDEX[name]);

function callingOf(name: ConventionName): Calling {
  const { parameters, calleeSaved, firstVectorSaved } = CONVENTIONS[name];
  return {
    name,
    parameters: indices(...parameters),
    kept: indices(...calleeSaved),
    keptVectors: (VECTORS << firstVectorSaved) & VECTORS,
  };
}

export const CALLING: Readonly<Record<ConventionName, Calling>> = {
  sysv: callingOf('sysv'),
  'ms-x64': callingOf('ms-x64'),
};

interface Instruction {
  readonly text: string;
  readonly readsRegisters: number;
  readonly writesRegisters: number;
}

/** Registers that code reads before it writes them, and those of them that it only saves; one bit each. */
function takenBy(instructions: readonly Instruction[]): { read: number; saved: number } {
  let [written, read, saved] = [0, 0, 0];
  for (const { text, readsRegisters, writesRegisters } of instructions) {
    // PUSH, or a MOV into the shadow space.
    const saves = /^push\s+%\w+|^mov\s+%\w+,(0x)?[\da-f]+\(%rsp\)/.test(text);
    const clears = /^(?:xor|sub)\w*\s+%(\w+),\s*%\1$/.test(text);
    if (saves) saved |= readsRegisters & ~written;
    else if (!clears) read |= readsRegisters & ~written;
    written |= writesRegisters;
  }
  return { read, saved: saved & ~read };
}

/**
 * The convention that a function's code tells, where it is not the one that its file's format goes with: firmware is often
 * built as ELF with the Microsoft convention, and as PE with functions of the other one.
 *
 * @param instructions as they are executed from the entry on
 */
export function conventionOfCode(instructions: readonly Instruction[], usual: ConventionName): ConventionName {
  const { read, saved } = takenBy(instructions);
  const [rdi, rsi, rcx] = indices('rdi', 'rsi', 'rcx').map((register) => 1 << register);
  // Who saves both keeps them for its caller; a System V function would take parameters from them.
  const keeps = (saved & rdi) !== 0 && (saved & rsi) !== 0;
  if (usual === 'sysv') return keeps && (read & rcx) !== 0 ? 'ms-x64' : usual;
  return (read & rdi) !== 0 ? 'sysv' : usual;
}

/** Names of the registers of parameters that code takes, in their order. */
export function parametersOf(instructions: readonly Instruction[], convention: ConventionName): string[] {
  const { read } = takenBy(instructions);
  const { parameters } = CALLING[convention];
  return parameters.filter((register) => ((read >>> register) & 1) !== 0).map((register) => GPR_NAMES[register]);
}
